"""Test that the folded network equals the original network, and trains like Keras's layers."""

from dataclasses import replace
import importlib.util
import os
from pathlib import Path
import subprocess
import sys

import cv2
import keras
from keras import layers
import numpy as np
import pytest

from training.networks import mobile
from training.networks.mobile import MobileNetwork
from training.networks.parts.backbones import TORCHVISION_DEVIATION
from training.networks.parts.backbones import TORCHVISION_MEAN
from training.networks.parts.backbones import WeightsError

ROOT = Path(__file__).resolve().parents[3]

SIDE = 32

# The script trains both kinds of layers for one step, on the same images and from the same
# weights.
FUSED_SCRIPT = """
import keras
import numpy as np
from keras import layers
from training.networks.parts.fused import fused

def build(mixed):
    keras.config.set_dtype_policy('mixed_bfloat16' if mixed else 'float32')
    image = x = keras.Input((16, 16, 4))
    for layer in (
        layers.Conv2D(8, 1, padding='same', use_bias=False),
        layers.BatchNormalization(epsilon=1e-5),
        layers.DepthwiseConv2D(3, padding='same', use_bias=False),
        layers.ZeroPadding2D(1),
        layers.DepthwiseConv2D(3, 2, padding='valid', use_bias=False),
        layers.BatchNormalization(trainable=False),
    ):
        x = fused(layer, {**layer.get_config(), 'dtype': keras.config.dtype_policy()})(x)
    model = keras.Model(image, layers.GlobalAveragePooling2D(dtype='float32')(x))
    model.compile(keras.optimizers.SGD(0.1), 'mse')
    return model

plain, quick = build(False), build(True)
assert all(type(layer).__module__.startswith('keras.') for layer in plain.layers)
made = {type(layer).__name__ for layer in quick.layers}
assert {'FusedConv2D', 'FusedDepthwiseConv2D', 'FusedBatchNormalization'} <= made, made
quick.set_weights(plain.get_weights())
generator = np.random.default_rng(0)
x = generator.normal(size=(32, 16, 16, 4)).astype('float32')
y = generator.normal(size=(32, 8)).astype('float32')
for model in (plain, quick):
    model.fit(x, y, batch_size=32, epochs=3, verbose=0)
for one, other in zip(plain.get_weights(), quick.get_weights(), strict=True):
    np.testing.assert_allclose(one, other, atol=0.02)
print('alike')
"""


@pytest.fixture(scope='module')
def gray():
    """Return a smooth image from 0 to 1, (SIDE, SIDE) float32."""
    noise = np.random.default_rng(0).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 1)


def stem_of(model, picture):
    """Run a network up to its first normalisation layer."""
    first = keras.Model(model.input, model.get_layer('bn_Conv1').output)
    return keras.ops.convert_to_numpy(first(picture[None]))[0]


@pytest.mark.parametrize('torchvision', [True, False])
def test_the_first_layers_see_a_small_picture_as_they_would_see_it_enlarged(gray, torchvision):
    large = keras.applications.MobileNetV2(
        input_shape=(2 * SIDE, 2 * SIDE, 3), include_top=False, weights=None
    )
    generator = np.random.default_rng(1)
    # Statistics other than 0 and 1 show whether the contribution of the colour means is included.
    large.get_layer('bn_Conv1').set_weights(
        [generator.uniform(0.5, 1.5, 32).astype(np.float32) for _ in range(4)]
    )
    colour = np.repeat(cv2.resize(gray, (2 * SIDE, 2 * SIDE))[:, :, None], 3, axis=2)
    if torchvision:
        colour = (colour - np.array(TORCHVISION_MEAN)) / np.array(TORCHVISION_DEVIATION)
    else:
        colour = 2 * colour - 1
    (kernel,) = large.get_layer('Conv1').get_weights()
    padded = np.pad(colour, ((1, 1), (1, 1), (0, 0)) if torchvision else ((0, 2), (0, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))[::2, ::2]
    convolved = np.einsum('yxcij,ijco->yxo', windows, kernel)[:SIDE, :SIDE]
    gamma, beta, mean, variance = large.get_layer('bn_Conv1').get_weights()
    epsilon = large.get_layer('bn_Conv1').epsilon
    expected = (convolved - mean) / np.sqrt(variance + epsilon) * gamma + beta

    small = mobile._for_small_gray(large, SIDE, 'weights.npz' if torchvision else 'imagenet')

    seen = stem_of(small, (2 * gray - 1)[:, :, None])
    # The border is excluded, because the padding of the enlarged image differs there.
    np.testing.assert_allclose(seen[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-4)


def test_all_other_weights_are_taken_as_they_are():
    large = keras.applications.MobileNetV2(
        input_shape=(2 * SIDE, 2 * SIDE, 3), include_top=False, weights=None
    )

    small = mobile._for_small_gray(large, SIDE, 'imagenet')

    for layer in large.layers:
        if layer.name not in ('Conv1', 'bn_Conv1'):
            theirs = small.get_layer(layer.name).get_weights() if layer.weights else []
            for one, other in zip(layer.get_weights(), theirs, strict=True):
                np.testing.assert_array_equal(one, other)


def test_the_first_blocks_stay_as_they_are_and_the_rest_learns():
    model = MobileNetwork('mobile', dropout=0.2, frozen_blocks=2)({'fer2013': 7, 'ferplus': 8}, 48)

    assert {name: output.shape for name, output in model.output.items()} == {
        'fer2013': (None, 7),
        'ferplus': (None, 8),
    }
    assert model.count_params() == 2_276_623
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable}
    assert {'Conv1', 'expanded_conv_project', 'block_1_depthwise', 'block_1_project_BN'} <= frozen
    assert not any(name.startswith(('block_2', 'block_16', 'Conv_1')) for name in frozen)


def test_a_network_cut_short_keeps_its_first_blocks_and_has_few_parameters():
    whole = MobileNetwork('mobile', dropout=0.1, frozen_blocks=0)({'fer2013': 7}, 48)
    cut = MobileNetwork('mobile', dropout=0.1, frozen_blocks=1, blocks=10)({'fer2013': 7}, 48)

    assert cut.count_params() < 300_000
    names = [layer.name for layer in cut.layers if layer.weights]
    kept = [layer.name for layer in whole.layers if layer.weights][: len(names) - 3]
    assert names == [*kept, 'top', 'top_bn', 'fer2013']
    assert kept[-1] == 'block_9_project_BN'
    assert cut.get_layer('top').trainable
    assert cut.get_layer('block_1_expand').trainable
    assert not cut.get_layer('expanded_conv_project').trainable


def test_without_the_last_halving_the_same_weights_see_more_places():
    builds = [
        MobileNetwork('mobile', dropout=0.1, frozen_blocks=0, output_stride=stride)
        for stride in (32, 16)
    ]
    coarse, fine = (build({'fer2013': 7}, 48) for build in builds)

    fine.set_weights(coarse.get_weights())

    assert coarse.get_layer('out_relu').output.shape == (None, 3, 3, 1280)
    assert fine.get_layer('out_relu').output.shape == (None, 6, 6, 1280)
    assert fine.get_layer('block_12_add').output.shape == (None, 6, 6, 96)
    with pytest.raises(ValueError, match='output_stride is 8, but must be 16 or 32'):
        MobileNetwork('mobile', dropout=0, frozen_blocks=0, output_stride=8)({'fer2013': 7}, 48)


def test_a_side_that_it_cannot_halve_is_refused():
    with pytest.raises(ValueError, match='is 40, but must be a multiple of 16'):
        MobileNetwork('mobile', dropout=0.2, frozen_blocks=2)({'fer2013': 7}, 40)


def test_it_is_made_of_layers_of_keras_alone():
    model = MobileNetwork('mobile', dropout=0.2, frozen_blocks=0)({'fer2013': 7}, 48)

    assert all(type(layer).__module__.startswith('keras.') for layer in model.layers)
    assert sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers) == 52


