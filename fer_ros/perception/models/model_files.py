"""Where models are on a disk: the bundles, and the weights of the detectors."""

from __future__ import annotations

from collections.abc import Iterator
import hashlib
import os
from pathlib import Path

# Folders of the user's own, before all others; several are separated as in PATH.
MODELS_VARIABLE = 'FER_ROS_MODELS'


def user_models_folder() -> Path:
    """Name the folder that `fetch_models` writes to: the XDG data folder's fer_ros/models."""
    data = os.environ.get('XDG_DATA_HOME') or Path.home() / '.local' / 'share'
    return Path(data) / 'fer_ros' / 'models'


def model_folders() -> list[Path]:
    """
    List the folders that are searched for models, the first that has one wins.

    These are the folders in FER_ROS_MODELS, the user's data folder, the share folder of each
    workspace that was sourced (AMENT_PREFIX_PATH), and the checkout that this file lies in.
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
    Find a file, the weights of a detector for example, in the folders of models.

    :param name: the file's name.
    :return: its path, or None if no folder has a regular file of this name.
    """
    return next((path / name for path in model_folders() if os.path.isfile(path / name)), None)


def bundle_folders() -> Iterator[Path]:
    """
    Go through the folders of all bundles, each name once.

    Folders that cannot be listed are passed over.
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
    Compute a file's SHA-256.

    :param path: the file.
    :return: 64 hexadecimal digits in lower case.
    :raises OSError: if it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
