"""
Measure the errors of head poses: `python -m benchmark poses`.

Photographs are rotated and mirrored, heads are rendered in known poses, and the poses in
photographs are compared with those of their marked landmarks (`photos/dlib`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import math
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from benchmark.attention.heads import Head
from benchmark.attention.heads import head_of
from benchmark.attention.heads import render
from benchmark.attention.looking import Looker
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import data_file
from benchmark.rig.scenes import read_image
from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.face_model import SIXTY_EIGHT
from fer_ros.perception.attention.fit import sight_rotation
from fer_ros.perception.attention.head_pose import angles_of
from fer_ros.perception.attention.head_pose import FACING
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.space.camera_model import assumed_camera
from fer_ros.perception.space.camera_model import CameraModel

# Photographs of one large face that looks about into the camera.
PORTRAITS = (
    'photos/skimage/astronaut.png',
    'photos/facerec/obama.jpg',
    'photos/facerec/biden.jpg',
    'photos/facerec/obama2.jpg',
    'photos/facerec/obama-240p.jpg',
)
TURNS = (-40, -30, -20, -10, 10, 20, 30, 40)
YAWS = (-45, -30, -15, 0, 15, 30, 45)
PITCHES = (-30, -15, 0, 15, 30)

# A head is rendered with this height of the face [px], in a square image with this side [px], at
# this distance in heights of the face.
FACE_HEIGHT = 200
IMAGE_SIDE = 480
DISTANCE = 5

LANDMARK_FILES = (
    'photos/dlib/testing_with_face_landmarks.xml',
    'photos/dlib/training_with_face_landmarks.xml',
)
# The marked landmarks that are compared: all except the outline of the face, whose places on the
# 3-D face depend on the pose.
MARKED = range(17, 68)
# A face is large from this height of its box on [px].
LARGE = 60

NAMES = ('roll', 'yaw', 'pitch')


def degrees(angles: HeadAngles) -> np.ndarray:
    """Return (3,) float64: roll, yaw and pitch in degrees."""
    return np.degrees([angles.roll, angles.yaw, angles.pitch])


def row(
    name: str, errors: np.ndarray, goals: tuple[float, float, float], **further: object
) -> Row:
    """
    Summarise errors of the three angles.

    :param name: name of the row.
    :param errors: (N, 3) float64, degrees.
    :param goals: goal of the median of each angle, in degrees.
    :return: a row whose value is the largest quotient of a median and its goal.
    """
    medians = np.median(np.abs(errors), axis=0)
    tails = np.percentile(np.abs(errors), 90, axis=0)
    return Row(
        name,
        ratio=float((medians / goals).max()),
        goal=1.0,
        further={
            'cases': len(errors),
            **{f'{axis}, median [deg]': float(medians[i]) for i, axis in enumerate(NAMES)},
            **{f'{axis}, 90 %': float(tails[i]) for i, axis in enumerate(NAMES)},
            **further,
        },
    )


def turned_and_mirrored(looker: Looker) -> list[Row]:
    """Rotate and mirror the portraits, and compare with the pose in the portrait itself."""
    turned, mirrored = [], []
    for name in PORTRAITS:
        image = read_image(name)
        straight = looker.look(image)
        assert straight is not None
        before = degrees(straight.head.angles)
        x, y = straight.middle
        for turn in TURNS:
            matrix = cv2.getRotationMatrix2D((x, y), -turn, 1.0)
            rotated = cv2.warpAffine(
                image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
            )
            seen = looker.look(rotated, (x, y))
            if seen is not None:
                turned.append(degrees(seen.head.angles) - before - (turn, 0, 0))
        seen = looker.look(np.ascontiguousarray(image[:, ::-1]))
        assert seen is not None
        mirrored.append(degrees(seen.head.angles) - before * (-1, -1, 1))
    return [
        row(
            'turned_in_the_image', np.array(turned), (3, 4, 4), wanted=len(PORTRAITS) * len(TURNS)
        ),
        row('mirrored', np.array(mirrored), (2, 2, 2)),
    ]


def shown(
    looker: Looker, head: Head, distance: float, yaw: float, pitch: float
) -> HeadAngles | None:
    """
    Render a head in a pose, and measure its angles.

    :param looker: watches the picture.
    :param head: the head.
    :param distance: distance of the head, in pixels of its picture.
    :param yaw: yaw in degrees, in addition to that in the picture.
    :param pitch: pitch in degrees, in addition to that in the picture.
    :return: the angles; None if the face was not found.
    """
    focal_length, size = DISTANCE * FACE_HEIGHT, (IMAGE_SIDE, IMAGE_SIDE)
    centre = (IMAGE_SIDE - 1) / 2
    camera = CameraModel(size, (focal_length, focal_length), (centre, centre))
    turn = rotation_of(HeadAngles(0, math.radians(yaw), math.radians(pitch))) @ FACING.T
    picture = render(head, turn, focal_length, distance, size)
    found = looker.look(picture, camera=camera)
    return None if found is None else found.head.angles


def rendered(looker: Looker) -> list[Row]:
    """Render the heads of the portraits in known poses, and measure them."""
    errors, wanted = [], 0
    for name in PORTRAITS:
        image = read_image(name)
        seen = looker.look(image)
        assert seen is not None
        assert seen.solid is not None
        head = head_of(image, seen.solid)
        distance = DISTANCE * float(np.ptp(seen.solid[:, 1]))

        start = shown(looker, head, distance, 0, 0)
        assert start is not None
        before = rotation_of(start)
        for yaw in YAWS:
            for pitch in PITCHES:
                wanted += 1
                turn = rotation_of(HeadAngles(0, math.radians(yaw), math.radians(pitch)))
                angles = shown(looker, head, distance, yaw, pitch)
                if angles is not None:
                    true = angles_of(turn @ FACING.T @ before)
                    errors.append([*(degrees(angles) - degrees(true)), yaw, pitch])
    found = np.array(errors)
    rows = [row('rendered', found[:, :3], (4, 4, 4), wanted=wanted)]
    for limit in (15, 30):
        small = np.abs(found[:, 3]) <= limit
        rows.append(row(f'rendered_yaw_to_{limit}', found[small, :3], (4, 4, 4)))
    return rows


def marked_faces() -> Iterator[tuple[np.ndarray, float, np.ndarray]]:
    """
    Read the faces with marked landmarks.

    :return: for each face: the image, the height of its box in pixels, and its landmarks, (68, 2)
        float64, pixels; 0 is the edge of the first pixel.
    """
    for name in LANDMARK_FILES:
        path = data_file(name)
        for entry in ElementTree.parse(path).getroot().iter('image'):
            image = read_image(f'{Path(name).parent}/{entry.attrib["file"]}')
            for box in entry.iter('box'):
                places = {
                    int(part.attrib['name']): (float(part.attrib['x']), float(part.attrib['y']))
                    for part in box.iter('part')
                }
                points = np.array([places[index] for index in range(68)])
                yield image, float(box.attrib['height']), points + 0.5


def compared_with_marks(looker: Looker) -> list[Row]:
    """Compare with the poses that solvePnP finds for the marked landmarks, by size."""
    model = load_face_model().points[[SIXTY_EIGHT[index] for index in MARKED]]
    errors, heights, count = [], [], 0
    for image, height, points in marked_faces():
        count += 1
        middle = points[36:48].mean(axis=0)
        seen = looker.look(image, (float(middle[0]), float(middle[1])))
        if seen is None:
            continue
        camera = assumed_camera((image.shape[0], image.shape[1]))
        rays = camera.rays(points[list(MARKED)] - 0.5)
        _, turn, shift = cv2.solvePnP(model, rays, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP)
        place = shift.ravel()
        true = angles_of(sight_rotation(place[:2] / place[2]).T @ cv2.Rodrigues(turn)[0])
        errors.append(degrees(seen.head.angles) - degrees(true))
        heights.append(height)
    found, large = np.array(errors), np.array(heights) > LARGE
    goals = (4.0, 4.0, 4.0)
    return [
        row(f'marked_above_{LARGE}_px', found[large], goals),
        row(f'marked_to_{LARGE}_px', found[~large], goals),
        row('marked_all', found, goals, wanted=count),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure the errors, and print the results."""
    looker = Looker()
    rows = [*turned_and_mirrored(looker), *rendered(looker), *compared_with_marks(looker)]
    remark = (
        'The ratio is the largest quotient of a median error and its goal. A picture is shown for '
        'half a second. `rendered`: the 3-D landmarks of a portrait are rendered in known poses; '
        '`marked`: solvePnP with the same 3-D face and focal length.'
    )
    return tell('poses', rows, arguments, [remark])
