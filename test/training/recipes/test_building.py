from dataclasses import replace

import keras
import numpy as np
import pytest

from photographs import data_path
from training.data.augmentation import NO_AUGMENTATION
from training.networks.parts.backbones import backbone
from training.networks.parts.backbones import WeightsError
from training.networks.registry import ENTRIES
from training.networks.registry import RegisteredNetwork
from training.recipes.building import build_model
from training.recipes.building import set_whitening
from training.recipes.building import standardised_range
from training.recipes.building import WHITENING
from training.recipes.heads import head_labels
from training.recipes.recipe import Recipe

TORCHVISION = 'backbone/mobilenet_v2_imagenet_torchvision_b0353104.npz'


def small(heads, side):
    image = keras.Input((side, side, 1))
    flat = keras.layers.Flatten()(image)
    outputs = {head: keras.layers.Dense(count, name=head)(flat) for head, count in heads.items()}
    return keras.Model(image, outputs, name='small')


SMALL = Recipe(
    name='small', build=small, heads={'labels': 1.0}, side=8, augmentation=NO_AUGMENTATION
)


def test_whitening_leaves_pixels_uncorrelated_and_pictures_where_they_were():
    generator = np.random.default_rng(0)
    smooth = generator.uniform(0, 255, (4000, 10, 10))
    images = (smooth[:, :8, :8] + smooth[:, 1:9, :8] + smooth[:, 2:, :8]) / 3
    images = np.rint(images).astype(np.uint8)
    recipe = replace(SMALL, whitening=True, value_range=(0.0, 1.0))
    model = build_model(recipe, {'labels': ('a', 'b')})

    set_whitening(model, images, recipe)

    layer = model.get_layer(WHITENING)
    inputs = images.reshape(len(images), -1).astype(np.float32) / 255
    white = np.asarray(keras.ops.convert_to_numpy(layer(inputs)))
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)
    covariance = white.T @ white / len(white)
    np.testing.assert_allclose(covariance, np.eye(64), atol=0.02)
    # Unlike PCA whitening, ZCA whitening keeps each pixel as close as possible to its original
    # value.
    across = np.abs(np.corrcoef(inputs.T, white.T)[:64, 64:])
    assert (across.argmax(axis=1) == np.arange(64)).all()


def test_whitening_is_not_learnt():
    model = build_model(replace(SMALL, whitening=True), {'labels': ('a', 'b')})

    assert len(model.trainable_variables) == 2
    assert model.count_params() == 64 * 64 + 64 + 64 * 2 + 2


def test_whitening_needs_one_side():
    def any_side(heads, side):
        image = keras.Input((None, None, 1))
        seen = keras.layers.GlobalAveragePooling2D()(image)
        return keras.Model(image, {'labels': keras.layers.Dense(2)(seen)}, name='any_side')

    recipe = replace(SMALL, build=any_side, sides=((0.0, 4), (0.5, 8)), whitening=True)

    with pytest.raises(ValueError, match='sides'):
        build_model(recipe, {'labels': ('a', 'b')})


def test_standardised_pictures_have_mean_0_and_deviation_1():
    images = np.random.default_rng(0).integers(30, 90, (50, 8, 8), np.uint8)

    low, high = standardised_range(images)

    values = low + images / 255 * (high - low)
    assert values.mean() == pytest.approx(0, abs=1e-9)
    assert values.std() == pytest.approx(1)


def test_pictures_of_one_gray_level_cannot_be_standardised():
    with pytest.raises(ValueError, match='all pixels are 7'):
        standardised_range(np.full((3, 8, 8), 7, np.uint8))


def test_the_head_of_the_data_has_the_labels_of_the_data():
    assert head_labels(SMALL, ('on', 'off')) == {'labels': ('on', 'off')}

    with pytest.raises(ValueError, match='small uses the labels of its data'):
        head_labels(SMALL)


def test_a_network_of_a_recipe_has_one_head_of_the_data_s_labels():
    model = build_model(
        replace(SMALL, build=RegisteredNetwork('csce633_cnn3')), {'labels': ('a', 'b', 'c')}
    )

    assert {name: output.shape for name, output in model.output.items()} == {'labels': (None, 3)}


def test_a_network_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match='no network vgg; choose one of: com3528_vgg'):
        RegisteredNetwork('vgg')({'labels': 7}, None)


def test_a_network_of_one_head_refuses_two():
    with pytest.raises(
        ValueError, match='csce633_cnn1 can have only one head, not fer2013, ferplus'
    ):
        RegisteredNetwork('csce633_cnn1')({'fer2013': 7, 'ferplus': 8}, None)


@pytest.mark.parametrize('entry', [e for e in ENTRIES if not e.has_backbone], ids=lambda e: e.name)
def test_a_network_without_backbone_refuses_weights(entry):
    recipe = replace(SMALL, build=RegisteredNetwork(entry.name), weights='imagenet')

    with pytest.raises(ValueError, match=f'{entry.name} has no backbone'):
        build_model(recipe, {'labels': ('a', 'b')}, pretrained=True)


def test_a_file_of_weights_that_is_not_there_is_named():
    with pytest.raises(WeightsError, match='nothing.npz does not exist.*--weights none'):
        backbone('MobileNetV2', 48, 'nothing.npz')
    with pytest.raises(WeightsError, match='nothing.h5 does not exist.*--weights none'):
        backbone('ResNet50', 48, 'nothing.h5')


def test_weights_that_cannot_be_fetched_end_with_one_sentence(monkeypatch):
    whole = keras.applications.ResNet50

    def offline(weights=None, **options):
        if weights == 'imagenet':
            raise Exception('URL fetch failure on somewhere')  # like Keras
        return whole(weights=weights, **options)

    monkeypatch.setattr(keras.applications, 'ResNet50', offline)

    with pytest.raises(WeightsError, match='resnet50 cannot be downloaded .*--weights none'):
        backbone('ResNet50', 48, 'imagenet')


def test_a_backbone_takes_the_values_that_its_weights_were_learnt_on(tmp_path):
    made = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(48, 48, 3))
    path = str(tmp_path / 'resnet50.weights.h5')
    made.save_weights(path)
    image = np.random.default_rng(0).uniform(0, 1, (1, 48, 48, 3)).astype(np.float32)

    ours = image
    for layer in backbone('ResNet50', 48, path):
        ours = layer(ours)

    theirs = made(keras.applications.resnet50.preprocess_input(255 * image))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs), rtol=1e-3, atol=1e-3
    )


def test_torchvision_s_weights_know_an_espresso():
    cv2 = pytest.importorskip('cv2')
    path = data_path(TORCHVISION)
    picture = cv2.imread(str(data_path('photos/skimage/coffee.png')))[:, :, ::-1]
    height, width = picture.shape[:2]
    left = (width - height) // 2
    picture = picture[:, left:][:, :height]
    picture = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA)[16:240, 16:240]

    seen = picture[None].astype(np.float32) / 255
    for layer in backbone('MobileNetV2', 224, str(path), pooling='avg'):
        seen = layer(seen)

    with np.load(path) as saved:
        logits = keras.ops.convert_to_numpy(seen) @ saved['classifier.1.weight'].T
        logits = logits + saved['classifier.1.bias']
    chances = np.exp(logits - logits.max())
    espresso = 967
    assert chances[0, espresso] / chances.sum() > 0.95
