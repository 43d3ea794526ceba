"""Record the output of the nodes as a table, a video and a picture."""

from __future__ import annotations

from collections import OrderedDict
import csv
from pathlib import Path
from queue import Empty
from queue import Full
from queue import Queue
from threading import Thread

import cv2
from demo_view import SeenFace
import numpy as np
from PIL import Image

# Maximum number of frames in the queue of the video thread; further frames are dropped.
WAITING_FRAMES = 20
# The frame rate of the video is measured on this many frames at its beginning.
MEASURED_FRAMES = 20
# Longer pauses between frames are cut out of the video [s].
LONGEST_PAUSE = 5.0

# Size, frame rate [Hz] and longest duration [s] of the animation: about 2 MB.
ANIMATION_SIZE = (480, 360)
ANIMATION_RATE = 5
ANIMATION_SECONDS = 7.0
ANIMATION_COLOURS = 64


def fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Scale an image to fit a canvas, centred, with black borders.

    :param image: (H, W, 3) uint8 image.
    :param width: width of the canvas in pixels.
    :param height: height of the canvas in pixels.
    :return: (height, width, 3) uint8 image.
    """
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width = max(1, min(width, round(image.shape[1] * scale)))
    inner_height = max(1, min(height, round(image.shape[0] * scale)))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    rows = slice(top, top + inner_height)
    columns = slice(left, left + inner_width)
    size = (inner_width, inner_height)
    canvas[rows, columns] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return canvas


class Table:
    """The file emotions.csv, with a row for each face in each frame."""

    def __init__(self, path: Path, labels: list[str]) -> None:
        """
        Create the file and write the header row.

        :param path: path of the file.
        :param labels: names of the emotions, in the order of their columns.
        """
        self._labels = labels
        self._file = path.open('w', newline='')
        self._writer = csv.writer(self._file)
        self._writer.writerow(
            ['stamp', 'frame', 'id', 'left', 'top', 'right', 'bottom', 'emotion', 'score', *labels]
        )

    def add(self, stamp: tuple[int, int], frame: int, faces: list[SeenFace]) -> None:
        """
        Write a row for each face of a frame.

        :param stamp: timestamp of the image as (seconds, nanoseconds).
        :param frame: number of the frame, from 0.
        :param faces: faces in the frame.
        """
        for face in faces:
            shares = [f'{face.distribution.get(label, 0.0):.6f}' for label in self._labels]
            box = [f'{value:.2f}' for value in face.box]
            time = f'{stamp[0]}.{stamp[1]:09d}'
            self._writer.writerow(
                [time, frame, face.id, *box, face.emotion, f'{face.score:.6f}', *shares]
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class BestPicture:
    """The file annotated.png: the last of the frames with the most faces."""

    def __init__(self, path: Path) -> None:
        """
        Create the recorder; no file is written yet.

        :param path: path of the file.
        """
        self._path = path
        # The detections and the annotated image of a frame arrive in any order.
        self._counts: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._images: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()
        self._best: np.ndarray | None = None
        self._best_key = (-1, (0, 0))

    def add_count(self, stamp: tuple[int, int], faces: int) -> None:
        """Record the number of faces in the frame with a timestamp."""
        self._counts[stamp] = faces
        while len(self._counts) > 100:
            self._counts.popitem(last=False)
        self._choose(stamp)

    def add_image(self, stamp: tuple[int, int], image: np.ndarray) -> None:
        """Record the annotated image of the frame with a timestamp."""
        self._images[stamp] = image
        while len(self._images) > 5:
            self._images.popitem(last=False)
        self._choose(stamp)

    def _choose(self, stamp: tuple[int, int]) -> None:
        if stamp in self._counts and stamp in self._images:
            image = self._images.pop(stamp)
            key = (self._counts[stamp], stamp)
            if key >= self._best_key:
                self._best, self._best_key = image, key

    def save(self) -> bool:
        """Write the file; return False if there is no image or the file cannot be written."""
        return self._best is not None and cv2.imwrite(str(self._path), self._best)


class Video:
    """
    The file annotated.mp4: all annotated frames, at their original frame rate.

    Encoding runs in a separate thread, so that it does not delay the processing of messages.
    """

    def __init__(self, path: Path) -> None:
        """
        Start the thread that encodes the video.

        :param path: path of the file.
        """
        self._path = path
        self._writer: cv2.VideoWriter | None = None
        self._rate = 0.0  # frames per second
        self._size = (0, 0)  # (width, height) in pixels
        self._begin = 0.0  # timestamp at which the video begins [s]
        self._written = 0
        self._last: np.ndarray | None = None
        self.left_out = 0
        self._queue: Queue[tuple[float, np.ndarray] | None] = Queue(WAITING_FRAMES)
        self._thread = Thread(target=self._run, name='video', daemon=True)
        self._thread.start()

    def add(self, time: float, image: np.ndarray) -> None:
        """
        Add a frame to the queue; the frame is dropped if the queue is full.

        :param time: timestamp of the frame [s].
        :param image: (H, W, 3) uint8 BGR image.
        """
        try:
            self._queue.put_nowait((time, image))
        except Full:
            self.left_out += 1

    def close(self) -> bool:
        """Finish the file; return False if no frame was written."""
        self._queue.put(None)
        self._thread.join()
        return self._written > 0

    def _run(self) -> None:
        first: list[tuple[float, np.ndarray]] = []
        ended = False
        while not ended and len(first) < MEASURED_FRAMES:
            try:
                # A source with few pictures does not have to provide MEASURED_FRAMES frames.
                frame = self._queue.get(timeout=LONGEST_PAUSE if first else None)
            except Empty:
                break
            if frame is None:
                ended = True
            else:
                first.append(frame)
        if not first:
            return
        self._open(first)
        for time, image in first:
            self._write(time, image)
        while not ended:
            frame = self._queue.get()
            if frame is None:
                break
            self._write(*frame)
        if self._writer is not None:
            self._writer.release()

    def _open(self, first: list[tuple[float, np.ndarray]]) -> None:
        steps = np.diff([time for time, _ in first])
        steps = steps[steps > 0]
        self._rate = float(np.clip(1 / np.median(steps), 5.0, 60.0)) if len(steps) else 10.0
        height, width = first[0][1].shape[:2]
        # The codec requires an even width and height.
        self._size = (width + width % 2, height + height % 2)
        writer = cv2.VideoWriter(
            str(self._path), cv2.VideoWriter.fourcc(*'mp4v'), self._rate, self._size
        )
        if writer.isOpened():
            self._writer = writer
            self._begin = first[0][0]

    def _write(self, time: float, image: np.ndarray) -> None:
        if self._writer is None:
            return
        pause = (time - self._begin) - self._written / self._rate
        if not -LONGEST_PAUSE < pause < LONGEST_PAUSE:
            self._begin += pause
        index = round((time - self._begin) * self._rate)
        # The last frame is repeated where frames are missing. A frame that is too early is
        # dropped.
        while self._last is not None and self._written < index:
            self._writer.write(self._last)
            self._written += 1
        self._last = fit(image, *self._size)
        if self._written <= index:
            self._writer.write(self._last)
            self._written += 1


class Animation:
    """The file annotated.gif: the first seconds, few and small frames, for a web page."""

    def __init__(self, path: Path) -> None:
        """
        Create the recorder; no file is written yet.

        :param path: path of the file.
        """
        self._path = path
        self._begin: float | None = None
        self._frames: list[np.ndarray] = []

    def add(self, time: float, image: np.ndarray) -> None:
        """
        Keep a frame if it is due.

        :param time: timestamp of the frame [s].
        :param image: (H, W, 3) uint8 BGR image.
        """
        if self._begin is None:
            self._begin = time
        elapsed = time - self._begin
        if elapsed < ANIMATION_SECONDS and elapsed * ANIMATION_RATE >= len(self._frames):
            self._frames.append(fit(image, *ANIMATION_SIZE))

    def save(self) -> bool:
        """Write the file; return False if there is no frame."""
        if not self._frames:
            return False
        pictures = [Image.fromarray(frame[:, :, ::-1]) for frame in self._frames]
        # One palette for all frames, so that the background does not flicker.
        palette = pictures[0].quantize(ANIMATION_COLOURS)
        first, *others = (
            picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
        )
        first.save(
            self._path,
            save_all=True,
            append_images=others,
            duration=round(1000 / ANIMATION_RATE),
            loop=0,
            optimize=True,
        )
        return True
