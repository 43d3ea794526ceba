"""
YuNet on LiteRT, which takes half the time of OpenCV's class on one thread.

LiteRT cannot read the ONNX file of the weights. Therefore this package contains the graph in
TFLite format, with markers in place of weights (`training/bundles/yunet_graph.py` writes it). This
module reads the weights from the ONNX file with OpenCV, and puts them in place of the markers.
OpenCV can read the ONNX file from version 4.6 on. OpenCV's own class for YuNet cannot run these
weights in that version.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.candidates import SAME_FACE
from fer_ros.perception.quoting import shortened

GRAPH = Path(__file__).with_name('yunet_graph.tflite')

# The sides of the network's input are multiples of this [px].
LARGEST_STRIDE = 32
STRIDES = (8, 16, 32)

# Columns of the output for each grid cell: logits of a face and of an object, (x, y) of the box's
# centre relative to the cell, logarithms of the box's sides, and (x, y) of five points relative
# to the cell. Lengths are in strides.
FACE, OBJECT, MIDDLE, SIDES, POINTS = 0, 1, slice(2, 4), slice(4, 6), slice(6, 16)

# Maximum absolute value of a logit. A larger value would not change the probability, and the
# product of two exponentials would overflow.
LARGEST_OF_TWO_LOGITS = 40.0

# If the number of pixels falls below the largest number so far divided by this, a new interpreter
# is created to free memory.
MOST_SHRINKAGE = 2

# Maximum number of boxes for non-maximum suppression, as in OpenCV's class.
NMS_TOP_K = 5000

# Bits of the first marker, a float32 that occurs nowhere else in the graph and in no weights. The
# marker of array number n has these bits plus n.
_FIRST_MARKER = 0x4E560000

# The ONNX file has 53 convolutions: 29 of body and neck, followed by those of the heads. The heads
# have a pair of convolutions for each kind of output (face, box, object, points) at each stride.
# In the graph, the four heads of a stride are merged into one head.
_CONVOLUTIONS = 53
_BODY = 29
_KINDS = {'face': 0, 'box': 1, 'object': 2, 'points': 3}
_ORDER = ('face', 'object', 'box', 'points')


def marker(number: int) -> float:
    """
    Return the marker that replaces each weight of an array in the graph.

    :param number: number of the array, from 0 on.
    :return: the marker, a value of float32.
    """
    return float(np.array(_FIRST_MARKER + number, np.uint32).view(np.float32))


class LiteRtYuNet:
    """Run YuNet of 2023 on one thread. At the rate of a camera, a second thread saves no time."""

    engine = 'LiteRT'

    def __init__(self, weights: bytes, make: Callable[..., Any]) -> None:
        """
        Load the network.

        :param weights: content of the ONNX file.
        :param make: class of LiteRT's interpreter.
        :raises DetectorError: if OpenCV cannot read the weights, the weights are not in float32,
            or LiteRT cannot run the graph.
        """
        # The interpreter does not copy these bytes, so this object must keep them.
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

        :param view: (H, W, 3) uint8, BGR, the scaled image.
        :param min_score: minimum score, 0 to 1.
        :return: N rows of 15 numbers in pixels of the scaled image, one row for each face, best
            first: left, top, width, height, then (x, y) of the right eye, the left eye, the nose
            and both corners of the mouth, then the score.
        """
        height, width = view.shape[:2]
        self._prepare(height, width)
        seen = self.interpreter.tensor(self._input)()[0]
        seen[:height, :width] = view
        # The padding must be cleared again, because the engine may reuse this memory.
        seen[height:] = 0
        seen[:, width:] = 0
        # The interpreter does not run while a view of its memory exists.
        del seen
        self.interpreter.invoke()
        told = [
            self.interpreter.get_tensor(index).reshape(-1, POINTS.stop) for index in self._outputs
        ]
        return decode(np.concatenate(told), self._places, min_score)

    def another(self) -> LiteRtYuNet:
        """Create another instance with the same weights; see `yunet.Network`."""
        made = copy(self)
        made._begin()
        return made

    def rest(self) -> None:
        """Free the memory for large views; see `yunet.Network`."""
        if self._largest:
            self._begin()

    def _begin(self) -> None:
        """Load the graph into a new interpreter, without memory for an image yet."""
        self.interpreter = self._make(model_content=self._graph, num_threads=1)
        self._input = self.interpreter.get_input_details()[0]['index']
        self._size = (0, 0)
        self._largest = 0

    def _prepare(self, height: int, width: int) -> None:
        """Allocate memory for an image of a given size in pixels."""
        size = (padded(height), padded(width))
        if size == self._size:
            return
        pixels = size[0] * size[1]
        # An interpreter keeps the memory for its largest image, which is 70 bytes per pixel.
        if MOST_SHRINKAGE * pixels < self._largest:
            self._begin()
        self._largest = max(self._largest, pixels)
        self.interpreter.resize_tensor_input(self._input, (1, *size, 3), strict=False)
        self.interpreter.allocate_tensors()
        results = self.interpreter.get_output_details()
        # Sort the outputs by stride, from the smallest to the largest.
        results.sort(key=lambda result: -int(result['shape'][1]))
        self._outputs = [result['index'] for result in results]
        self._places = places(*size)
        self._size = size


