"""
Measure how steady and how quick head poses and gazes are: `python -m benchmark steady`.

Jitter is measured in a video with one face. For the delay, a portrait is replaced by its rendering
with another yaw from one frame to the next.
"""

from __future__ import annotations

import argparse
import math

import cv2
import numpy as np

from benchmark.attention.heads import head_of
from benchmark.attention.heads import render
from benchmark.attention.looking import Looker
from benchmark.attention.looking import PERIOD
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.scenes import data_file
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import read_image
from fer_ros.perception.attention.head_pose import FACING
from fer_ros.perception.attention.head_pose import rotation_of
from fer_ros.perception.attention.watcher import AttentionWatcher
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.faces import HeadAngles
from fer_ros.perception.faces import Sighting
from fer_ros.perception.pipeline import load_pipeline
from fer_ros.perception.settings import Settings

VIDEO = 'videos/single_face.mp4'
PORTRAITS = ('photos/skimage/astronaut.png', 'photos/facerec/obama.jpg')

# Window over which the true angle of a still face may drift [s].
WINDOW = 0.5

# Size of the step of the yaw [deg], and number of frames before and after it.
STEP = 25.0
BEFORE, AFTER = 15, 20
# A change of the yaw counts as followed when the estimate has covered this share of STEP.
REACHED = 0.9

SIDE, DISTANCE, FACE_HEIGHT = 480, 5, 200


def jitter() -> Row:
    """Measure the standard deviation of the angles around their moving mean."""
    settings = Settings(attention=True, detector_model=str(detector_weights()))
    pipeline = load_pipeline(settings)
    capture = cv2.VideoCapture(str(data_file(VIDEO)))
    rate = capture.get(cv2.CAP_PROP_FPS)
    angles: list[list[float]] = []
    while True:
        read, image = capture.read()
        if not read:
            break
        result = pipeline.process(image, 1 + len(angles) / rate, settings)
        (face,) = result.faces
        assert face.attention is not None
        assert face.attention.head is not None
        head = face.attention.head
        row = [head.angles.roll, head.angles.yaw, head.angles.pitch, math.nan]
        if face.attention.gaze is not None:
            place = head.position.point
            row[3] = math.acos(-float(face.attention.gaze @ place) / float(np.linalg.norm(place)))
        angles.append(row)
    values = np.degrees(angles)
    width = 2 * round(WINDOW * rate / 2) + 1
    kernel = np.ones(width) / width
    rests = [
        column - np.convolve(np.pad(column, width // 2, mode='edge'), kernel, mode='valid')
        for column in values.T
    ]
    deviations = [float(np.nanstd(rest)) for rest in rests]
    return Row(
        'jitter',
        value=max(deviations[:3]),
        unit='degrees',
        goal=0.7,
        measure='value',
        further={
            'frames': len(values),
            **dict(zip(('roll', 'yaw', 'pitch', 'gaze'), deviations, strict=True)),
        },
    )


def delay() -> Row:
    """Measure the time from a step of the yaw until 90 % of the final value are reached."""
    detector = create_detector('yunet', str(detector_weights()))
    looker, times = Looker(), []
    for name in PORTRAITS:
        image = read_image(name)
        seen = looker.look(image)
        assert seen is not None
        assert seen.solid is not None
        head, distance = head_of(image, seen.solid), DISTANCE * float(np.ptp(seen.solid[:, 1]))
        for step in (-STEP, STEP):
            pictures = []
            for yaw in (0.0, step):
                turn = rotation_of(HeadAngles(0, math.radians(yaw), 0)) @ FACING.T
                size = (SIDE, SIDE)
                pictures.append(render(head, turn, DISTANCE * FACE_HEIGHT, distance, size))
            watcher, yaws = AttentionWatcher(), []
            for frame in range(BEFORE + AFTER):
                picture = pictures[frame >= BEFORE]
                face = detector.detect(picture, 0.5, 24)[0]
                sighting = Sighting(1, 1, face)
                time = 1 + frame * PERIOD
                found = watcher.update(picture, [sighting], {1}, time, Settings(), None)[1]
                assert found.head is not None
                yaws.append(found.head.angles.yaw)
            start, end = yaws[BEFORE - 1], yaws[-1]
            share = (np.array(yaws[BEFORE:]) - start) / (end - start)
            # The frame that shows the step first has a delay of 0.
            times.append(PERIOD * float(np.argmax(share >= REACHED)))
    return Row(
        'time_to_90_percent_of_a_step',
        times,
        goal=80,
        measure='median_ms',
        further={'steps': len(times), 'longest [ms]': 1000 * max(times), 'step [deg]': STEP},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure jitter and delay, and print the results."""
    remark = (
        f'`jitter`: largest standard deviation of roll, yaw and pitch around their mean over '
        f'{WINDOW:g} s in {VIDEO}. The delay counts from the first image that shows the step, at '
        f'{1 / PERIOD:.0f} Hz.'
    )
    return tell('steady', [jitter(), delay()], arguments, [remark])
