"""Find the folders of bundles, and the weights of detectors, on the disk."""

from __future__ import annotations

from collections.abc import Iterator
import hashlib
import os
from pathlib import Path

# Environment variable with model folders of the user, separated as in PATH. The folders of the
# user are searched before all other model folders.
MODELS_VARIABLE = 'FER_ROS_MODELS'


def user_models_folder() -> Path:
    """Return the folder to which `fetch_models` writes, fer_ros/models in the XDG data folder."""
    data = os.environ.get('XDG_DATA_HOME') or Path.home() / '.local' / 'share'
    return Path(data) / 'fer_ros' / 'models'


def model_folders() -> list[Path]:
    """
    Return the existing model folders in the order in which they are searched.

    Models are searched in the folders in FER_ROS_MODELS, the user's data folder, the share folder
    of each sourced workspace (AMENT_PREFIX_PATH), and the checkout that contains this file.
    """
    named = os.environ.get(MODELS_VARIABLE, '').split(os.pathsep)
    sourced = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    folders = [
        *(Path(folder) for folder in named if folder),
        user_models_folder(),
        *(Path(prefix) / 'share' / 'fer_ros' / 'models' for prefix in sourced if prefix),
        Path(__file__).resolve().parents[3] / 'models',
    ]
    return list(dict.fromkeys(folder for folder in folders if os.path.isdir(folder)))


def find_model_file(name: str) -> Path | None:
    """
    Find a file in the model folders, such as the weights of a detector.

    :param name: name of the model file.
    :return: path of the file; None if no folder has a regular file with this name.
    """
    return next((path / name for path in model_folders() if os.path.isfile(path / name)), None)


def bundle_folders() -> Iterator[Path]:
    """
    Iterate over the folders of all bundles.

    If several model folders have a bundle of the same name, only the first is included. Folders
    that cannot be listed are skipped.
    """
    seen = set()
    for folder in model_folders():
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if name not in seen and os.path.lexists(folder / name / 'card.yaml'):
                seen.add(name)
                yield folder / name


def sha256_of(path: Path) -> str:
    """
    Compute the SHA-256 of a file.

    :param path: path of the model file.
    :return: 64 hexadecimal digits in lower case.
    :raises OSError: if the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
