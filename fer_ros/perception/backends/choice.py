"""Select the back end for a bundle, and load the network into it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fer_ros.perception.backends.base import Backend
from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.keras import gpu_name
from fer_ros.perception.backends.keras import KerasBackend
from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.onnxruntime import gpu_providers
from fer_ros.perception.backends.onnxruntime import import_onnxruntime
from fer_ros.perception.backends.onnxruntime import OnnxRuntimeBackend
from fer_ros.perception.backends.opencv import OpenCvBackend
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.models.bundle import to_request
from fer_ros.perception.models.known_files import accept
from fer_ros.perception.models.known_files import is_known
from fer_ros.perception.models.known_files import is_shipped_network
from fer_ros.perception.models.trial import COMPILING_CPU_LIMIT
from fer_ros.perception.models.trial import run_trial
from fer_ros.perception.models.trial import TrialError
from fer_ros.perception.quoting import quoted
from fer_ros.perception.registry import BACKENDS
from fer_ros.perception.registry import CPU_BACKENDS
from fer_ros.perception.registry import GPU_BACKENDS

# Device files of GPU drivers: NVIDIA on a PC, NVIDIA on a Jetson (two files), AMD, and Windows in
# its Subsystem for Linux.
GPU_FILES = ('/dev/nvidia0', '/dev/nvhost-gpu', '/dev/nvgpu', '/dev/kfd', '/dev/dxg')


def create_backend(
    name: str,
    card: ModelCard,
    device: str = 'auto',
    gpu_memory_limit: int = 0,
    trial: bool = True,
) -> Backend:
    """
    Load a bundle's network into a back end.

    A network with an unknown hash is first loaded and run in a child process on the CPU.

    :param name: name of a back end, or 'auto'. 'auto' selects an engine that detects a GPU, else
        the first of CPU_BACKENDS that runs the network. It considers only back ends for which the
        bundle has a file.
    :param card: the card of the bundle.
    :param device: 'auto', 'cpu' or 'gpu'; litert and opencv do not support 'gpu'.
    :param gpu_memory_limit: maximum GPU memory in MiB; 0 to allocate it as needed.
    :param trial: False for networks that this process created.
    :return: the back end with the network; its `reason` explains the selection by 'auto'.
    :raises BackendError: if the back end cannot run here, or the network fails its trial.
    :raises BundleError: if the bundle has no network in the file format of the back end.
    """
    if device == 'gpu' and name not in ('auto', *GPU_BACKENDS):
        raise BackendError(
            f'{name} runs only on the CPU; to use a GPU, set backend to one of '
            f'{", ".join(GPU_BACKENDS)}, or device to auto'
        )
    # The import of an engine takes seconds and hundreds of megabytes, which the process never
    # returns. Without a loaded GPU driver, the engines are therefore not imported to look for a
    # GPU.
    present = gpu_present()
    if device == 'gpu' and not present:
        raise BackendError(
            'device is gpu, but no driver of a GPU is loaded (none of '
            f'{", ".join(GPU_FILES)} exists): set device to auto'
        )
    if name != 'auto':
        return _load(name, card, device, gpu_memory_limit, trial)
    reasons = [] if present else ['this machine has no GPU']
    if device == 'cpu' and present:
        reasons.append('device is cpu')
    attempts = []
    if device != 'cpu' and present:
        attempts += [(candidate, 'gpu') for candidate in GPU_BACKENDS]
    if device != 'gpu':
        attempts += [(candidate, 'cpu') for candidate in CPU_BACKENDS]
    for candidate, place in attempts:
        try:
            refusal = _reason_against(candidate, card, place)
            if not refusal:
                backend = _load(candidate, card, place, gpu_memory_limit, trial)
                backend.reason = '; '.join(reasons) or 'first choice of auto'
                return backend
        except (BackendError, BundleError) as error:
            refusal = str(error)
        if refusal not in reasons:
            reasons.append(refusal)
    raise BackendError(f'no back end can run {card.name}: {"; ".join(reasons)}')


def gpu_present() -> bool:
    """Check whether the driver of a GPU that an engine may support is loaded."""
    return any(Path(name).exists() for name in GPU_FILES)


def reason_against(name: str, card: ModelCard) -> str | None:
    """
    Return the reason why a back end cannot run a bundle, without importing the engine.

    :param name: name of the back end.
    :param card: card of the bundle.
    :return: the reason as a sentence; None if the back end may be able to run the bundle.
    """
    kind = BACKENDS[name]
    if kind.reads not in card.kinds:
        return f'{name} reads only {kind.reads} files, and the bundle has none'
    if any(importlib.util.find_spec(module) is None for module in kind.needs):
        return f'{name}{" or Keras" if kind.reads == "keras" else ""} is not installed'
    return None


def _reason_against(name: str, card: ModelCard, place: str) -> str | None:
    """Return the reason why 'auto' does not try a back end on a device; None if it tries it."""
    refusal = reason_against(name, card)
    if refusal or place == 'cpu':
        return refusal
    if name == 'onnxruntime':
        found = bool(gpu_providers(import_onnxruntime()))
    else:
        found = gpu_name(name) is not None
    return None if found else f'{name} finds no GPU'


def kind_of(name: str) -> str:
    """
    Return the file format of the networks that a back end reads.

    :param name: name of the back end.
    :return: 'keras', 'tflite' or 'onnx'.
    :raises BackendError: if there is no back end with this name.
    """
    if name not in BACKENDS:
        raise BackendError(
            f'there is no back end {quoted(name)}; choose one of: auto, {", ".join(BACKENDS)}'
        )
    return BACKENDS[name].reads


def _load(name: str, card: ModelCard, device: str, gpu_memory_limit: int, trial: bool) -> Backend:
    """Load a bundle's network into a back end, after a trial if the network is unknown."""
    content = card.read(kind_of(name))
    if trial:
        ensure_tried(name, card, content)
    return load_backend(name, card, content, device, gpu_memory_limit)


