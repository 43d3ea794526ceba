"""Test that all engines give the same outputs for the shipped model, at any batch size."""

from contextlib import nullcontext
from dataclasses import replace
from functools import cache
import importlib.util
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import choice
from fer_ros.perception.backends import create_backend
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.backends import keras as keras_module
from fer_ros.perception.backends import litert
from fer_ros.perception.backends import release_memory
from fer_ros.perception.backends.keras import KerasBackend
from fer_ros.perception.backends.litert import LiteRtBackend
from fer_ros.perception.backends.opencv import OpenCvBackend
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.settings import DEFAULT_MODEL

# Allowed difference between two back ends on the same input, as specified in DESIGN.md.
TOLERANCE = 1e-3


@pytest.fixture(scope='module')
def card():
    return load_card(find_bundle(DEFAULT_MODEL))


@pytest.fixture(scope='module')
def batch(card):
    """Create 17 smooth images, one more than the largest batch."""
    random = np.random.default_rng(3)
    low, high = card.input.value_range
    coarse = random.uniform(low, high, (17, 6, 6, card.input.channels))
    fine = coarse.repeat(-(-card.input.height // 6), 1).repeat(-(-card.input.width // 6), 2)
    height, width = card.input.shape[:2]
    return np.ascontiguousarray(fine[:, :height, :width].astype(np.float32))


@pytest.fixture(scope='module')
def reference(card, batch):
    """Return the OpenCV output for each single image."""
    network = OpenCvBackend(card.read('onnx'), card.input.shape)
    return np.concatenate([network.run(picture[None]) for picture in batch])


@pytest.mark.parametrize('count', [1, 2, 3, 4, 5, 8, 16, 17])
@pytest.mark.parametrize('name', ['litert', 'onnxruntime', 'opencv'])
def test_back_ends_agree_on_any_number_of_faces(card, batch, reference, name, count):
    module = {'litert': 'ai_edge_litert', 'onnxruntime': 'onnxruntime', 'opencv': 'cv2'}[name]
    pytest.importorskip(module)

    output = create_backend(name, card).run(batch[:count])

    assert output.shape == (count, len(card.labels))
    np.testing.assert_allclose(output, reference[:count], atol=TOLERANCE)


def test_litert_is_right_while_people_come_and_leave(card, batch, reference):
    pytest.importorskip('ai_edge_litert')
    backend = LiteRtBackend(card.read('tflite'))

    for count in (1, 5, 2, 17, 3, 16, 1):
        np.testing.assert_allclose(
            backend.run(batch[:count]), reference[:count], atol=TOLERANCE, err_msg=f'{count} faces'
        )


def test_litert_holds_the_weights_once_whatever_the_number_of_faces(card, batch, monkeypatch):
    pytest.importorskip('ai_edge_litert')
    interpreter, made = litert.import_interpreter(), []
    monkeypatch.setattr(
        litert,
        'import_interpreter',
        lambda: lambda **options: made.append(interpreter(**options)) or made[-1],
    )
    backend = LiteRtBackend(card.read('tflite'))

    for count in (1, 4, 17):
        backend.run(batch[:count])

    assert len(made) == 1


def test_litert_does_not_depend_on_the_file_that_was_read(card, batch, reference, tmp_path):
    pytest.importorskip('ai_edge_litert')
    path = tmp_path / 'model.tflite'
    path.write_bytes(card.read('tflite'))
    backend = LiteRtBackend(path.read_bytes(), path)

    path.write_bytes(b'')

    np.testing.assert_allclose(backend.run(batch[:5]), reference[:5], atol=TOLERANCE)


def test_litert_goes_on_after_a_batch_that_it_does_not_take(card, batch, reference):
    pytest.importorskip('ai_edge_litert')
    backend = LiteRtBackend(card.read('tflite'))

    with pytest.raises(BackendError, match='LiteRT cannot run'):
        backend.run(batch[:2, :-1])

    np.testing.assert_allclose(backend.run(batch[:2]), reference[:2], atol=TOLERANCE)


def said_by(script):
    """
    Run a script in a separate process, because Keras supports only one engine per process.

    Return its output.
    """
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope='module')
def keras_on(card, batch, tmp_path_factory):
    """
    Return a function that runs Keras on an engine, or skips the test.

    The function returns the outputs for 1, 3 and 17 images, and the printed lines. Each engine
    runs once for all tests, because compiling takes most of a minute.
    """
    folder = tmp_path_factory.mktemp('keras')
    np.save(folder / 'batch.npy', batch)

    @cache
    def run(engine):
        # Keras calls a layer's Python code only while it traces the network, not when the compiled
        # function runs.
        script = f"""
import numpy as np
from pathlib import Path
from fer_ros.perception.backends.keras import KerasBackend
backend = KerasBackend(Path({str(card.file('keras'))!r}).read_bytes(), {engine!r}, 'cpu')
import keras
call, calls = keras.layers.Layer.__call__, []
def counted(self, *given, **named):
    calls.append(self.name)
    return call(self, *given, **named)
keras.layers.Layer.__call__ = counted
batch = np.load({str(folder / 'batch.npy')!r})
outputs = [backend.run(batch[:count]) for count in (1, 3, 17)]
np.savez({str(folder / engine)!r}, *outputs)
print(backend.name, backend.device)
for count in (1, 2, 3, 5, 8, 9, 16, 17, 1, 4):
    backend.run(batch[:count])
print('calls', len(calls))
backend._compiled(np.zeros((33, *batch.shape[1:]), np.float32))
print('for another size', bool(calls))
"""
        printed = said_by(script).splitlines()
        with np.load(folder / f'{engine}.npz') as outputs:
            return [outputs[name] for name in outputs.files], printed

    def run_if_installed(engine):
        if any(importlib.util.find_spec(module) is None for module in (engine, 'keras')):
            pytest.skip(f'{engine} or Keras is not installed')
        return run(engine)

    return run_if_installed


@pytest.mark.parametrize('engine', ['tensorflow', 'torch', 'jax'])
def test_keras_agrees_on_every_engine_that_is_installed(keras_on, reference, engine):
    outputs, printed = keras_on(engine)

    assert printed[0] == f'{engine} CPU'
    for output, count in zip(outputs, (1, 3, 17), strict=True):
        np.testing.assert_allclose(output, reference[:count], atol=TOLERANCE)


# PyTorch is excluded, because it does not compile.
@pytest.mark.parametrize('engine', ['tensorflow', 'jax'])
def test_keras_compiles_ahead_and_never_again(keras_on, engine):
    _, printed = keras_on(engine)

    assert printed[1:] == ['calls 0', 'for another size True']


def test_a_network_that_is_wrong_on_a_batch_is_given_face_by_face(
    card, batch, reference, monkeypatch
):
    forward = OpenCvBackend._forward
    labels = len(card.labels)

    def wrong_on_a_batch(self, faces):
        if len(faces) == 1:
            return forward(self, faces)
        return np.zeros((len(faces), labels), np.float32)

    monkeypatch.setattr(OpenCvBackend, '_forward', wrong_on_a_batch)

    output = OpenCvBackend(card.read('onnx'), card.input.shape).run(batch[:3])

    np.testing.assert_allclose(output, reference[:3], atol=TOLERANCE)


def test_a_file_that_is_no_network_is_refused_in_a_sentence():
    broken = b'this is no network'

    with pytest.raises(BackendError, match=r'OpenCV .* cannot load'):
        OpenCvBackend(broken, (48, 48, 1))
    if importlib.util.find_spec('ai_edge_litert'):
        with pytest.raises(BackendError, match='LiteRT cannot load'):
            LiteRtBackend(broken)


def test_a_name_that_is_none_is_answered_with_the_names_there_are(card):
    with pytest.raises(
        BackendError, match="there is no back end 'cuda'; choose one of: auto, tens"
    ):
        create_backend('cuda', card)


def test_a_gpu_is_not_promised_where_there_can_be_none(card):
    with pytest.raises(BackendError, match='litert runs only on the CPU'):
        create_backend('litert', card, 'gpu')


@pytest.mark.parametrize('name', ['auto', 'tensorflow', 'torch', 'jax'])
def test_without_a_driver_no_engine_is_imported_to_ask_for_a_gpu(card, monkeypatch, name):
    def refuse_to_ask(*_):
        raise AssertionError('an engine is imported')

    monkeypatch.setattr(choice, 'gpu_present', lambda: False)
    monkeypatch.setattr(choice, 'gpu_name', refuse_to_ask)
    monkeypatch.setattr(choice, 'load_backend', refuse_to_ask)
    monkeypatch.setattr(choice, 'ensure_tried', refuse_to_ask)

    with pytest.raises(BackendError, match='device is gpu, but no driver .* set device to auto'):
        create_backend(name, card, 'gpu')


def test_an_engine_that_is_not_installed_is_named_with_its_installation(card, monkeypatch):
    monkeypatch.setitem(sys.modules, 'torch', None)

    with pytest.raises(BackendError, match='pip install keras torch'):
        KerasBackend(card.read('keras'), 'torch')


@pytest.mark.parametrize(('version', 'old'), [('3.11.3', True), ('3.12.0', False), ('4.0', False)])
def test_a_keras_that_runs_code_of_files_is_refused(card, monkeypatch, version, old):
    loaded = []

    def load_model(path, **options):
        loaded.append(options)
        raise ValueError('as far as this test goes')

    keras = SimpleNamespace(
        __version__=version,
        backend=SimpleNamespace(backend=lambda: 'torch'),
        device=lambda place: nullcontext(),
        saving=SimpleNamespace(load_model=load_model),
    )
    monkeypatch.setitem(sys.modules, 'keras', keras)
    monkeypatch.setattr(keras_module, 'import_engine', lambda engine: None)
    monkeypatch.setattr(keras_module, 'gpu_name', lambda engine: None)
    monkeypatch.setattr(keras_module, 'check_archive', lambda content: None)

    with pytest.raises(BackendError) as caught:
        KerasBackend(card.read('keras'), 'torch')

    refused = f'Keras {version} is too old' in str(caught.value)
    assert refused == old
    assert loaded == ([] if old else [{'compile': False, 'safe_mode': True}])
    assert not old or "pip install 'keras>=3.12'" in str(caught.value)


def test_auto_takes_litert_where_there_is_no_gpu_and_says_why(card, monkeypatch):
    pytest.importorskip('ai_edge_litert')
    monkeypatch.setattr(choice, 'gpu_present', lambda: False)

    backend = create_backend('auto', card)

    assert backend.name == 'litert'
    assert backend.reason == 'this machine has no GPU'


def test_auto_takes_an_engine_that_sees_a_gpu(card, monkeypatch):
    loaded = []
    monkeypatch.setattr(choice, 'gpu_present', lambda: True)
    monkeypatch.setattr(
        choice.importlib.util, 'find_spec', lambda name: None if name == 'tensorflow' else True
    )
    monkeypatch.setattr(choice, 'gpu_name', lambda engine: 'Some GPU')
    monkeypatch.setattr(
        choice, 'KerasBackend', lambda *given: loaded.append(given[1:4]) or KerasStandIn()
    )

    backend = create_backend('auto', card)

    assert loaded == [('torch', 'gpu', 0)]
    assert backend.reason == 'tensorflow or Keras is not installed'


class KerasStandIn:
    name, device, kind = 'torch', 'GPU Some GPU', 'keras'


@pytest.mark.parametrize('taken', ['onnxruntime', 'opencv'])
def test_auto_goes_on_to_the_next_where_litert_is_missing(card, monkeypatch, taken):
    monkeypatch.setattr(choice, 'gpu_present', lambda: False)
    monkeypatch.setitem(sys.modules, 'ai_edge_litert.interpreter', None)
    monkeypatch.setitem(sys.modules, 'tflite_runtime.interpreter', None)
    if taken == 'onnxruntime':
        pytest.importorskip('onnxruntime')
    else:
        find = importlib.util.find_spec
        monkeypatch.setattr(
            choice.importlib.util,
            'find_spec',
            lambda name: None if name == 'onnxruntime' else find(name),
        )

    backend = create_backend('auto', card)

    assert backend.name == taken
    assert 'pip install ai-edge-litert' in backend.reason
    assert ('onnxruntime is not installed' in backend.reason) == (taken == 'opencv')


def test_auto_runs_a_bundle_with_keras_alone_on_an_engine_that_is_installed(card, monkeypatch):
    loaded = []
    monkeypatch.setattr(choice, 'gpu_present', lambda: False)
    monkeypatch.setattr(
        choice.importlib.util, 'find_spec', lambda name: None if name == 'tensorflow' else True
    )
    monkeypatch.setattr(
        choice, 'KerasBackend', lambda *given: loaded.append(given[1:4]) or KerasStandIn()
    )
    monkeypatch.setattr(choice, 'ensure_tried', lambda *_: None)

    backend = create_backend('auto', replace(card, files={'keras': card.files['keras']}))

    assert loaded == [('torch', 'cpu', 0)]
    assert 'litert reads only tflite files, and the bundle has none' in backend.reason
    assert 'tensorflow or Keras is not installed' in backend.reason


def test_a_bundle_that_nothing_can_run_says_why(card, tmp_path):
    folder = shutil.copytree(card.folder, tmp_path / 'bundle')
    for name in ('model.tflite', 'model.onnx', 'model.keras'):
        (folder / name).unlink()

    with pytest.raises(BackendError, match=r'no back end can run .*model\.tflite is missing'):
        create_backend('auto', load_card(folder), 'cpu')


def test_a_network_of_another_bundle_is_refused(card, tmp_path):
    folder = shutil.copytree(card.folder, tmp_path / 'bundle')
    written = yaml.safe_load((folder / 'card.yaml').read_text())
    written['files']['onnx']['sha256'] = '0' * 64
    (folder / 'card.yaml').write_text(yaml.safe_dump(written))

    with pytest.raises(BundleError, match='from the same bundle'):
        create_backend('opencv', load_card(folder))


class ResourceExhaustedError(Exception):
    """A stand-in for TensorFlow's exception of this name."""


@pytest.mark.parametrize(
    ('device', 'error', 'kind'),
    [
        ('GPU small', ResourceExhaustedError('OOM when allocating tensor'), GpuMemoryError),
        ('GPU small', RuntimeError('CUDA out of memory. Tried to allocate'), GpuMemoryError),
        ('GPU small', RuntimeError('RESOURCE_EXHAUSTED: Out of memory'), GpuMemoryError),
        ('GPU small', RuntimeError('the GPU has fallen off the bus'), BackendError),
        ('CPU', RuntimeError('out of memory'), BackendError),
    ],
)
def test_a_gpu_that_is_full_is_told_from_one_that_fails(device, error, kind):
    def fail(_):
        raise error

    # A loaded back end without an engine.
    backend = object.__new__(KerasBackend)
    backend.name, backend.device, backend._source = 'tensorflow', device, 'model.keras'
    backend._compiled = fail

    with pytest.raises(BackendError) as raised:
        backend.run(np.zeros((1, 4, 4, 1), np.float32))

    assert type(raised.value) is kind


def test_pytorch_gives_the_memory_of_the_gpu_back(monkeypatch):
    emptied = []

    class Cuda:
        is_initialized = staticmethod(lambda: True)
        empty_cache = staticmethod(lambda: emptied.append(True))

    class Torch:
        cuda = Cuda

    monkeypatch.setitem(sys.modules, 'torch', Torch)

    release_memory()

    assert emptied == [True]
