"""Test the back end with ONNX Runtime: batches, devices, and networks that it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import choice
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.backends import onnxruntime as module
from fer_ros.perception.backends.onnxruntime import OnnxRuntimeBackend

onnx = pytest.importorskip('onnx')

from onnx import helper  # noqa: E402

from onnx_networks import of_nodes  # noqa: E402
from onnx_networks import weighted  # noqa: E402

CPU, CUDA, TENSORRT = (
    'CPUExecutionProvider',
    'CUDAExecutionProvider',
    'TensorrtExecutionProvider',
)


def pictures(count):
    return np.random.default_rng(1).random((count, 4, 4, 1), np.float32)


def expected(network, batch):
    weights = onnx.numpy_helper.to_array(network.graph.initializer[0])
    return batch.reshape(len(batch), -1) @ weights


@pytest.mark.parametrize('fixed', ['N', 1, 3])
def test_any_number_of_faces_runs_whatever_the_batch_size_of_the_network(fixed):
    pytest.importorskip('onnxruntime')
    network = weighted(fixed)
    backend = OnnxRuntimeBackend(network.SerializeToString())

    for count in (1, 2, 3, 8, 9, 17, 1):
        batch = pictures(count)
        np.testing.assert_allclose(backend.run(batch), expected(network, batch), atol=1e-5)
    assert backend.device == 'CPU'


def test_a_network_with_weights_in_another_file_is_refused(tmp_path, monkeypatch):
    pytest.importorskip('onnxruntime')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'secret').write_bytes(bytes(1000))
    network = weighted()
    tensor = network.graph.initializer[0]
    tensor.ClearField('raw_data')
    tensor.data_location = 1
    tensor.external_data.add(key='location', value='secret')

    with pytest.raises(BackendError, match='ONNX Runtime cannot load .* weights in another file'):
        OnnxRuntimeBackend(network.SerializeToString())


def test_a_network_with_two_inputs_is_refused():
    pytest.importorskip('onnxruntime')
    network = weighted()
    network.graph.input.append(helper.make_tensor_value_info('second', 1, [1]))
    network.graph.node.append(helper.make_node('Identity', ['second'], ['unused']))

    with pytest.raises(BackendError, match='has the inputs .* must have one input'):
        OnnxRuntimeBackend(network.SerializeToString())


def test_a_network_that_does_not_fit_together_is_refused_in_a_sentence():
    pytest.importorskip('onnxruntime')
    node = helper.make_node('MatMul', ['image', 'missing'], ['logits'])

    with pytest.raises(BackendError, match='ONNX Runtime cannot load model.onnx: '):
        OnnxRuntimeBackend(of_nodes([node], {}).SerializeToString(), source='model.onnx')


def test_where_it_is_not_installed_its_installation_is_named(monkeypatch):
    monkeypatch.setitem(module.importlib.sys.modules, 'onnxruntime', None)

    with pytest.raises(BackendError, match='pip install onnxruntime'):
        OnnxRuntimeBackend(weighted().SerializeToString())


class FakeRuntime:
    """A stand-in for a build of ONNX Runtime with some providers, of which some work."""

    __version__ = '1.0'

    def __init__(self, offered, working, broken=()):
        self.offered, self.working, self.broken = offered, working, broken
        self.options, self.made = [], []

    def set_default_logger_severity(self, level):
        pass

    def get_available_providers(self):
        return [*self.offered, CPU]

    def SessionOptions(self):  # noqa: N802
        made = SimpleNamespace(entries={})
        made.add_session_config_entry = made.entries.__setitem__
        self.options.append(made)
        return made

    def InferenceSession(self, content, options, providers):  # noqa: N802
        self.made.append(providers)
        names = [name for name, _ in providers]
        if names[0] in self.broken:
            raise RuntimeError('the provider rejects the network')
        return FakeSession([name for name in names if name in (*self.working, CPU)])


class FakeSession:
    def __init__(self, providers):
        self.providers, self.sizes, self.error = providers, [], None

    def get_providers(self):
        return self.providers

    def get_inputs(self):
        return [SimpleNamespace(name='image', type='tensor(float)', shape=['N', 4, 4, 1])]

    def get_outputs(self):
        return [SimpleNamespace(name='logits')]

    def run(self, names, given):
        if self.error:
            raise self.error
        self.sizes.append(len(given['image']))
        return [np.zeros((len(given['image']), 2), np.float32)]


@pytest.fixture
def build(monkeypatch):
    def make(*given, **named):
        made = FakeRuntime(*given, **named)
        monkeypatch.setitem(module.importlib.sys.modules, 'onnxruntime', made)
        return made

    return make


@pytest.mark.parametrize(
    ('offered', 'working', 'device', 'found'),
    [
        ([TENSORRT, CUDA], [TENSORRT, CUDA], 'auto', 'GPU (TensorRT)'),
        ([TENSORRT, CUDA], [CUDA], 'gpu', 'GPU (CUDA)'),
        ([CUDA], [CUDA], 'cpu', 'CPU'),
        ([CUDA], [], 'auto', 'CPU'),
        ([], [], 'auto', 'CPU'),
    ],
)
def test_the_first_provider_of_the_build_that_works_is_used(
    build, offered, working, device, found
):
    runtime = build(offered, working)

    backend = OnnxRuntimeBackend(weighted().SerializeToString(), device)

    assert backend.device == found
    (options,) = runtime.options
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.entries == {'session.load_model_format': 'ONNX'}
    # All batch sizes are run at start on a GPU only.
    assert backend._session.sizes == ([1, 2, 4, 8, 16] if found != 'CPU' else [])


@pytest.mark.parametrize('offered', [[CUDA], []])
def test_a_gpu_that_cannot_be_used_is_said(build, offered):
    build(offered, [])

    with pytest.raises(BackendError, match='provider for a GPU|cannot use the GPU; install'):
        OnnxRuntimeBackend(weighted().SerializeToString(), 'gpu')


def test_a_provider_that_rejects_the_network_leaves_it_to_the_next(build):
    build([TENSORRT, CUDA], [TENSORRT, CUDA], broken=[TENSORRT])

    assert OnnxRuntimeBackend(weighted().SerializeToString()).device == 'GPU (CUDA)'


def test_the_limit_of_the_gpu_memory_reaches_the_provider(build):
    runtime = build([CUDA], [CUDA])

    OnnxRuntimeBackend(weighted().SerializeToString(), 'gpu', 256)

    assert dict(runtime.made[0])[CUDA]['gpu_mem_limit'] == 256 << 20


@pytest.mark.parametrize(('device', 'kind'), [('gpu', GpuMemoryError), ('cpu', BackendError)])
def test_a_gpu_that_is_full_is_told_from_other_failures(build, device, kind):
    build([CUDA], [CUDA])
    backend = OnnxRuntimeBackend(weighted().SerializeToString(), device)
    backend._session.error = RuntimeError('BFCArena: Failed to allocate memory for 3 bytes')

    with pytest.raises(BackendError) as raised:
        backend.run(pictures(1))

    assert type(raised.value) is kind


@pytest.mark.parametrize(('present', 'given'), [(True, 'auto'), (False, 'cpu')])
def test_without_a_driver_no_gpu_is_asked_for(monkeypatch, present, given):
    made = []
    monkeypatch.setattr(choice, 'gpu_present', lambda: present)
    monkeypatch.setattr(choice, 'OnnxRuntimeBackend', lambda *words: made.append(words[1]))
    card = SimpleNamespace(
        folder=choice.Path('/'), files={'onnx': ('model.onnx', '')}, input=SimpleNamespace(shape=0)
    )

    choice.load_backend('onnxruntime', card, b'', 'auto')

    assert made == [given]
