"""The back ends with Keras 3 on TensorFlow, PyTorch or JAX, on the GPU or the CPU."""

from __future__ import annotations

from collections.abc import Callable
import gc
import importlib
import os
import re
import sys
from typing import Any

import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import BATCH_SIZES
from fer_ros.perception.backends.base import GpuMemoryError
from fer_ros.perception.backends.base import run_in_buckets
from fer_ros.perception.backends.keras_archive import check_archive
from fer_ros.perception.files import private_copy
from fer_ros.perception.quoting import shortened

# A function that runs a compiled network on a batch of crops and returns the output.
Compiled = Callable[[np.ndarray], np.ndarray]

INSTALLATION = {
    'tensorflow': "pip install keras 'tensorflow[and-cuda]' (or tensorflow-cpu)",
    'torch': 'pip install keras torch',
    'jax': "pip install keras 'jax[cuda12]' (or jax)",
}


# In older versions a .keras file can run code, even in safe mode: CVE-2025-1550, CVE-2025-8747,
# CVE-2025-9905, CVE-2025-9906 and CVE-2025-12058.
FIRST_KERAS = (3, 12)

# Error messages when the memory of the GPU is full: of TensorFlow and JAX, of PyTorch, of CUDA,
# and of TensorFlow if the copy of a batch fails.
FULL = ('RESOURCE_EXHAUSTED', 'out of memory', 'OUT_OF_MEMORY', 'Dst tensor is not initialized')


def import_engine(engine: str) -> Any:
    """
    Import an engine of Keras.

    :param engine: 'tensorflow', 'torch' or 'jax'.
    :return: the module.
    :raises BackendError: if it cannot be imported.
    """
    # By default, TensorFlow writes a line for each plugin to standard error. If the user has set
    # this variable, its value is kept.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    try:
        return importlib.import_module(engine)
    except ImportError as error:
        raise BackendError(
            f'{engine} cannot be imported ({error}); install it with: {INSTALLATION[engine]}'
        ) from error


def gpu_name(engine: str) -> str | None:
    """
    Return the name of the GPU that an engine detects.

    :param engine: 'tensorflow', 'torch' or 'jax'.
    :return: the name of the first GPU; None if there is no GPU.
    :raises BackendError: if the engine cannot be imported.
    """
    module = import_engine(engine)
    if engine == 'tensorflow':
        found = module.config.list_physical_devices('GPU')
        if not found:
            return None
        details = module.config.experimental.get_device_details(found[0])
        return str(details.get('device_name', found[0].name))
    if engine == 'torch':
        return str(module.cuda.get_device_name(0)) if module.cuda.is_available() else None
    found = [device for device in module.devices() if device.platform in ('gpu', 'cuda', 'rocm')]
    return str(found[0].device_kind) if found else None


class KerasBackend:
    """
    Run `model.keras`, compiled at start for each batch size.

    `Model.predict` is not used.
    """

    kind = 'keras'
    reason = 'as set by the parameter backend'

    def __init__(
        self,
        content: bytes,
        engine: str,
        device: str = 'auto',
        gpu_memory_limit: int = 0,
        source: object = 'the network',
    ) -> None:
        """
        Load a network.

        :param content: content of the .keras file.
        :param engine: 'tensorflow', 'torch' or 'jax'.
        :param device: 'auto' (the GPU if there is one), 'cpu' or 'gpu'.
        :param gpu_memory_limit: maximum GPU memory in MiB; 0 to allocate it as needed.
        :param source: path of the network or a similar description, for error messages.
        :raises BackendError: if the engine is not installed, Keras is too old or already uses
            another engine in this process, there is no GPU for the device 'gpu', or Keras rejects
            the file.
        """
        self.name = engine
        self._source = shortened(source)
        # By default, JAX allocates three quarters of the GPU's memory when it first uses the GPU.
        os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
        module = import_engine(engine)
        gpu = gpu_name(engine)
        if device == 'gpu' and gpu is None:
            raise BackendError(
                f'{engine} finds no GPU; set device to auto or cpu, or correct the GPU driver'
            )
        on_gpu = gpu is not None and device != 'cpu'
        self.device = f'GPU {gpu}' if on_gpu else 'CPU'
        keras = _import_keras(engine)
        compilers = {
            'tensorflow': _compile_tensorflow,
            'torch': _compile_torch,
            'jax': _compile_jax,
        }
        if on_gpu:
            _limit_memory(engine, module, gpu_memory_limit)
        try:
            check_archive(content)
            place = keras.device(_place(engine, on_gpu))
            with private_copy(content, 'model.keras') as path, place:
                network = keras.saving.load_model(path, compile=False, safe_mode=True)
            self._compiled: Compiled = compilers[engine](module, network, on_gpu)
            # Compile for all batch sizes at start, because each compilation takes up to a second.
            # During a later compilation, no frame could be processed.
            for size in BATCH_SIZES:
                self._compiled(np.zeros((size, *network.input_shape[1:]), np.float32))
        except Exception as error:  # Keras passes on exceptions of many types for a broken file
            raise self._error(f'Keras cannot load {self._source}', error) from error

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        try:
            return run_in_buckets(batch, self._compiled)
        except Exception as error:  # each engine has its own exception types
            raise self._error(f'{self.name} cannot run {self._source}', error) from error

    def _error(self, sentence: str, error: Exception) -> BackendError:
        """
        Convert an exception of an engine to a back end error.

        :param sentence: beginning of the error message.
        :param error: the exception of the engine.
        :return: GpuMemoryError if the memory of the GPU is full, else BackendError.
        """
        name = type(error).__name__
        told = f'{name}: {error}'
        full = name in ('ResourceExhaustedError', 'OutOfMemoryError')
        if self.device != 'CPU' and (full or any(words in told for words in FULL)):
            # The engines' messages list all allocations and are pages long, so they are left out.
            return GpuMemoryError(f'the memory of the {self.device} is full ({name})')
        return BackendError(f'{sentence}: {shortened(error)}')


