"""What runs a bundle's network: one small interface, an engine behind each name."""

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
