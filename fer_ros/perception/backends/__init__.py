"""
Run the network of a bundle on a back end.

Input: the bytes of a network, and batches of crops.
Output: logits or probabilities for each crop.

All back ends have the same interface.
"""

from fer_ros.perception.backends.base import Backend
from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import BATCH_SIZES
from fer_ros.perception.backends.base import GpuMemoryError
from fer_ros.perception.backends.choice import create_backend
from fer_ros.perception.backends.keras import release_memory

__all__ = [
    'BATCH_SIZES',
    'Backend',
    'BackendError',
    'GpuMemoryError',
    'create_backend',
    'release_memory',
]
