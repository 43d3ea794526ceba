"""
Derive the 3-D face model from pictures: `python -m benchmark face_model`.

The landmark network runs on faces of FER2013 Training in many poses. Its landmarks are then
explained by one rigid face, seen by a camera without perspective (structure from motion, Tomasi
and Kanade 1992, doi:10.1007/BF00129684). The start is the mean of the network's 3-D landmarks in
frontal faces. The face is made symmetric, and scaled to 63 mm between the pupils.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import detector_weights
from fer_ros.perception.attention.face_model import CORNERS
from fer_ros.perception.attention.face_model import DEPTH
from fer_ros.perception.attention.face_model import EYEBALL
from fer_ros.perception.attention.face_model import FILE
from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.face_model import PUPIL_DISTANCE
from fer_ros.perception.attention.face_model import SELLION
from fer_ros.perception.attention.fit import RigidModel
from fer_ros.perception.attention.head_pose import angles_of
from fer_ros.perception.attention.networks import FACE_SIDE
from fer_ros.perception.attention.networks import FaceNetwork
from fer_ros.perception.attention.regions import region_of_detection
from fer_ros.perception.attention.regions import region_of_landmarks
from fer_ros.perception.detection.choice import create_detector
from training.data.datasets import data_root
from training.data.datasets import TRAIN
from training.data.reading.forms import read_data

# Side of a picture in its scene, and margin around it [px].
PICTURE_SIDE = 192
MARGIN = 48

# Minimum score of the landmark network for a face that is used.
LEAST_SCORE = 0.9
# Largest difference in depth between both ears of a frontal face, in distances of the eyes.
LEVEL = 0.15
# Passes of the network over a face, and rounds of the structure from motion.
PASSES = 3
ROUNDS = 8

# From the axes of an image, with z away from the camera, to the axes of a face.
TO_FACE = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
EARS = (234, 454)


def collect(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Run the detector and the landmark network on pictures.

    :param pictures: (N, 48, 48) uint8 gray pictures.
    :return: (M, 468, 3) float64, landmarks in pixels; (M, 4, 2) float64, points of the detector.
    """
    network = FaceNetwork()
    detector = create_detector('yunet', str(detector_weights()))
    landmarks, points = [], []
    for picture in pictures:
        large = cv2.resize(picture, (PICTURE_SIDE, PICTURE_SIDE), interpolation=cv2.INTER_CUBIC)
        scene = cv2.copyMakeBorder(
            large, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=float(picture.mean())
        )
        scene = cv2.cvtColor(scene, cv2.COLOR_GRAY2BGR)
        faces = detector.detect(scene, 0.6, 24)
        if not faces or faces[0].middle is None:
            continue
        region = region_of_detection(faces[0])
        for _ in range(PASSES):
            found, score = network.locate(region.cut(scene, FACE_SIDE))
            placed = region.to_image(found[:, :2], FACE_SIDE)
            depth = found[:, 2] * abs(region.across) / FACE_SIDE
            region = region_of_landmarks(placed)
        if score >= LEAST_SCORE:
            landmarks.append(np.column_stack([placed, depth]))
            points.append(np.concatenate([faces[0].eyes, faces[0].middle]))
    return np.array(landmarks), np.array(points)


def mean_of_frontal(landmarks: np.ndarray) -> np.ndarray:
    """
    Average the 3-D landmarks of frontal faces, after rotating them onto each other.

    :param landmarks: (N, 468, 3) float64 landmarks in pixels.
    :return: (468, 3) float64, in the axes of an image, centred.
    """
    across = landmarks[:, CORNERS[2:]].mean(axis=1) - landmarks[:, CORNERS[:2]].mean(axis=1)
    sizes = np.linalg.norm(across, axis=1)
    level = np.abs(landmarks[:, EARS[0], 2] - landmarks[:, EARS[1], 2]) < LEVEL * sizes
    shapes = landmarks[level] / sizes[level, None, None]
    shapes -= shapes.mean(axis=1, keepdims=True)
    mean: np.ndarray = shapes.mean(axis=0)
    for _ in range(ROUNDS):
        mean = np.mean([shape @ rotation_onto(shape, mean) for shape in shapes], axis=0)
    return mean


