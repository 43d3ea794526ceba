"""Small data sets in the forms that people have, made in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
import zipfile

import cv2
import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS


def face(label: int, number: int = 0, side: int = 48) -> np.ndarray:
    """Create an image whose brightness is that of its label, (side, side) uint8."""
    noise = np.random.default_rng(1000 * label + number).integers(0, 25, (side, side))
    return (30 + 30 * label + noise).astype(np.uint8)


def save_png(path: Path, image: np.ndarray) -> None:
    """Write an image as PNG, also under a name without a suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode('.png', image)[1].tobytes())


def write_folders(
    root: Path,
    layout: str = '{split}/{label}/{number}.png',
    splits: Sequence[str] = ('train', 'test'),
    labels: Sequence[str] = FER2013_LABELS,
    count: int = 3,
    save: Callable[[Path, np.ndarray], None] = save_png,
) -> Path:
    """
    Write pictures into folders.

    :param root: folder of the data set.
    :param layout: path of a picture, with the fields split, label and number.
    :param splits: names of the splits.
    :param labels: name of each label, in the order of FER2013.
    :param count: number of pictures of each label in each split.
    :param save: function that writes a picture.
    """
    for part, split in enumerate(splits):
        for index, label in enumerate(labels):
            for number in range(count):
                place = root / layout.format(split=split, label=label, number=number)
                place.parent.mkdir(parents=True, exist_ok=True)
                save(place, face(index, 100 * part + number))
    return root


def zipped(folder: Path, path: Path, separator: str = '/', prefix: str = '') -> Path:
    """Write the files of a folder into a ZIP archive, with a separator between the folders."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob('*')):
            if file.is_file():
                info = zipfile.ZipInfo('name')
                # The constructor would change the separator.
                info.filename = prefix + separator.join(file.relative_to(folder).parts)
                archive.writestr(info, file.read_bytes())
    return path


def row_of(image: np.ndarray) -> str:
    """Format the pixels of an image as in FER2013."""
    return ' '.join(map(str, image.ravel().tolist()))


def write_table(
    path: Path,
    header: str = 'emotion,pixels,Usage',
    row: str = '{label},{pixels},{usage}',
    labels: Sequence[str] = tuple('0123456'),
    usages: Sequence[str] = ('Training', 'PublicTest', 'PrivateTest'),
    pixels: Callable[[np.ndarray], str] = row_of,
    side: int = 48,
    encoding: str = 'utf-8',
) -> Path:
    """
    Write a table with one picture of each label for each usage.

    :param path: path of the CSV file.
    :param header: first line.
    :param row: format of a row, with the fields label, pixels, usage and number.
    :param labels: text of each label, in the order of FER2013.
    :param usages: texts of the usages.
    :param pixels: function that formats the pixels of a picture.
    :param side: side of the pictures in pixels.
    :param encoding: encoding of the file.
    """
    lines = [header]
    for part, usage in enumerate(usages):
        for index, label in enumerate(labels):
            text = pixels(face(index, 100 * part, side))
            lines.append(row.format(label=label, pixels=text, usage=usage, number=len(lines)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(('\n'.join(lines) + '\n').encode(encoding))
    return path


def labels_by_brightness(images: np.ndarray) -> list[int]:
    """Return the label of each image of `face`, from its brightness."""
    return ((images.mean(axis=(1, 2)) - 30) // 30).astype(int).tolist()