def load_backend(
    name: str, card: ModelCard, content: bytes, device: str, gpu_memory_limit: int = 0
) -> Backend:
    """
    Load a network into a back end in this process, without a trial.

    :param name: name of the back end.
    :param card: card of the network.
    :param content: content of the network's file.
    :param device: 'auto', 'cpu' or 'gpu'.
    :param gpu_memory_limit: maximum GPU memory in MiB; 0 to allocate it as needed.
    :return: the back end with the network.
    :raises BackendError: if the back end cannot run here or rejects the network.
    """
    source = card.folder / card.files[kind_of(name)][0]
    if kind_of(name) == 'keras':
        return KerasBackend(content, name, device, gpu_memory_limit, source)
    if name == 'litert':
        return LiteRtBackend(content, source)
    if name == 'onnxruntime':
        # Without a driver, ONNX Runtime would try for seconds to start its providers for a GPU.
        place = device if gpu_present() else 'cpu'
        return OnnxRuntimeBackend(content, place, gpu_memory_limit, source)
    return OpenCvBackend(content, card.input.shape, source)


def ensure_tried(name: str, card: ModelCard, content: bytes) -> None:
    """
    Run an unknown network in a child process.

    A network that has passed its trial in this process is not tried again.

    :param name: name of the back end.
    :param card: card of the network. A change of the input shape leads to a new trial.
    :param content: content of the network's file.
    :raises BackendError: if the trial fails.
    :raises BundleError: if card and network disagree.
    """
    sha256 = sha256_of_bytes(content)
    use = f'{name} {"x".join(map(str, card.input.shape))}'
    if is_shipped_network(sha256, card.input.shape) or is_known(sha256, use):
        return
    try:
        limit = COMPILING_CPU_LIMIT if kind_of(name) == 'keras' else None
        run_trial({'engine': name, 'card': to_request(card)}, content, limit)
    except TrialError as error:
        kind = BundleError if error.kind == BundleError.__name__ else BackendError
        network = f'the {kind_of(name)} network of {card.name}'
        raise kind(f'{name} cannot run {network}: {error}') from error
    accept(sha256, use)
