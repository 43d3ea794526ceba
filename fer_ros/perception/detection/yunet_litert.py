"""
YuNet on LiteRT, which takes half of the time of OpenCV's class on one thread.

LiteRT cannot read the ONNX file that the weights come in.  So the package has the graph, whose
weights are markers (`training/bundles/yunet_graph.py` writes it), and this puts in what OpenCV
reads of the file.  OpenCV does so from 4.6 on, whose own class cannot run these weights.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.quoting import shortened

GRAPH = Path(__file__).with_name('yunet_graph.tflite')

# The sides of what the network sees are multiples of this.
LARGEST_STRIDE = 32
STRIDES = (8, 16, 32)

# Of each place: the logits of a face and of an object, then the middle of the box beside the
# place and the logarithms of its sides, and x and y of five points beside the place, in strides.
FACE, OBJECT, MIDDLE, SIDES, POINTS = 0, 1, slice(2, 4), slice(4, 6), slice(6, 16)

# Beyond this a logit says nothing more, and the product of two exponentials would overflow.
LARGEST_OF_TWO_LOGITS = 40.0

# A view with fewer pixels than the largest one so far, divided by this, gets a new interpreter.
MOST_SHRINKAGE = 2

# Non-maximum suppression looks at no more, as in OpenCV's class.
NMS_TOP_K = 5000

# Bits of a number that no weight and nothing else in the graph has; the arrays count on from it.
_FIRST_MARKER = 0x4E560000

# In the ONNX file: 29 convolutions of body and neck, then the heads, which here are one: for each
# kind of answer (face, box, object, points) at each stride, a pair.
_CONVOLUTIONS = 53
_BODY = 29
_KINDS = {'face': 0, 'box': 1, 'object': 2, 'points': 3}
_ORDER = ('face', 'object', 'box', 'points')


def marker(number: int) -> float:
    """
    Give what stands in the graph in each place of an array of weights.

    :param number: of the array, from 0 on.
    :return: a float32.
    """
    return float(np.array(_FIRST_MARKER + number, np.uint32).view(np.float32))


class LiteRtYuNet:
    """Runs YuNet of 2023, on one thread: at a camera's rate a second one saves nothing."""

    engine = 'LiteRT'

    def __init__(self, weights: bytes, make: Callable[..., Any]) -> None:
        """
        Load the network.

        :param weights: content of the ONNX file.
        :param make: LiteRT's interpreter.
        :raises DetectorError: if OpenCV cannot read them, they are not those in float32, or
            LiteRT cannot run the graph.
        """
        # LiteRT reads it where it lies.
        self._graph = filled(GRAPH.read_bytes(), read_weights(weights))
        self._make = make
        try:
            self._begin()
            self.find(np.zeros((LARGEST_STRIDE, LARGEST_STRIDE, 3), np.uint8), 0.5)
        except (RuntimeError, ValueError) as error:
            raise DetectorError(f'LiteRT cannot load {GRAPH.name}: {shortened(error)}') from error

    def find(self, view: np.ndarray, min_score: float) -> list[list[float]]:
        """
        Run the network.

        :param view: (H, W, 3) uint8, BGR.
        :param min_score: 0 to 1.
        :return: N rows of 15, best first, one for each face, in pixels of the view: left, top,
            width, height, then (x, y) of the right eye, the left eye, the nose and both corners of
            the mouth, then the score.
        """
        height, width = view.shape[:2]
        self._prepare(height, width)
        seen = self.interpreter.tensor(self._input)()[0]
        seen[:height, :width] = view
        # The engine may have used the memory for something else since.
        seen[height:] = 0
        seen[:, width:] = 0
        # It refuses to run while anybody looks at its memory.
        del seen
        self.interpreter.invoke()
        told = [
            self.interpreter.get_tensor(index).reshape(-1, POINTS.stop) for index in self._outputs
        ]
        return decode(np.concatenate(told), self._places, min_score)

    def _begin(self) -> None:
        """Load the graph; nothing is allocated for a view yet."""
        self.interpreter = self._make(model_content=self._graph, num_threads=1)
        self._input = self.interpreter.get_input_details()[0]['index']
        self._size = (0, 0)
        self._largest = 0

    def _prepare(self, height: int, width: int) -> None:
        """Allocate memory for a view of this size."""
        padded = (_padded(height), _padded(width))
        if padded == self._size:
            return
        pixels = padded[0] * padded[1]
        # An interpreter keeps the memory of its largest view: 70 bytes a pixel.
        if MOST_SHRINKAGE * pixels < self._largest:
            self._begin()
        self._largest = max(self._largest, pixels)
        self.interpreter.resize_tensor_input(self._input, (1, *padded, 3), strict=False)
        self.interpreter.allocate_tensors()
        results = self.interpreter.get_output_details()
        # From the finest to the coarsest.
        results.sort(key=lambda result: -int(result['shape'][1]))
        self._outputs = [result['index'] for result in results]
        self._places = places(*padded)
        self._size = padded