def release_memory() -> None:
    """
    Release the memory of back ends that are no longer used.

    Networks of Keras contain reference cycles, which only the garbage collector frees. PyTorch
    then returns the memory to the GPU. TensorFlow and JAX keep their memory for the next network.
    """
    gc.collect()
    torch = sys.modules.get('torch')
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _limit_memory(engine: str, module: Any, limit: int) -> None:
    """
    Prevent an engine from allocating the whole memory of the GPU.

    :param engine: 'tensorflow', 'torch' or 'jax'.
    :param module: the imported module of the engine.
    :param limit: maximum GPU memory in MiB; 0 to allocate it as needed.
    :raises BackendError: if the engine already uses the GPU, or is jax and `limit` is not 0.
    """
    try:
        if engine == 'tensorflow':
            found = module.config.list_physical_devices('GPU')[0]
            if limit:
                pool = module.config.LogicalDeviceConfiguration(memory_limit=limit)
                module.config.set_logical_device_configuration(found, [pool])
            else:
                module.config.experimental.set_memory_growth(found, True)
        elif engine == 'torch' and limit:
            total = module.cuda.get_device_properties(0).total_memory
            module.cuda.set_per_process_memory_fraction(min(1.0, limit * 2**20 / total))
        elif engine == 'jax' and limit:
            raise BackendError(
                'jax does not support gpu_memory_limit: set it to 0, and set the environment '
                'variable XLA_PYTHON_CLIENT_MEM_FRACTION before the start of the node'
            )
    except (RuntimeError, ValueError) as error:
        if isinstance(error, BackendError):
            raise
        raise BackendError(
            f'{engine} already uses the GPU, so its memory can no longer be limited to {limit} '
            'MiB; restart the node with gpu_memory_limit'
        ) from error


def _place(engine: str, on_gpu: bool) -> str:
    """Return the name of a device for Keras."""
    if on_gpu:
        return 'gpu:0'
    # PyTorch treats cpu:0 and cpu as different devices. Keras would move its variables to cpu:0,
    # and a moved variable is no longer a parameter of the module.
    return 'cpu' if engine == 'torch' else 'cpu:0'


def _import_keras(engine: str) -> Any:
    """
    Import Keras with an engine.

    :param engine: 'tensorflow', 'torch' or 'jax'.
    :return: the module.
    :raises BackendError: if Keras is not installed, is too old, or already uses another engine.
    """
    if 'keras' not in sys.modules:
        os.environ['KERAS_BACKEND'] = engine
    try:
        keras = importlib.import_module('keras')
    except ImportError as error:
        raise BackendError(
            f'Keras cannot be imported ({error}); install it with: {INSTALLATION[engine]}'
        ) from error
    if keras.backend.backend() != engine:
        raise BackendError(
            f'Keras already uses {keras.backend.backend()} in this process; restart the node with '
            f'backend set to {engine}'
        )
    version = str(keras.__version__)
    if tuple(int(part) for part in re.findall(r'\d+', version)[:2]) < FIRST_KERAS:
        raise BackendError(
            f'Keras {version} is too old, because before version '
            f'{".".join(map(str, FIRST_KERAS))} a .keras file can run code when it is loaded; '
            "install a newer version with: pip install 'keras>=3.12'"
        )
    return keras


def _compile_tensorflow(tensorflow: Any, network: Any, on_gpu: bool) -> Compiled:
    """Trace the network; TensorFlow keeps one compiled graph for each batch size."""
    traced = tensorflow.function(lambda batch: network(batch, training=False))
    place = '/GPU:0' if on_gpu else '/CPU:0'

    def run(batch: np.ndarray) -> np.ndarray:
        with tensorflow.device(place):
            output: np.ndarray = traced(tensorflow.constant(batch)).numpy()
        return output

    return run


def _compile_torch(torch: Any, network: Any, on_gpu: bool) -> Compiled:
    """Move the network to its device. PyTorch needs no compilation."""
    place = 'cuda' if on_gpu else 'cpu'
    network.to(place)

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            output = network(torch.from_numpy(batch).to(place), training=False)
            values: np.ndarray = output.cpu().numpy()
        return values

    return run


def _compile_jax(jax: Any, network: Any, on_gpu: bool) -> Compiled:
    """Compile the network as a pure function of its variables."""
    place = jax.devices()[0] if on_gpu else jax.devices('cpu')[0]
    variables = jax.device_put(
        (
            [variable.value for variable in network.trainable_variables],
            [variable.value for variable in network.non_trainable_variables],
        ),
        place,
    )
    compiled = jax.jit(
        lambda state, batch: network.stateless_call(*state, batch, training=False)[0]
    )

    def run(batch: np.ndarray) -> np.ndarray:
        return np.asarray(compiled(variables, jax.device_put(batch, place)))

    return run
