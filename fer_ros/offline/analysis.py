"""Analyse a recording: its images in, the results of the pipeline out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fer_ros.messages.calibration import same_projection
from fer_ros.messages.calibration import to_camera_model
from fer_ros.messages.positions import located
from fer_ros.messages.topic_names import is_rectified
from fer_ros.offline.models import Models
from fer_ros.offline.recordings import Recording
from fer_ros.perception.backends import BackendError
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.quoting import shortened
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import ASSUMED_VIEW
from fer_ros.perception.space.camera_model import CalibrationError
from fer_ros.perception.space.camera_model import CameraModel
from fer_ros.perception.space.depth import DepthError
from fer_ros.sources.frames import Frame


@dataclass(frozen=True)
class Analysed:
    """
    An image of a recording with its result.

    :param frame: the image.
    :param number: number of the image among those of its topic, from 0.
    :param result: result of the pipeline; None if the image has none.
    :param error: why there is no result; empty if there is one.
    """

    frame: Frame
    number: int
    result: FrameResult | None
    error: str = ''


def analyse(recording: Recording, settings: Settings, models: Models) -> Iterator[Analysed]:
    """
    Analyse every image of a recording, as the node would.

    Time is that of the timestamps. No image is dropped. Each topic has a pipeline of its own.
    A topic whose first image is a depth image is left out, unless the user has chosen it.

    :param recording: an open recording.
    :param settings: settings of the pipeline.
    :param models: the networks.
    :return: each image in the order of the recording; only the current one is in memory.
    :raises SourceError: if the recording cannot be read at all.
    :raises BackendError: if the back end of the classifier fails.
    """
    pipelines: dict[str, Pipeline] = {}
    projections: dict[str, Projection] = {}
    numbers: Counter[str] = Counter()
    left_out: set[str] = set()
    for frame in recording.frames():
        topic = frame.topic
        if topic in left_out:
            continue
        number = numbers[topic]
        if not number and frame.is_depth and not settings.bit_depth and not recording.chosen:
            left_out.add(topic)
            recording.note(f'{topic} has depth images or infrared images, and is left out')
            continue
        numbers[topic] += 1
        if topic not in pipelines:
            pipelines[topic] = models.pipeline(settings)
            projections[topic] = Projection(recording, topic)
        result, error = None, frame.error
        if frame.image is not None:
            camera = projections[topic].of(frame) if settings.attention else None
            try:
                result = pipelines[topic].process(
                    frame.image,
                    frame.stamp / 1e9,
                    settings,
                    scene=frame.frame_id,
                    camera=camera,
                )
            except BackendError:
                raise
            except Exception as failure:  # as in the node, an error costs only its image
                error = f'{type(failure).__name__}: {shortened(failure)}'
            else:
                result = _with_positions(recording, frame, result)
        yield Analysed(frame, number, result, error)


class Projection:
    """
    The projection of a camera, for attention.

    :param recording: receives a note if the calibration is not usable.
    :param topic: topic of the images.
    """

    def __init__(self, recording: Recording, topic: str) -> None:
        self._recording, self._topic = recording, topic
        # The last projection, and the calibration and the image size that it was computed from.
        self._model: CameraModel | None = None
        self._computed_from: tuple[Any, tuple[int, int]] | None = None

    def of(self, frame: Frame) -> CameraModel | None:
        """
        Return the projection of a frame.

        :param frame: frame with an image.
        :return: the projection; None if there is no usable calibration.
        """
        calibration = frame.calibration
        if calibration is None or frame.image is None:
            return None
        size = frame.image.shape[0], frame.image.shape[1]
        before = self._computed_from
        if before is None or before[1] != size or not same_projection(before[0], calibration):
            self._computed_from = calibration, size
            try:
                rectified = is_rectified(self._topic)
                self._model = to_camera_model(calibration, rectified, size).scaled_to(size)
            except CalibrationError as error:
                self._model = None
                self._recording.note(
                    f'attention{_of(self._topic)} assumes a field of view of {ASSUMED_VIEW:g} '
                    f'degrees, because the calibration is not usable: {shortened(error)}'
                )
        return self._model


def _with_positions(recording: Recording, frame: Frame, result: FrameResult) -> FrameResult:
    """Add the positions of the faces if the frame has depth."""
    if frame.depth is None or not result.faces:
        return result
    try:
        return located(result, frame.depth, frame.calibration, is_rectified(frame.topic))
    except (DepthError, CalibrationError) as error:
        recording.note(f'faces{_of(frame.topic)} have no positions: {shortened(error)}')
        return result


def _of(topic: str) -> str:
    """Return the words ` of TOPIC` for a sentence; empty without a topic."""
    return f' of {topic}' if topic else ''
