"""Check the detectors."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN


def check_detectors() -> Iterator[Finding]:
    """Load each detector."""
    from fer_ros.perception.detection.choice import create_detector
    from fer_ros.perception.detection.choice import DetectorError
    from fer_ros.perception.registry import DETECTORS

    found = []
    for name in DETECTORS:
        try:
            detector = create_detector(name)
        except DetectorError as error:
            found.append(Finding(WARN, f'detector {name}', str(error)))
        else:
            found.append(Finding(OK, f'detector {name}', detector.reason))
    yield from found
    if all(finding.level != OK for finding in found):
        yield Finding(
            FAIL, 'detectors', 'no detector can run; follow the instructions of one detector above'
        )
