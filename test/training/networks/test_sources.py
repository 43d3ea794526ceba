"""The networks of the sources, layer by layer."""

from pathlib import Path

import keras
from keras import layers
import pytest

from training.networks.description import describe_layers
from training.networks.registry import ENTRIES
from training.networks.registry import find_network


def read_layers():
    """Return the lines of each network in source_layers.txt, keyed by its name."""
    networks = {}
    name = ''
    for line in Path(__file__).with_name('source_layers.txt').read_text().splitlines():
        if line.startswith('  '):
            networks[name].append(line.split())
        elif line and not line.startswith('#'):
            name = line
            networks[name] = []
    return networks


SOURCE_LAYERS = read_layers()

# The body of each source with one; two bodies with equal parameters could still differ.
BODIES = {
    'gr5243_mobilenet': 'MobileNetV2',
    'gr5243_resnet50': 'ResNet50',
    'csce633_ft3': 'MobileNetV2',
}


def build(name):
    keras.backend.clear_session()
    entry = find_network(name)
    return entry.build(entry.classes)


@pytest.mark.parametrize('name', SOURCE_LAYERS)
def test_a_network_has_the_layers_of_its_source(name):
    layers_of_source = SOURCE_LAYERS[name]

    described = list(describe_layers(build(name)))

    assert [
        [one.kind, 'x'.join(map(str, one.shape)), str(one.parameters), *one.settings.split()]
        for one in described
    ] == [line[1:] for line in layers_of_source]
    named = {line[0] for line in layers_of_source} - {'-'}
    assert named <= {one.name for one in described}


@pytest.mark.parametrize('name', BODIES)
def test_a_pretrained_body_is_that_of_its_source(name):
    (body,) = [layer for layer in build(name).layers if isinstance(layer, keras.Model)]

    make = getattr(keras.applications, BODIES[name])
    wanted = make(input_shape=(48, 48, 3), include_top=False, weights=None)
    kinds = [type(layer) for layer in body.layers]
    # csce633 averages over the picture inside the body.
    pooling = [layers.GlobalAveragePooling2D] if name.startswith('csce633') else []
    assert kinds == [*map(type, wanted.layers), *pooling]
    assert body.trainable == (not name.startswith('csce633'))


def test_every_network_of_a_document_is_compared():
    documents = {'COM3528', 'facial emotion detection', 'GR5243', 'CSCE633'}

    assert {entry.name for entry in ENTRIES if entry.source in documents} == set(SOURCE_LAYERS)
