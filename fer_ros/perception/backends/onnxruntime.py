"""The back end with ONNX Runtime, on the CPU, or on a GPU through CUDA or TensorRT."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.base import BATCH_SIZES
from fer_ros.perception.backends.base import GpuMemoryError
from fer_ros.perception.backends.base import run_in_buckets
from fer_ros.perception.backends.base import run_in_fixed_parts
from fer_ros.perception.backends.base import run_in_parts
from fer_ros.perception.backends.onnx_file import check_onnx
from fer_ros.perception.backends.onnx_file import OnnxFileError
from fer_ros.perception.quoting import shortened

INSTALLATION = 'pip install onnxruntime (or onnxruntime-gpu)'

CPU_PROVIDER = 'CPUExecutionProvider'
# The providers that run on a GPU, in the order of preference, with their readable names.
GPU_PROVIDERS = {'TensorrtExecutionProvider': 'TensorRT', 'CUDAExecutionProvider': 'CUDA'}

# Maximum number of crops in one call on the CPU. ONNX Runtime keeps the memory of its largest
# batch: 85 MiB for eight crops on fer2013_mobile, and 99 MiB for sixteen. Eight crops take as long
# per crop as sixteen do.
MOST_ON_CPU = 8

# Element types of an input that the batch is converted to.
INPUT_TYPES = {
    'tensor(float)': np.float32,
    'tensor(float16)': np.float16,
    'tensor(double)': np.float64,
}

# Parts of the messages of CUDA and of ONNX Runtime's allocator when the memory of the GPU is full.
FULL = ('out of memory', 'Failed to allocate memory', 'OUT_OF_MEMORY', 'CUDA failure 2')

# Only errors are returned, as exceptions. All lower levels of the log would go to the terminal.
SILENT = 4


def import_onnxruntime() -> Any:
    """
    Import ONNX Runtime.

    :return: the module.
    :raises BackendError: if it cannot be imported.
    """
    try:
        module = importlib.import_module('onnxruntime')
    except ImportError as error:
        raise BackendError(
            f'ONNX Runtime cannot be imported ({error}); install it with: {INSTALLATION}'
        ) from error
    module.set_default_logger_severity(SILENT)
    return module


def gpu_providers(module: Any) -> list[str]:
    """
    Return the providers of an installed ONNX Runtime that run on a GPU.

    :param module: the module `onnxruntime`.
    :return: names of providers in the order of preference.
    """
    return [name for name in GPU_PROVIDERS if name in module.get_available_providers()]


class OnnxRuntimeBackend:
    """Run `model.onnx` with ONNX Runtime."""

    name = 'onnxruntime'
    kind = 'onnx'
    reason = 'as set by the parameter backend'

    def __init__(
        self,
        content: bytes,
        device: str = 'auto',
        gpu_memory_limit: int = 0,
        source: object = 'the network',
    ) -> None:
        """
        Load a network.

        :param content: content of the .onnx file.
        :param device: 'auto' (a GPU if this build can use one), 'cpu' or 'gpu'.
        :param gpu_memory_limit: maximum GPU memory in MiB; 0 to allocate it as needed.
        :param source: path of the network or a similar description, for error messages.
        :raises BackendError: if ONNX Runtime is not installed, cannot use a GPU for the device
            'gpu', or rejects the file.
        """
        module = import_onnxruntime()
        self._source = shortened(source)
        self.device = 'CPU'
        try:
            check_onnx(content)
        except OnnxFileError as error:
            raise BackendError(f'ONNX Runtime cannot load {self._source}: {error}') from error
        offered = [] if device == 'cpu' else gpu_providers(module)
        if device == 'gpu' and not offered:
            raise BackendError(
                'this build of ONNX Runtime has no provider for a GPU; install one with: pip '
                'install onnxruntime-gpu'
            )
        session = self._start(module, content, offered, gpu_memory_limit)
        provider = session.get_providers()[0]
        if provider in GPU_PROVIDERS:
            self.device = f'GPU ({GPU_PROVIDERS[provider]})'
        elif device == 'gpu':
            raise BackendError(
                f'ONNX Runtime {module.__version__} cannot use the GPU; install the versions of '
                'CUDA and cuDNN that it was built for'
            )
        self._session = session
        self._read_interface()
        if self.device != 'CPU':
            # The first run of each batch size selects algorithms, or compiles the network.
            for size in BATCH_SIZES:
                self.run(np.zeros((size, *self._shape[1:]), np.float32))

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        if self._fixed:
            return run_in_fixed_parts(batch, self._run_part, self._fixed)
        if self.device != 'CPU':
            return run_in_buckets(batch, self._run_part)
        return run_in_parts(batch, self._run_part, MOST_ON_CPU)

    def _start(self, module: Any, content: bytes, offered: list[str], limit: int) -> Any:
        """
        Load the network on the first of the offered providers that works, else on the CPU.

        :param module: the module `onnxruntime`.
        :param content: content of the .onnx file.
        :param offered: names of providers for a GPU.
        :param limit: maximum GPU memory in MiB; 0 to allocate it as needed.
        :return: the session.
        :raises BackendError: if ONNX Runtime rejects the file.
        """
        options = module.SessionOptions()
        options.log_severity_level = SILENT
        # As for LiteRT, one thread is the fastest at the rate of a camera.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # A memory pattern reserves memory for each batch size, in addition to the arena.
        options.enable_mem_pattern = False
        # Without this entry, ONNX Runtime also loads its own format, which `check_onnx` cannot
        # check.
        options.add_session_config_entry('session.load_model_format', 'ONNX')
        error: Exception | None = None
        providers = [*((name, _options(name, limit)) for name in offered), (CPU_PROVIDER, {})]
        # If a provider rejects the network, the next session is created without this provider.
        for first in range(len(providers)):
            try:
                return module.InferenceSession(content, options, providers=providers[first:])
            except Exception as raised:  # ONNX Runtime has an exception type for each status
                error = raised
        assert error is not None
        raise BackendError(f'ONNX Runtime cannot load {self._source}: {shortened(error)}')

    def _read_interface(self) -> None:
        """Read the input and the output of the network."""
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in INPUT_TYPES:
            told = ', '.join(f'{one.name}: {one.type}' for one in inputs)
            raise BackendError(
                f'{self._source} has the inputs {shortened(told, 100)}, but must have one input '
                'of floating-point numbers'
            )
        self._input, self._type = inputs[0].name, INPUT_TYPES[inputs[0].type]
        self._output = self._session.get_outputs()[0].name
        # A dimension that is not fixed has a name, or None.
        self._shape = [size if isinstance(size, int) else 1 for size in inputs[0].shape]
        first = inputs[0].shape[0] if inputs[0].shape else None
        # The only batch size that the network accepts; 0 if it accepts any.
        self._fixed = first if isinstance(first, int) else 0

    def _run_part(self, batch: np.ndarray) -> np.ndarray:
        """Run the network on the whole batch."""
        try:
            given = {self._input: batch.astype(self._type, copy=False)}
            output = self._session.run([self._output], given)[0]
            return np.asarray(output, np.float32).reshape(len(batch), -1)
        except Exception as error:  # ONNX Runtime has an exception type for each status
            if self.device != 'CPU' and any(words in str(error) for words in FULL):
                raise GpuMemoryError(f'the memory of the {self.device} is full') from error
            raise BackendError(
                f'ONNX Runtime cannot run {self._source}: {shortened(error)}'
            ) from error


def _options(provider: str, limit: int) -> dict[str, Any]:
    """
    Return the options of a provider for a GPU.

    :param provider: one of GPU_PROVIDERS.
    :param limit: maximum GPU memory in MiB; 0 to allocate it as needed.
    """
    if provider == 'TensorrtExecutionProvider':
        return {'trt_max_workspace_size': limit << 20} if limit else {}
    # TensorFloat-32 has a precision of 10 bits, and the outputs would differ by more than 1e-3.
    # The exhaustive search of algorithms would repeat for each batch size, and needs more memory.
    options: dict[str, Any] = {'use_tf32': 0, 'cudnn_conv_algo_search': 'HEURISTIC'}
    options['arena_extend_strategy'] = 'kSameAsRequested'
    if limit:
        options['gpu_mem_limit'] = limit << 20
    return options
