"""Keep what the nodes said: a table, a video and the best picture."""

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

# How many frames the video's thread may be behind before frames are left out.
WAITING_FRAMES = 20
# The video's pace is measured on its first frames.
MEASURED_FRAMES = 20
# A longer silence is cut out of the video [s].
LONGEST_PAUSE = 5.0


def fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Put an image of any size onto a canvas, as large as it can be, black around it.

    :param image: (H, W, 3) uint8.
    :param width: of the canvas, in pixels.
    :param height: of the canvas, in pixels.
    :return: (height, width, 3) uint8.
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
    """emotions.csv: a row per face and frame."""

    def __init__(self, path: Path, labels: list[str]) -> None:
        """
        Begin the table.

        :param path: the file.
        :param labels: the emotions, in the order of their columns.
        """
        self._labels = labels
        self._file = path.open('w', newline='')
        self._writer = csv.writer(self._file)
        self._writer.writerow(
            ['stamp', 'frame', 'id', 'left', 'top', 'right', 'bottom', 'emotion', 'score', *labels]
        )

    def add(self, stamp: tuple[int, int], frame: int, faces: list[SeenFace]) -> None:
        """
        Write the faces of a frame.

        :param stamp: of the image [s, ns].
        :param frame: the frame's number, from 0.
        :param faces: those in it.
        """
        for face in faces:
            shares = [f'{face.distribution.get(label, 0.0):.6f}' for label in self._labels]
            box = [f'{value:.2f}' for value in face.box]
            time = f'{stamp[0]}.{stamp[1]:09d}'
            self._writer.writerow(
                [time, frame, face.id, *box, face.emotion, f'{face.score:.6f}', *shares]
            )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class BestPicture:
    """annotated.png: of the frames with the most faces, the last."""

    def __init__(self, path: Path) -> None:
        """
        Wait for frames.

        :param path: the file to write in the end.
        """
        self._path = path
        # Messages and pictures of a frame come in any order.
        self._counts: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._images: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()
        self._best: np.ndarray | None = None
        self._best_key = (-1, (0, 0))

    def add_count(self, stamp: tuple[int, int], faces: int) -> None:
        """Learn how many faces the frame with this stamp has."""
        self._counts[stamp] = faces
        while len(self._counts) > 100:
            self._counts.popitem(last=False)
        self._choose(stamp)

    def add_image(self, stamp: tuple[int, int], image: np.ndarray) -> None:
        """Take the annotated picture of the frame with this stamp."""
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
        """Write the file; false if there is no picture, or it cannot be written."""
        return self._best is not None and cv2.imwrite(str(self._path), self._best)


class Video:
    """
    annotated.mp4: every annotated frame, at the pace at which they came.

    Encoding has a thread of its own, so that messages are not kept waiting.
    """

    def __init__(self, path: Path) -> None:
        """
        Begin.

        :param path: the file.
        """
        self._path = path
        self._writer: cv2.VideoWriter | None = None
        self._rate = 0.0  # frames per second
        self._size = (0, 0)  # width, height
        self._begin = 0.0  # of the video, as the stamps have it [s]
        self._written = 0
        self._last: np.ndarray | None = None
        self.left_out = 0
        self._queue: Queue[tuple[float, np.ndarray] | None] = Queue(WAITING_FRAMES)
        self._thread = Thread(target=self._run, name='video', daemon=True)
        self._thread.start()

    def add(self, time: float, image: np.ndarray) -> None:
        """
        Take a frame.

        :param time: of its stamp [s].
        :param image: (H, W, 3) uint8 BGR.
        """
        try:
            self._queue.put_nowait((time, image))
        except Full:
            self.left_out += 1

    def close(self) -> bool:
        """Finish the file; false if there is none."""
        self._queue.put(None)
        self._thread.join()
        return self._written > 0

    def _run(self) -> None:
        first: list[tuple[float, np.ndarray]] = []
        ended = False
        while not ended and len(first) < MEASURED_FRAMES:
            try:
                # A source of few pictures shall not wait for twenty of them.
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
        # The codec takes pixels in pairs.
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
        # Where frames are missing the last one stands still; one too many is left out.
        while self._last is not None and self._written < index:
            self._writer.write(self._last)
            self._written += 1
        self._last = fit(image, *self._size)
        if self._written <= index:
            self._writer.write(self._last)
            self._written += 1
