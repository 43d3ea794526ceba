"""Random weights for YuNet's graph, for tests without the real weights."""

import numpy as np

from fer_ros.perception.detection.yunet_litert import GRAPH
from fer_ros.perception.detection.yunet_litert import marker


def sizes_in_graph():
    """Return the number of elements of each array in the graph."""
    words = np.frombuffer(GRAPH.read_bytes(), '<u4')
    first = np.float32(marker(0)).view(np.uint32)
    markers = words[(words >= first) & (words < first + 1000)]
    numbers, counts = np.unique(markers, return_counts=True)
    assert numbers.tolist() == [first + number for number in range(len(numbers))]
    return counts.tolist()


def small_weights(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.normal(0, 0.1, count).astype(np.float32) for count in sizes_in_graph()]
