"""Test that the network for small gray faces equals the published network after folding."""

import cv2
import keras
import numpy as np
import pytest

from training.networks.lite import LiteNetwork
from training.networks.parts.backbones import WeightsError

HEADS = {'fer2013': 7, 'ferplus': 8}
SIDE = 32


def state_dict_of(model):
    """Create a PyTorch state dict with random values and the names of the published package."""
    generator = np.random.default_rng(1)
    roles = {'expand': ('_expand_conv', '_bn0'), 'depthwise': ('_depthwise_conv', '_bn1')}
    roles |= {'project': ('_project_conv', '_bn2')}
    arrays = {}
    for layer in model.layers:
        parts = layer.name.split('_')
        if not layer.weights or parts[-1] not in ('conv', 'bn'):
            continue
        if parts[0] == 'block':
            names = [f'_blocks.{parts[1]}.{name}' for name in roles[parts[2]]]
        else:
            names = {'stem': ('_conv_stem', '_bn0'), 'top': ('_conv_head', '_bn1')}[parts[0]]
        if parts[-1] == 'conv':
            shape = layer.weights[0].shape
            order = (2, 3, 0, 1) if 'depthwise' in parts else (3, 2, 0, 1)
            shape = tuple(shape[axis] for axis in order)
            if parts[0] == 'stem':
                shape = (shape[0], 3, 3, 3)
            arrays[f'{names[0]}.weight'] = generator.normal(0, 0.2, shape).astype(np.float32)
        else:
            for part in ('weight', 'bias', 'running_mean', 'running_var'):
                values = generator.uniform(0.5, 1.5, layer.weights[0].shape)
                arrays[f'{names[1]}.{part}'] = values.astype(np.float32)
    return arrays


@pytest.fixture(scope='module', name='published')
def _published(tmp_path_factory):
    """Return the weights of a network, and the file with these weights."""
    arrays = state_dict_of(LiteNetwork('lite', version=0, dropout=0)(HEADS, SIDE))
    path = tmp_path_factory.mktemp('weights') / 'lite0.npz'
    np.savez(path, **arrays)
    return arrays, path


@pytest.mark.parametrize(
    ('version', 'left_out', 'params'),
    [(0, 0, 3_431_663), (0, 1, 2_468_079), (1, 0, 4_207_983), (2, 0, 4_887_807)],
)
def test_each_has_its_parameters_and_a_head_for_each_label_set(version, left_out, params):
    model = LiteNetwork('lite', version=version, dropout=0.2, left_out=left_out)(HEADS, 48)

    assert {name: output.shape for name, output in model.output.items()} == {
        'fer2013': (None, 7),
        'ferplus': (None, 8),
    }
    assert model.count_params() == params


@pytest.mark.parametrize(('stride', 'places'), [(32, 3), (16, 6)])
def test_the_last_halving_can_be_left_out(stride, places):
    model = LiteNetwork('lite', version=0, dropout=0, output_stride=stride)(HEADS, 48)

    assert model.get_layer('top_relu').output.shape == (None, places, places, 1280)