@pytest.mark.skipif(importlib.util.find_spec('torch') is None, reason='PyTorch is not installed')
def test_fused_layers_learn_what_those_of_keras_learn():
    done = subprocess.run(
        [sys.executable, '-c', FUSED_SCRIPT],
        cwd=ROOT,
        env=os.environ | {'KERAS_BACKEND': 'torch'},
        capture_output=True,
        text=True,
        timeout=170,
    )

    assert done.stdout.strip() == 'alike', done.stderr


def test_a_network_begins_from_one_that_learned_other_labels(tmp_path):
    build = MobileNetwork('mobile', dropout=0.2, frozen_blocks=0)
    path = tmp_path / 'model.keras'
    learned = build.with_weights(str(path), load=False)({'fer2013': 7}, SIDE)
    learned.save(path)

    model = build.with_weights(str(path), load=True)({'labels': 3}, SIDE)

    assert model.output['labels'].shape == (None, 3)
    assert len(model.layers) > 150
    for layer in model.layers:
        if layer.weights and layer.name != 'labels':
            for one, other in zip(
                layer.get_weights(), learned.get_layer(layer.name).get_weights(), strict=True
            ):
                np.testing.assert_array_equal(one, other)


def test_a_network_cut_short_begins_from_a_whole_one(tmp_path):
    path = tmp_path / 'model.keras'
    build = MobileNetwork('mobile', dropout=0.1, frozen_blocks=0).with_weights(str(path), False)
    learned = build({'fer2013': 7}, SIDE)
    learned.save(path)

    short = replace(build, blocks=10, load=True)({'fer2013': 7}, SIDE)

    for name in ('Conv1', 'block_9_project'):
        np.testing.assert_array_equal(
            short.get_layer(name).get_weights()[0], learned.get_layer(name).get_weights()[0]
        )
    assert short.get_layer('top').get_weights()[0].shape == (1, 1, 64, 384)


def test_a_network_begins_from_one_of_the_other_output_stride(tmp_path):
    path = tmp_path / 'model.keras'
    build = MobileNetwork('mobile', dropout=0.1, frozen_blocks=0).with_weights(str(path), False)
    learned = replace(build, output_stride=16)({'fer2013': 7}, SIDE)
    learned.save(path)

    coarse = replace(build, load=True)({'fer2013': 7}, SIDE)

    assert coarse.get_layer('out_relu').output.shape[1] == SIDE // 16
    for one, other in zip(coarse.get_weights(), learned.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_of_another_kind_is_no_beginning(tmp_path):
    build = MobileNetwork('mobile', dropout=0.2, frozen_blocks=0)
    others, missing = tmp_path / 'others.keras', tmp_path / 'missing.keras'
    # With Keras's padding and epsilon, the network has the same shapes but computes other outputs.
    build({'fer2013': 7}, SIDE).save(others)

    with pytest.raises(WeightsError, match='has another epsilon'):
        build.with_weights(str(others), load=True)({'fer2013': 7}, SIDE)
    with pytest.raises(WeightsError, match='missing.keras does not exist'):
        build.with_weights(str(missing), load=True)({'fer2013': 7}, SIDE)
