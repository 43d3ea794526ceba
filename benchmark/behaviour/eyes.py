"""
Measure the error of the detectors' eye positions: `python -m benchmark eyes`.

In photographs with landmarks (`photos/dlib`), an eye is compared with the mean of its six
landmarks. FER2013 faces have no landmarks. Each FER2013 face is placed into scenes of several
sizes at several positions. An eye is compared with its mean position over these scenes, so that
only the detector's error is measured. Errors are in percent of the distance between the eyes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.options import add_data_option
from benchmark.rig.scenes import data_file
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import read_image
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.settings import Settings
from training.data.datasets import data_root
from training.data.datasets import PUBLIC
from training.data.reading.forms import read_data
from training.data.stratified import stratified
from training.evaluation.real_path import best_overlap
from training.evaluation.real_path import scene_of

LANDMARK_FILES = (
    'photos/dlib/testing_with_face_landmarks.xml',
    'photos/dlib/training_with_face_landmarks.xml',
)

# Indices of the eyes in the 68 landmarks of iBUG 300-W: the person's right eye, then the left eye.
EYE_LANDMARKS = (range(36, 42), range(42, 48))

# The detectors that locate the eyes. Haar only derives the eyes from the bounding box.
DETECTORS = ('yunet', 'blazeface')

# Number of scenes for each FER2013 face.
SCENES = 6


def landmark_eyes() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """
    Read the photographs with landmarks.

    :return: for each photograph: the image, (H, W, 3) uint8, BGR; the boxes of its faces, (N, 4),
        left, top, right, bottom; and the eyes, (N, 2, 2), (x, y) of each eye, the right eye first.
    """
    for name in LANDMARK_FILES:
        path = data_file(name)
        for entry in ElementTree.parse(path).getroot().iter('image'):
            image = read_image(f'{Path(name).parent}/{entry.attrib["file"]}')
            boxes, eyes = [], []
            for box in entry.iter('box'):
                left, top, width, height = (
                    float(box.attrib[key]) for key in ('left', 'top', 'width', 'height')
                )
                places = {
                    int(part.attrib['name']): (float(part.attrib['x']), float(part.attrib['y']))
                    for part in box.iter('part')
                }
                boxes.append((left, top, left + width, top + height))
                eyes.append([np.mean([places[i] for i in eye], axis=0) for eye in EYE_LANDMARKS])
            # Landmark coordinates start at the centre of the first pixel. Eye coordinates start at
            # its corner.
            yield image, np.array(boxes), np.array(eyes) + 0.5


def errors_in_photographs(detector: Detector) -> np.ndarray:
    """
    Compare the eyes of a detector with the landmarks.

    :param detector: face detector.
    :return: (N, 2, 2) float64, for each detected face and each eye: the error along the line
        between the eyes and perpendicular to it, as a fraction of the distance between the eyes.
    """
    errors = []
    for image, boxes, eyes in landmark_eyes():
        faces = detector.detect(image, Settings().min_face_score, Settings().min_face_size)
        for box, true in zip(boxes, eyes, strict=True):
            best = best_overlap(box, [face.box for face in faces])
            if best is not None:
                errors.append(relative(faces[best].eyes, true))
    return np.array(errors)


def errors_in_scenes(detector: Detector, pictures: np.ndarray) -> np.ndarray:
    """
    Compare the eyes of a detector in several scenes of an image with their mean.

    :param detector: face detector.
    :param pictures: (N, H, W) uint8 gray pictures.
    :return: (M, 2, 2) float64, see `errors_in_photographs`. A face is ignored if it is not
        detected in all of its scenes.
    """
    errors = []
    for index, picture in enumerate(pictures):
        places = []
        for number in range(SCENES):
            scene, box = scene_of(picture, index * SCENES + number)
            faces = detector.detect(scene, Settings().min_face_score, Settings().min_face_size)
            best = best_overlap(box, [face.box for face in faces])
            if best is not None:
                places.append((faces[best].eyes - box[:2]) / (box[2] - box[0]))
        if len(places) == SCENES:
            middle = np.mean(places, axis=0)
            # The mean of a few samples is biased towards these samples. This factor (Bessel's
            # correction) removes the bias.
            unbiased = np.sqrt(SCENES / (SCENES - 1))
            errors += [unbiased * relative(place, middle) for place in places]
    return np.array(errors)


def relative(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """
    Compute errors along the line between the eyes and perpendicular to it.

    :param found: (2, 2) float, (x, y) of each detected eye, the right eye first.
    :param true: (2, 2) float, (x, y) of each true eye, in the same order.
    :return: (2, 2) float64, (along, across) for each eye, as a fraction of the distance between
        the eyes.
    """
    between = complex(*(true[1] - true[0]))
    errors = [complex(*error) / between for error in np.asarray(found, np.float64) - true]
    return np.array([[error.real, error.imag] for error in errors])


def row_of(name: str, errors: np.ndarray) -> Row:
    """
    Summarise eye errors as a row.

    :param name: name of the row.
    :param errors: (N, 2, 2) float64, the error of each face and eye along the line between the
        eyes and across it.
    :return: a row whose value is the standard deviation of an eye coordinate around its mean.
    """
    percent = 100 * errors
    centred = percent - percent.mean(axis=0)
    shared = np.corrcoef(centred[:, 0].ravel(), centred[:, 1].ravel())[0, 1]
    return Row(
        name,
        value=float(centred.std()),
        unit='% of the interocular distance',
        further={
            'faces': len(errors),
            'along': float(centred[:, :, 0].std()),
            'across': float(centred[:, :, 1].std()),
            'spread': float(1.4826 * np.median(np.abs(centred))),
            'middle': float(centred.mean(axis=1).std()),
            'correlation of the two eyes': float(shared),
            'bias of the distance': float((percent[:, 1, 0] - percent[:, 0, 0]).mean()),
            'bias down': float(percent[:, :, 1].mean()),
        },
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--pictures',
        type=int,
        default=300,
        help='number of pictures of FER2013 PublicTest (default: 300)',
    )
    add_data_option(parser)
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure each detector in photographs and in scenes, and print the results."""
    data = read_data(data_root(arguments.data)).of_split(PUBLIC)
    pictures = stratified(data, arguments.pictures).images
    rows = []
    for name in DETECTORS:
        weights = str(detector_weights()) if name == 'yunet' else ''
        detector = create_detector(name, weights)
        rows.append(row_of(f'{name}_photographs', errors_in_photographs(detector)))
        rows.append(row_of(f'{name}_scenes', errors_in_scenes(detector, pictures)))
    remark = (
        'The value is the standard deviation of one coordinate of an eye. `photographs`: the '
        'reference is the landmarks of photos/dlib, which a program placed at whole pixels. '
        f'`scenes`: each face of FER2013 is placed in {SCENES} scenes, and the reference is the '
        'mean over the scenes. `spread` is 1.48 times the median deviation, which is robust to a '
        'few outliers. `middle` is the standard deviation of the midpoint between both eyes.'
    )
    return tell('eyes', rows, arguments, [remark])
