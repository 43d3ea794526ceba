"""Test that a network of any format becomes a bundle with the outputs of the original."""

import hashlib

import h5py
import keras
import numpy as np
import onnx
from onnx import helper
from onnx import numpy_helper
from onnx import TensorProto
import pytest

from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.models.bundle import load_card
from onnx_networks import weighted
from training.__main__ import main
from training.bundles.foreign import bundle
from training.bundles.foreign.bundle import import_network
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError

SIDE = 12
LABELS = ('happy', 'sad', 'angry')


@pytest.fixture(scope='module')
def pictures():
    """Create colour pictures, BGR."""
    return np.random.default_rng(5).integers(0, 256, (9, SIDE, SIDE, 3), np.uint8)


def network(channels, softmax=True, rescaling=False):
    """Build a small network of Keras with random weights."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, channels)),
            *([layers.Rescaling(1 / 255)] if rescaling else []),
            layers.Conv2D(6, 3, activation='relu'),
            layers.GlobalAveragePooling2D(),
            layers.Dense(len(LABELS), activation='softmax' if softmax else None),
        ]
    )


def of_pytorch(softmax=True, batch='batch', wrong_for_batches=False):
    """Build the ONNX file that PyTorch exports from a small network: NCHW, three channels."""
    generator = np.random.default_rng(2)
    arrays = {
        'conv.weight': generator.normal(size=(6, 3, 3, 3)),
        'conv.bias': generator.normal(size=6),
        'fc.weight': generator.normal(size=(len(LABELS), 6)),
        'fc.bias': generator.normal(size=len(LABELS)),
    }
    nodes = [
        helper.make_node(
            'Conv', ['input', 'conv.weight', 'conv.bias'], ['a'], kernel_shape=[3, 3]
        ),
        helper.make_node('Relu', ['a'], ['b']),
        helper.make_node('GlobalAveragePool', ['b'], ['c']),
    ]
    if wrong_for_batches:
        # As by `x.view(1, -1)`.
        arrays['shape'] = np.array([1, 6])
        nodes.append(helper.make_node('Reshape', ['c', 'shape'], ['d']))
    else:
        nodes.append(helper.make_node('Flatten', ['c'], ['d']))
    last = 'e' if softmax else 'output'
    nodes.append(helper.make_node('Gemm', ['d', 'fc.weight', 'fc.bias'], [last], transB=1))
    if softmax:
        nodes.append(helper.make_node('Softmax', ['e'], ['output'], axis=1))
    graph = helper.make_graph(
        nodes,
        'main_graph',
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info('output', TensorProto.FLOAT, [batch, len(LABELS)])],
        [
            numpy_helper.from_array(
                array.astype(np.int64 if name == 'shape' else np.float32), name
            )
            for name, array in arrays.items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)


def expected_of_pytorch(model, values):
    """Compute the probabilities of `of_pytorch`, in NumPy alone."""
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    windows = np.lib.stride_tricks.sliding_window_view(
        values.transpose(0, 3, 1, 2), (3, 3), axis=(2, 3)
    )
    found = np.einsum('nchwij,ocij->nohw', windows, arrays['conv.weight'])
    found = np.maximum(found + arrays['conv.bias'][:, None, None], 0).mean(axis=(2, 3))
    return softmaxed(found @ arrays['fc.weight'].T + arrays['fc.bias'])


def classified(folder, backend, pictures):
    """Classify pictures as the node does."""
    card = load_card(folder)
    return Classifier(card, create_backend(backend, card, trial=False)).classify(list(pictures))


def softmaxed(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize('suffix', ['.keras', pytest.param('.h5', marks=pytest.mark.slow)])
def test_a_network_of_keras_runs_in_every_format(tmp_path, pictures, suffix):
    model, told = network(3, softmax=suffix == '.keras', rescaling=suffix == '.h5'), []
    path = tmp_path / f'network{suffix}'
    model.save(path)
    given = Given(LABELS, colour='rgb', value_range=None if suffix == '.h5' else (-1.0, 1.0))

    card = import_network(path, given, tmp_path / 'bundle', tell=told.append)

    assert card.kinds == ('keras', 'tflite', 'onnx')
    assert card.training['imported_from'] == {
        'name': path.name,
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    rgb = pictures[..., ::-1].astype(np.float32)
    if suffix == '.keras':
        assert card.output == 'probabilities'
        expected = model.predict(rgb / 127.5 - 1, verbose=0)
    else:
        assert card.output == 'logits'
        assert card.input.value_range == (0, 255)
        assert 'range: 0 to 255, because the network scales the pixels' in told
        expected = softmaxed(model.predict(rgb, verbose=0))
    for backend in ('litert', 'onnxruntime', 'opencv'):
        np.testing.assert_allclose(
            classified(tmp_path / 'bundle', backend, pictures), expected, atol=1e-4
        )
        assert any(sentence.startswith(f'{backend}: runs it') for sentence in told)


@pytest.mark.parametrize(
    ('softmax', 'batch', 'wrong'),
    [(True, 'batch', False), (False, 1, False), (True, 'batch', True)],
)
def test_a_network_of_pytorch_runs_with_the_channels_last(
    tmp_path, pictures, softmax, batch, wrong
):
    model, told = of_pytorch(softmax, batch, wrong), []
    path = tmp_path / 'network.onnx'
    onnx.save(model, path)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    given = Given(LABELS, colour='rgb', mean=tuple(mean), std=tuple(std))

    card = import_network(path, given, tmp_path / 'bundle', tell=told.append)

    assert card.kinds == ('onnx',)
    assert card.output == ('probabilities' if softmax else 'logits')
    values = (pictures[..., ::-1] / 255 - mean) / std
    np.testing.assert_allclose(
        classified(tmp_path / 'bundle', 'onnxruntime', pictures),
        expected_of_pytorch(model, values),
        atol=1e-4,
    )
    assert f'input: 12x12 pixels, NCHW, because the input is {"?" if batch == "batch" else 1}' in (
        told[0].removesuffix('x3x12x12')
    )
    assert any('litert: cannot run it, because there is no tflite file' in one for one in told)
    assert ('one picture at a time' in ' '.join(told)) == wrong


@pytest.mark.slow
def test_a_saved_model_and_its_tflite_file_run(tmp_path, pictures):
    model, told = network(1), []
    model.export(tmp_path / 'saved', verbose=False)
    given = Given(LABELS, value_range=(0.0, 1.0))

    card = import_network(tmp_path / 'saved', given, tmp_path / 'one', tell=told.append)
    (tmp_path / 'network.tflite').write_bytes(card.read('tflite'))
    again = import_network(tmp_path / 'network.tflite', given, tmp_path / 'two', tell=told.append)

    assert card.kinds == again.kinds == ('tflite', 'onnx')
    gray = pictures[..., 0]
    expected = model.predict(gray[..., None] / np.float32(255), verbose=0)
    for folder in ('one', 'two'):
        for backend in ('litert', 'onnxruntime'):
            np.testing.assert_allclose(
                classified(tmp_path / folder, backend, gray), expected, atol=1e-4
            )


def test_the_temperature_is_fitted_and_the_figures_are_measured(tmp_path, made_up):
    data = made_up(70)
    path = tmp_path / 'network.onnx'
    onnx.save(weighted(shape=(48, 48, 1), labels=7), path)
    given = Given(data.label_names, value_range=(0.0, 1.0), output='logits')

    card = import_network(path, given, tmp_path / 'bundle', data, tell=lambda _: None)

    assert card.temperature != 1
    assert card.training['calibrated_on'] == 'one half of the pictures'
    assert card.metrics['imported']['pictures'] == 35


@pytest.mark.parametrize(
    ('name', 'content', 'sentence'),
    [
        ('network.onnx', b'no network', 'the file is not an ONNX network'),
        ('network.onnx', b'version https://git-lfs.github.com/spec/v1', 'a pointer of Git LFS'),
        ('network.tflite', b'no network', 'LiteRT cannot load the network'),
        ('network.keras', b'no network', 'not a .keras archive'),
        ('network.h5', b'no network', 'the file cannot be read'),
        ('network.pth', b'weights', 'is not a .keras, .* with torch.onnx.export'),
    ],
)
def test_a_file_that_is_no_network_is_refused_and_nothing_is_written(
    tmp_path, name, content, sentence
):
    (tmp_path / name).write_bytes(content)
    given = Given(LABELS, value_range=(0.0, 1.0))

    with pytest.raises(ImportRefusedError, match=sentence):
        import_network(tmp_path / name, given, tmp_path / 'bundle', tell=lambda _: None)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_weights_without_a_network_are_refused(tmp_path):
    with h5py.File(tmp_path / 'network.h5', 'w') as file:
        file['kernel'] = np.zeros(3)

    with pytest.raises(ImportRefusedError, match='weights only, without a network'):
        import_network(tmp_path / 'network.h5', Given(LABELS), tmp_path / 'bundle')


@pytest.mark.parametrize('suffix', ['.keras', '.h5'])
def test_a_network_with_code_is_refused(tmp_path, suffix):
    image = keras.Input((SIDE, SIDE, 1))
    hidden = keras.layers.Lambda(lambda x: x)(image)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(hidden))
    model.save(tmp_path / f'network{suffix}')

    with pytest.raises(ImportRefusedError, match="contains 'Lambda'"):
        import_network(tmp_path / f'network{suffix}', Given(LABELS), tmp_path / 'bundle')


def test_an_import_that_fails_at_the_end_leaves_what_was_there(tmp_path, monkeypatch):
    onnx.save(of_pytorch(), tmp_path / 'network.onnx')
    given = Given(LABELS, colour='bgr', value_range=(0.0, 1.0))
    words = {'tell': lambda _: None}
    card = import_network(tmp_path / 'network.onnx', given, tmp_path / 'bundle', **words)
    before = sorted(path.name for path in tmp_path.rglob('*'))
    monkeypatch.setattr(bundle, 'PARITY_TOLERANCE', -1.0)

    with pytest.raises(ImportRefusedError, match='exists already; replace it with --force'):
        import_network(tmp_path / 'network.onnx', given, tmp_path / 'bundle', **words)
    with pytest.raises(ImportRefusedError, match='no installed back end runs the network'):
        import_network(tmp_path / 'network.onnx', given, tmp_path / 'bundle', force=True, **words)

    assert sorted(path.name for path in tmp_path.rglob('*')) == before
    assert load_card(tmp_path / 'bundle') == card


def test_the_command_imports_and_tells_what_it_found(tmp_path, capsys):
    onnx.save(of_pytorch(), tmp_path / 'network.onnx')
    words = ['import', str(tmp_path / 'network.onnx'), '--labels', 'happy,sad,angry']
    words += ['--output', str(tmp_path / 'bundle')]

    assert main(words) == 1
    assert 'state it with --colour rgb' in capsys.readouterr().err
    assert main([*words, '--colour', 'bgr', '--range', '-1', '1', '--licence', 'MIT']) == 0
    assert 'output: probabilities, because' in capsys.readouterr().out
    assert load_card(tmp_path / 'bundle').licence == 'MIT'
