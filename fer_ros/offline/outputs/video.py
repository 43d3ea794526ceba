"""Write the annotated video of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.offline.analysis import Analysed
from fer_ros.perception.drawing.annotations import Drawing
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.masking.masker import FaceMasker
from fer_ros.perception.masking.masker import load_detectors
from fer_ros.perception.settings import HIDING
from fer_ros.perception.settings import Settings
from fer_ros.sources.opencv import quiet_opencv

# Name of the video; with several cameras, a number precedes the suffix.
FILE = 'annotated.mp4'

# Rate of the video if the recording has a single image [Hz], and the limits of its rate.
USUAL_RATE = 30.0
RATES = (1.0, 60.0)

# The rate is the median of this many images.
RATE_IMAGES = 30

# An image is repeated for at most this time [s], so that a wrong timestamp costs no space.
LONGEST_STILL = 10.0


class VideoError(OSError):
    """Raised if the video cannot be written."""


class Videos:
    """
    The annotated videos of a recording, one for each topic of images.

    :param folder: folder for the files.
    :param settings: settings of the analysis; `draw` applies.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = folder, settings
        self._videos: dict[str, VideoOutput] = {}

    def add(self, analysed: Analysed) -> None:
        """Add an annotated image to the video of its topic."""
        topic = analysed.frame.topic
        if topic not in self._videos:
            number = len(self._videos)
            name = FILE if not number else FILE.replace('.', f'_{number + 1}.')
            self._videos[topic] = VideoOutput(self._folder / name, self._settings)
        self._videos[topic].add(analysed)

    def close(self) -> None:
        """Finish the files."""
        for video in self._videos.values():
            video.close()


class VideoOutput:
    """
    The images of a topic with annotations, at a constant rate.

    :param path: file to write.
    :param settings: settings of the analysis; `draw` applies.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._drawing = Drawing()
        # Loaded for the first image whose faces must be hidden.
        self._masker: FaceMasker | None = None
        self._writer: Any = None
        self._size = (0, 0)
        self._rate = USUAL_RATE
        # The first images, until the rate is known.
        self._waiting: list[tuple[int, np.ndarray]] = []
        self._start = 0
        self._written = 0
        self._last: np.ndarray | None = None

    def add(self, analysed: Analysed) -> None:
        """Draw an image; one without a result is left out."""
        image, result = analysed.frame.image, analysed.result
        if image is None or result is None:
            return
        drawn = self._draw_on(image, result, analysed.frame.frame_id)
        if self._writer is not None:
            self._write(analysed.frame.stamp, drawn)
            return
        self._waiting.append((analysed.frame.stamp, drawn))
        if len(self._waiting) == RATE_IMAGES:
            self._begin()

    def close(self) -> None:
        """
        Finish the file.

        :raises VideoError: if OpenCV could not write all images.
        """
        if self._writer is None and self._waiting:
            self._begin()
        if self._writer is None:
            return
        if self._last is not None:
            self._put(self._last)
        self._writer.release()
        # OpenCV reports no error, for example if the disk is full.
        capture = cv2.VideoCapture(str(self._path))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
        if count != self._written:
            raise VideoError(
                f'OpenCV wrote {count} of {self._written} images into {self._path.name}'
            )

    def _draw_on(self, image: np.ndarray, result: FrameResult, scene: str) -> np.ndarray:
        """Draw the faces of an image, which are covered if the setting `draw` hides faces."""
        mode = self._settings.draw
        if mode in HIDING:
            if self._masker is None:
                detector = self._settings.detector, self._settings.detector_model
                self._masker = FaceMasker(load_detectors(*detector))
            known = (*result.boxes, *(face.box for face in result.faces))
            image = self._masker.mask(image, known, result.stamp, scene, self._settings.rotation)
            mode = 'boxes'
        return self._drawing.draw(image, result.faces, result.labels, mode, result.boxes)

    def _begin(self) -> None:
        """Open the file with the rate of the first images."""
        stamps = [stamp for stamp, _ in self._waiting]
        periods = [period for period in np.diff(stamps) if period > 0]
        if periods:
            self._rate = float(np.clip(1e9 / np.median(periods), *RATES))
        height, width = self._waiting[0][1].shape[:2]
        # Most decoders require an even width and height.
        self._size = width + width % 2, height + height % 2
        code = cv2.VideoWriter.fourcc(*'mp4v')
        self._writer = cv2.VideoWriter(str(self._path), code, self._rate, self._size)
        if not self._writer.isOpened():
            raise VideoError(f'OpenCV cannot write the video {self._path.name}')
        self._start = stamps[0]
        waiting, self._waiting = self._waiting, []
        for stamp, drawn in waiting:
            self._write(stamp, drawn)

    def _write(self, stamp: int, drawn: np.ndarray) -> None:
        """Repeat the last image until the time of the next one."""
        due = round((stamp - self._start) / 1e9 * self._rate)
        missing = due - self._written
        limit = round(LONGEST_STILL * self._rate)
        if not 0 <= missing <= limit:
            # After a jump of the timestamps, the video goes on with the next image.
            self._start += round((missing - 1) / self._rate * 1e9)
            missing = 1
        if self._last is not None:
            for _ in range(missing):
                self._put(self._last)
        self._last = drawn

    def _put(self, drawn: np.ndarray) -> None:
        """Write an image, in the size of the first one."""
        width, height = self._size
        if drawn.shape[:2] != (height, width):
            if abs(drawn.shape[0] - height) <= 1 and abs(drawn.shape[1] - width) <= 1:
                down, right = height - drawn.shape[0], width - drawn.shape[1]
                drawn = cv2.copyMakeBorder(
                    drawn, 0, max(0, down), 0, max(0, right), cv2.BORDER_REPLICATE
                )[:height, :width]
            else:
                drawn = cv2.resize(drawn, self._size, interpolation=cv2.INTER_AREA)
        # OpenCV would print a warning for each image that it cannot write; see `close`.
        with quiet_opencv():
            self._writer.write(drawn)
        self._written += 1
