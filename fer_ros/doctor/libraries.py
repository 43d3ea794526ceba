"""Check Python and the libraries that perception needs."""

from __future__ import annotations

from collections.abc import Iterator
import importlib
import sys

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN

PYTHONS = ((3, 10), (3, 13))

# Members of OpenCV, each with the feature that needs it.
CAPABILITIES = {
    'FaceDetectorYN': 'YuNet',
    'CascadeClassifier': 'Haar',
    'dnn': 'networks',
}


def check_libraries() -> Iterator[Finding]:
    """Check Python and the libraries that perception needs."""
    version = sys.version_info
    found = f'{version.major}.{version.minor}.{version.micro}'
    if PYTHONS[0] <= version[:2] <= PYTHONS[1]:
        yield Finding(OK, 'Python', found)
    else:
        yield Finding(WARN, 'Python', f'{found} is not tested; use Python 3.10 to 3.13')
    for module, name, remedy in (
        ('numpy', 'NumPy', 'apt install python3-numpy'),
        ('yaml', 'PyYAML', 'apt install python3-yaml'),
        ('cv2', 'OpenCV', 'apt install python3-opencv'),
    ):
        try:
            library = importlib.import_module(module)
            told = str(library.__version__)
        except Exception as error:  # a broken library can raise any exception
            yield Finding(
                FAIL, name, f'{type(error).__name__}: {error}; install it with: {remedy}'
            )
            continue
        if module == 'cv2':
            runs = [what for member, what in CAPABILITIES.items() if hasattr(library, member)]
            told += f'; it can run these detectors: {", ".join(runs) or "none"}'
        yield Finding(OK, name, told)
