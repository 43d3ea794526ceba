"""Which back end runs a bundle."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fer_ros.perception.backends.base import Backend
from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.keras import gpu_name
from fer_ros.perception.backends.keras import KerasBackend
from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.opencv import OpenCvBackend
from fer_ros.perception.bundle import BundleError
from fer_ros.perception.bundle import ModelCard

# What a driver makes: of NVIDIA's on a PC and on a Jetson, of AMD's, of Windows' for its Linux.
GPU_FILES = ('/dev/nvidia0', '/dev/nvhost-gpu', '/dev/nvgpu', '/dev/kfd', '/dev/dxg')

ENGINES = ('tensorflow', 'torch', 'jax')
NAMES = (*ENGINES, 'litert', 'opencv')


def create_backend(
    name: str, card: ModelCard, device: str = 'auto', gpu_memory_limit: int = 0
) -> Backend:
    """
    Load a bundle's network into a back end.

    :param name: 'tensorflow', 'torch', 'jax', 'litert', 'opencv', or 'auto': an engine that sees a
        GPU, else litert, else opencv.
    :param card: the bundle's.
    :param device: 'auto', 'cpu' or 'gpu'; litert and opencv run on the CPU whatever it is.
    :param gpu_memory_limit: in MiB, the most to take; 0 to take what is needed.
    :return: the back end, loaded; its `reason` tells what 'auto' decided.
    :raises BackendError: if the back end cannot run here.
    :raises BundleError: if the bundle has no network in the form that the back end reads.
    """
    if name != 'auto':
        if device == 'gpu' and name not in ENGINES:
            raise BackendError(
                f'{name} runs on the CPU alone; for a GPU set backend to one of '
                f'{", ".join(ENGINES)}, or device to auto'
            )
        return _load(name, card, device, gpu_memory_limit)
    reasons = []
    candidates: tuple[str, ...] = NAMES
    if device != 'gpu' and not gpu_present():
        # Importing an engine to ask it takes seconds and hundreds of megabytes.
        candidates = ('litert', 'opencv')
        reasons.append('this machine has no GPU')
    for candidate in candidates:
        try:
            if candidate in ENGINES:
                refusal = _reason_against(candidate, device)
                if refusal:
                    reasons.append(refusal)
                    continue
            elif device == 'gpu':
                reasons.append(f'{candidate} runs on the CPU alone')
                continue
            backend = _load(candidate, card, device, gpu_memory_limit)
        except (BackendError, BundleError) as error:
            reasons.append(str(error))
            continue
        backend.reason = '; '.join(reasons) or 'the first choice'
        return backend
    raise BackendError(f'no back end can run {card.name}: {"; ".join(reasons)}')


def gpu_present() -> bool:
    """Say if a driver of a GPU that the engines could use is loaded."""
    return any(Path(name).exists() for name in GPU_FILES)


def _reason_against(engine: str, device: str) -> str | None:
    """Say why 'auto' does not take an engine; None if it does."""
    if device == 'cpu':
        return f'{engine} is for GPUs, and device is cpu'
    if any(importlib.util.find_spec(module) is None for module in (engine, 'keras')):
        return f'{engine} with Keras is not installed'
    if gpu_name(engine) is None:
        return f'{engine} sees no GPU'
    return None


def _load(name: str, card: ModelCard, device: str, gpu_memory_limit: int) -> Backend:
    """Load a bundle's network into the back end of a name."""
    if name in ENGINES:
        return KerasBackend(card.file('keras'), name, device, gpu_memory_limit)
    if name == 'litert':
        return LiteRtBackend(card.file('tflite'))
    if name == 'opencv':
        return OpenCvBackend(card.file('onnx'), card.input.shape)
    raise BackendError(f"no back end is called '{name}'; there are: auto, {', '.join(NAMES)}")