def test_the_first_layer_sees_a_small_picture_as_it_would_see_it_enlarged(published):
    arrays, path = published
    noise = np.random.default_rng(0).uniform(0, 255, (SIDE, SIDE)).astype(np.float32)
    gray = cv2.GaussianBlur(noise, (0, 0), 1)
    large = (cv2.resize(gray, (2 * SIDE, 2 * SIDE)) - 127) / 128
    padded = np.pad(np.repeat(large[:, :, None], 3, axis=2), ((0, 2), (0, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))[::2, ::2]
    convolved = np.einsum('yxcij,ocij->yxo', windows, arrays['_conv_stem.weight'])[:SIDE, :SIDE]
    gamma, beta, mean, variance = (
        arrays[f'_bn0.{part}'] for part in ('weight', 'bias', 'running_mean', 'running_var')
    )
    expected = (convolved - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    build = LiteNetwork('lite', version=0, dropout=0).with_weights(str(path), True)
    model = build(HEADS, SIDE)

    stem = keras.Model(model.input, model.get_layer('stem_bn').output)
    seen = keras.ops.convert_to_numpy(stem((gray / 127.5 - 1)[None, :, :, None]))[0]
    # The border is excluded, because the padding of the enlarged image differs there.
    np.testing.assert_allclose(seen[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-4)


def test_the_other_layers_take_their_weights_as_they_are(published):
    arrays, path = published
    build = LiteNetwork('lite', version=0, dropout=0, left_out=1, frozen_blocks=2)

    model = build.with_weights(str(path), True)(HEADS, 48)

    (kernel,) = model.get_layer('block_14_depthwise_conv').get_weights()
    expected = arrays['_blocks.14._depthwise_conv.weight'].transpose(2, 3, 0, 1)
    np.testing.assert_array_equal(kernel, expected)
    (kernel,) = model.get_layer('block_3_expand_conv').get_weights()
    expected = arrays['_blocks.3._expand_conv.weight'].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(kernel, expected)
    means = model.get_layer('block_7_project_bn').get_weights()[2]
    np.testing.assert_array_equal(means, arrays['_blocks.7._bn2.running_mean'])
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable}
    assert {'stem_conv', 'block_0_depthwise_bn', 'block_1_project_bn'} <= frozen
    assert not any(name.startswith(('block_2', 'block_14', 'short_top')) for name in frozen)


def test_blocks_keep_the_size_or_halve_it_as_tensorflow_does(published):
    arrays, path = published
    build = LiteNetwork('lite', version=0, dropout=0).with_weights(str(path), True)
    model = build(HEADS, SIDE)
    # The third block has a kernel size of 5 and a stride of 2, on 16 x 16 positions.
    before, after = (
        keras.Model(model.input, model.get_layer(name).output)
        for name in ('block_3_expand_relu', 'block_3_depthwise_conv')
    )
    image = np.random.default_rng(0).uniform(-1, 1, (1, SIDE, SIDE, 1)).astype(np.float32)
    kernel = arrays['_blocks.3._depthwise_conv.weight'].transpose(2, 3, 0, 1)

    expected = keras.ops.depthwise_conv(before(image), kernel, 2, 'same')

    np.testing.assert_allclose(
        *(keras.ops.convert_to_numpy(value) for value in (after(image), expected)), atol=1e-3
    )


def test_it_begins_from_one_that_learned_other_labels(tmp_path):
    path = tmp_path / 'model.keras'
    build = LiteNetwork('lite', version=0, dropout=0, left_out=2).with_weights(str(path), False)
    learned = build({'fer2013': 7, 'ferplus': 8}, SIDE)
    learned.save(path)

    model = build.with_weights(str(path), True)({'ferplus': 8, 'labels': 3}, SIDE)

    taken = [layer for layer in model.layers if layer.weights and layer.name != 'labels']
    assert len(taken) > 60
    for layer in taken:
        for one, other in zip(
            layer.get_weights(), learned.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    whole = LiteNetwork('lite', version=0, dropout=0).with_weights(str(path), True)
    with pytest.raises(WeightsError, match='does not have the weights of this network'):
        whole({'fer2013': 7}, SIDE)


def test_what_does_not_fit_is_refused(published, tmp_path):
    arrays, path = published
    build = LiteNetwork('lite', version=1, dropout=0).with_weights(str(path), True)
    with pytest.raises(WeightsError, match='do not fit: _blocks.* is|has no _blocks'):
        build(HEADS, 48)
    np.savez(tmp_path / 'other.npz', **{'features.0.0.weight': arrays['_conv_stem.weight']})
    build = LiteNetwork('lite', version=0, dropout=0)
    with pytest.raises(WeightsError, match='has no _conv_stem.weight, so it is not an Eff'):
        build.with_weights(str(tmp_path / 'other.npz'), True)(HEADS, 48)
    with pytest.raises(WeightsError, match='the file of weights nowhere.npz does not exist'):
        build.with_weights('nowhere.npz', True)(HEADS, 48)
    with pytest.raises(WeightsError, match="from an .npz or .keras file, but got 'imagenet'"):
        build.with_weights('imagenet', True)
    with pytest.raises(ValueError, match='version is 3, but must be 0, 1 or 2'):
        LiteNetwork('lite', version=3, dropout=0)(HEADS, 48)
    with pytest.raises(ValueError, match='output_stride is 8, but must be 16 or 32'):
        LiteNetwork('lite', version=0, dropout=0, output_stride=8)(HEADS, 48)
    with pytest.raises(ValueError, match='is 40, but must be a multiple of 16'):
        build(HEADS, 40)