def rotation_onto(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the (3, 3) rotation that brings centred points closest to other points."""
    left, _, right = np.linalg.svd(one.T @ other)
    rotation: np.ndarray = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return rotation


def mirror_of(shape: np.ndarray) -> np.ndarray:
    """Return the index of the landmark on the other side of the face, for each landmark."""
    centred = shape - shape[CORNERS].mean(axis=0)
    mirrored = centred * [-1, 1, 1]
    distances = ((centred[:, None] - mirrored[None]) ** 2).sum(axis=2)
    return np.asarray(linear_sum_assignment(distances)[1])


def scaled(shape: np.ndarray) -> np.ndarray:
    """Return a face with its origin at the sellion, and the wanted distance of the pupils."""
    across = np.linalg.norm(shape[CORNERS[2:]].mean(axis=0) - shape[CORNERS[:2]].mean(axis=0))
    wanted = PUPIL_DISTANCE - 2 * EYEBALL[1]
    moved: np.ndarray = (shape - shape[SELLION]) * wanted / across
    return moved


def derive(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Derive the face.

    :param landmarks: (N, 468, 3) float64 landmarks in pixels.
    :return: (468, 3) float64, the face in metres; (468,) float64, the deviation of each landmark
        from the rigid face in metres; and (468,) int, the landmark on the other side.
    """
    start = mean_of_frontal(landmarks)
    mirror = mirror_of(start)
    shape = scaled((start + start[mirror] * [-1, 1, 1]) @ TO_FACE.T)
    weights = np.ones(len(shape))
    for _ in range(ROUNDS):
        model = RigidModel(shape, weights)
        poses = [model.affine_pose(face[:, :2]) for face in landmarks]
        rows = np.array([rotation[:2] for rotation, _ in poses])
        sizes = np.array([size for _, size in poses])
        centres = np.einsum('k,nki->ni', weights / weights.sum(), landmarks[:, :, :2])
        seen = (landmarks[:, :, :2] - centres[:, None]) / sizes[:, None, None]
        middle = weights @ shape / weights.sum()
        errors = seen - np.einsum('nij,kj->nki', rows, shape - middle)
        deviation = np.sqrt((errors**2).sum(axis=2).mean(axis=0))
        normal = np.einsum('nij,nik->jk', rows, rows)
        shape = np.linalg.solve(normal, np.einsum('nij,nki->jk', rows, seen)).T
        shape = scaled((shape + shape[mirror] * [1, -1, 1]) / 2)
        deviation = (deviation + deviation[mirror]) / 2
        weights = 1 / np.maximum(deviation, np.median(deviation) / 2) ** 2
    return shape, deviation, mirror


def locate_points(shape: np.ndarray, landmarks: np.ndarray, points: np.ndarray) -> np.ndarray:
    """
    Locate the points of the detector on the face, by triangulation over all poses.

    :param shape: (468, 3) float64, the face.
    :param landmarks: (N, 468, 3) float64 landmarks in pixels.
    :param points: (N, 4, 2) float64 points of the detector in pixels.
    :return: (4, 3) float64, metres.
    """
    model = RigidModel(shape, np.ones(len(shape)))
    poses = [model.affine_pose(face[:, :2]) for face in landmarks]
    rows = np.array([rotation[:2] for rotation, _ in poses])
    sizes = np.array([size for _, size in poses])
    seen = (points - landmarks[:, :, :2].mean(axis=1, keepdims=True)) / sizes[:, None, None]
    normal = np.einsum('nij,nik->jk', rows, rows)
    placed = np.linalg.solve(normal, np.einsum('nij,nki->jk', rows, seen)).T
    return np.asarray(placed + shape.mean(axis=0))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--step', type=int, default=10, help='use every N-th picture (default: %(default)s)'
    )
    parser.add_argument('--data', help='folder of FER2013 (default: FER_ROS_DATA)')
    parser.add_argument(
        '--write', type=Path, help=f'also write the 3-D face to this path, such as {FILE.name}'
    )
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Derive the face, compare it with the shipped one, and print the results."""
    pictures = read_data(data_root(arguments.data)).of_split(TRAIN).images[:: arguments.step]
    landmarks, points = collect(pictures)
    shape, deviation, _ = derive(landmarks)
    if arguments.write:
        values = 1000 * np.column_stack([shape, deviation])
        text = '\n'.join(','.join(f'{value:.2f}' for value in row) for row in values)
        arguments.write.write_text(f'x_mm,y_mm,z_mm,deviation_mm\n{text}\n', encoding='utf-8')
    shipped = load_face_model()
    model = RigidModel(shape, np.ones(len(shape)))
    poses = [angles_of(model.affine_pose(face[:, :2])[0]) for face in landmarks]
    spread = np.degrees(np.std([(pose.yaw, pose.pitch) for pose in poses], axis=0))
    places = locate_points(shape, landmarks, points)
    rows = [
        Row(
            'difference_from_the_shipped_face',
            value=1000 * float(np.abs(shape * (DEPTH, 1, 1) - shipped.points).max()),
            unit='mm',
            further={
                'faces': len(landmarks),
                'yaw, standard deviation [deg]': float(spread[0]),
                'pitch [deg]': float(spread[1]),
                'deviation of landmarks, median [mm]': 1000 * float(np.median(deviation)),
            },
        ),
        *(
            Row(
                f'detector_{name}',
                value=1000 * float(place[0]),
                unit='mm forward',
                further={'left [mm]': 1000 * float(place[1]), 'up [mm]': 1000 * float(place[2])},
            )
            for name, place in zip(('right_eye', 'left_eye', 'nose', 'mouth'), places, strict=True)
        ),
    ]
    return tell('face_model', rows, arguments, ['The origin is the sellion.'])