def padded(side: float) -> int:
    """Round a length up to a multiple of the largest stride."""
    return math.ceil(side / LARGEST_STRIDE) * LARGEST_STRIDE


def read_weights(content: bytes) -> list[np.ndarray]:
    """
    Read the arrays that replace the markers of the graph.

    :param content: content of the ONNX file.
    :return: kernel and bias of each convolution of the graph, as flat arrays of float32. The axes
        of a kernel have the order of LiteRT: (filters, height, width, channels), or
        (1, height, width, channels) for a depthwise convolution.
    :raises DetectorError: if OpenCV cannot read the file, or it is not YuNet of 2023 in float32.
    """
    try:
        network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise unreadable(error) from error
    layers = [network.getLayerId(name) for name in network.getLayerNames()]
    # Quantised convolutions have another type.
    layers = [layer for layer in layers if network.getLayer(layer).type == 'Convolution']
    if len(layers) != _CONVOLUTIONS:
        raise DetectorError(
            f'the file is not YuNet of 2023 in float32: it has {len(layers)} float32 '
            f'convolutions, but must have {_CONVOLUTIONS}'
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
        # OpenCV's order is (filters, channels, height, width). A depthwise convolution has one
        # filter for each channel.
        depthwise = kernel.shape[1] == 1
        kernel = kernel.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
        arrays += [np.ascontiguousarray(array, '<f4').ravel() for array in (kernel, bias)]
    return arrays


def filled(graph: bytes, arrays: list[np.ndarray]) -> bytes:
    """
    Replace the markers in the graph by weights.

    :param graph: the TFLite graph with markers.
    :param arrays: the weights as flat float32 arrays, in the order of the markers.
    :return: a network that LiteRT can run.
    :raises DetectorError: if the size of an array differs from the number of its markers.
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
    content: bytes = words.tobytes()
    return content


def places(height: int, width: int) -> np.ndarray:
    """
    Return the grid cells of the network's output, from the smallest stride on, row by row.

    :param height: height of the network's input in pixels, a multiple of 32.
    :param width: width of the network's input in pixels, a multiple of 32.
    :return: (N, 3) float32: column and row of the cell, in strides, and the stride in pixels.
    """
    lists = []
    for stride in STRIDES:
        rows, columns = np.indices((height // stride, width // stride), np.float32)
        strides = np.full_like(rows, stride)
        lists.append(np.stack([columns, rows, strides], axis=-1).reshape(-1, 3))
    return np.concatenate(lists)


def decode(told: np.ndarray, where: np.ndarray, min_score: float) -> list[list[float]]:
    """
    Decode the output of the network in the same way as OpenCV's FaceDetectorYN.

    :param told: (N, 16) float32, output of the network for each grid cell.
    :param where: (N, 3) float32, the grid cells as returned by `places`.
    :param min_score: minimum score, 0 to 1.
    :return: rows of 15 numbers, one row for each face, best first, as in `LiteRtYuNet.find`.
    """
    # The score is the geometric mean of two probabilities. If one probability is below the square
    # of the minimum score, the score is too low. Only a few of the thousands of cells pass this
    # test, and the score is computed for these cells only.
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
    # Of overlapping boxes, only the best is kept (non-maximum suppression).
    kept = cv2.dnn.NMSBoxes(boxes, scores.tolist(), 0.0, SAME_FACE, top_k=NMS_TOP_K)
    best: list[list[float]] = rows[np.ravel(kept).astype(int)].tolist()
    return best


def _logit(probability: float) -> float:
    """Compute the logit of a probability, rounded down a little."""
    if not 0 < probability < 1:
        # The logit of 1 is infinite. In float32, the logistic function is 1 from a logit of 17 on.
        return -math.inf if probability <= 0 else LARGEST_OF_TWO_LOGITS / 4
    return math.log(probability / (1 - probability)) - 1e-3


def unreadable(error: cv2.error) -> DetectorError:
    """
    Create the error for a file that OpenCV cannot read.

    :param error: the exception of OpenCV.
    :return: the error to raise.
    """
    version = cv2.__version__
    return DetectorError(f'OpenCV {version} cannot read the file as YuNet ({_brief(error)})')


def _brief(error: cv2.error) -> str:
    """Shorten the message of an OpenCV exception, without its source file and line."""
    return shortened(str(getattr(error, 'err', None) or error).strip())