def _padded(side: int) -> int:
    """Give the next multiple of the largest stride."""
    return -(-side // LARGEST_STRIDE) * LARGEST_STRIDE


def read_weights(content: bytes) -> list[np.ndarray]:
    """
    Read the arrays that replace the markers of the graph.

    :param content: of the ONNX file.
    :return: kernel and bias of each of the graph's convolutions, in turn, flat, float32, as LiteRT
        has them: (filters, height, width, channels), depthwise (1, height, width, channels).
    :raises DetectorError: if OpenCV cannot read the file, or it is not YuNet of 2023 in float32.
    """
    try:
        network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise unreadable(error) from error
    layers = [network.getLayerId(name) for name in network.getLayerNames()]
    # Quantised ones are of another type.
    layers = [layer for layer in layers if network.getLayer(layer).type == 'Convolution']
    if len(layers) != _CONVOLUTIONS:
        raise DetectorError(
            f'the file is not YuNet of 2023 in float32: it has {len(layers)} such convolutions, '
            f'but must have {_CONVOLUTIONS}'
        )
    try:
        found = [(network.getParam(layer, 0), network.getParam(layer, 1)) for layer in layers]
    except cv2.error as error:
        raise DetectorError(
            'the file is not YuNet of 2023, because it has convolutions without biases '
            f'({_brief(error)})'
        ) from error
    heads = found[_BODY:]
    for level in range(len(STRIDES)):
        for half in range(2):
            parts = [heads[6 * _KINDS[kind] + 2 * level + half] for kind in _ORDER]
            kernels, biases = zip(*parts, strict=True)
            found.append((np.concatenate(kernels), np.concatenate(biases)))
    arrays = []
    for kernel, bias in (*found[:_BODY], *found[_CONVOLUTIONS:]):
        # (filters, channels, height, width); a depthwise one has a filter for each channel.
        depthwise = kernel.shape[1] == 1
        kernel = kernel.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
        arrays += [np.ascontiguousarray(array, '<f4').ravel() for array in (kernel, bias)]
    return arrays


def filled(graph: bytes, arrays: list[np.ndarray]) -> bytes:
    """
    Put weights into the graph.

    :param graph: with markers.
    :param arrays: flat, float32, in the order of the markers.
    :return: a network that LiteRT can run.
    :raises DetectorError: if they do not fit.
    """
    words = np.frombuffer(graph, '<u4').copy()
    for number, array in enumerate(arrays):
        (where,) = np.nonzero(words == _FIRST_MARKER + number)
        if len(where) != len(array):
            raise DetectorError(
                f'array {number} of the weights has {len(array)} numbers, but YuNet of 2023 has '
                f'{len(where)}'
            )
        words[where] = array.view('<u4')
    return words.tobytes()


def places(height: int, width: int) -> np.ndarray:
    """
    List the places that the network tells of, the fine ones first, row by row.

    :param height: of what it sees, a multiple of 32.
    :param width: likewise.
    :return: (N, 3) float32: column and row, in strides, and the stride in pixels.
    """
    lists = []
    for stride in STRIDES:
        rows, columns = np.indices((height // stride, width // stride), np.float32)
        strides = np.full_like(rows, stride)
        lists.append(np.stack([columns, rows, strides], axis=-1).reshape(-1, 3))
    return np.concatenate(lists)


def decode(told: np.ndarray, where: np.ndarray, min_score: float) -> list[list[float]]:
    """
    Read what the network tells, as OpenCV's FaceDetectorYN does.

    :param told: (N, 16) float32, of each place.
    :param where: (N, 3) float32, the places, as of `places`.
    :param min_score: 0 to 1.
    :return: rows of 15 for the faces, best first, as of `LiteRtYuNet.find`.
    """
    # The score is the geometric mean of both probabilities, so that neither may be below its
    # square; that leaves a few of thousands, whose score is worth computing.
    least = _logit(min_score**2)
    (chosen,) = np.nonzero(np.minimum(told[:, FACE], told[:, OBJECT]) >= least)
    told, where = told[chosen], where[chosen]
    odds = np.exp(-np.clip(told[:, : OBJECT + 1], -LARGEST_OF_TWO_LOGITS, LARGEST_OF_TWO_LOGITS))
    scores = (1 + odds).prod(axis=1) ** -0.5
    sure = scores >= min_score
    if not sure.any():
        return []
    told, where, scores = told[sure], where[sure], scores[sure]
    corner, stride = where[:, :2], where[:, 2:]
    with np.errstate(over='ignore'):
        sides = np.exp(told[:, SIDES]) * stride
    starts = (corner + told[:, MIDDLE]) * stride - sides / 2
    points = (np.tile(corner, 5) + told[:, POINTS]) * stride
    rows = np.concatenate([starts, sides, points, scores[:, None]], axis=1)
    boxes = rows[:, :4].tolist()
    # Non-maximum suppression: of boxes that lie on each other the best stays.
    kept = cv2.dnn.NMSBoxes(boxes, scores.tolist(), 0.0, SAME_FACE, top_k=NMS_TOP_K)
    return rows[np.ravel(kept).astype(int)].tolist()


def _logit(probability: float) -> float:
    """Give the logit that the logistic function makes this probability of, or somewhat less."""
    if not 0 < probability < 1:
        # In float32 a probability is 1 from 17 on.
        return -math.inf if probability <= 0 else LARGEST_OF_TWO_LOGITS / 4
    return math.log(probability / (1 - probability)) - 1e-3


def unreadable(error: cv2.error) -> DetectorError:
    """
    Make the error for a file that OpenCV cannot read.

    :param error: of OpenCV.
    :return: the error to raise.
    """
    version = cv2.__version__
    return DetectorError(f'OpenCV {version} cannot read the file as YuNet ({_brief(error)})')


def _brief(error: cv2.error) -> str:
    """Shorten a message of OpenCV, and leave out its source file and line."""
    return shortened(str(getattr(error, 'err', None) or error).strip())
