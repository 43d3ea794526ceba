"""Test what is found in the shape and the outputs of a network, and what must be stated."""

import numpy as np
import pytest

from training.bundles.foreign.description import find_colour
from training.bundles.foreign.description import find_layout
from training.bundles.foreign.description import find_output
from training.bundles.foreign.description import find_scaling
from training.bundles.foreign.description import Given
from training.bundles.foreign.description import ImportRefusedError

LABELS = ('happy', 'sad')


@pytest.mark.parametrize(
    ('shape', 'given', 'found'),
    [
        ((None, 48, 48, 1), {}, ('nhwc', 48, 48, 1)),
        ((1, 3, 224, 112), {}, ('nchw', 224, 112, 3)),
        ((None, None, None, 3), {'side': 64}, ('nhwc', 64, 64, 3)),
        ((None, 3, None, None), {'side': 64}, ('nchw', 64, 64, 3)),
        ((None, 3, 48, 3), {'layout': 'nchw'}, ('nchw', 48, 3, 3)),
        (
            (None, None, None, None),
            {'layout': 'nhwc', 'colour': 'gray', 'side': 32},
            ('nhwc', 32, 32, 1),
        ),
    ],
)
def test_the_order_of_the_dimensions_is_found_where_it_is_certain(shape, given, found):
    layout = find_layout(shape, Given(LABELS, **given))

    assert (layout.order, layout.height, layout.width, layout.channels) == found


@pytest.mark.parametrize(
    ('shape', 'given', 'sentence'),
    [
        ((None, 2304), {}, 'must have four dimensions'),
        ((None, 48, 48, 4), {}, 'must have 1 or 3 channels'),
        ((None, 3, 48, 3), {}, 'not certain; state it with --layout'),
        ((None, None, None, None), {}, 'not certain; state it with --layout'),
        ((None, None, None, None), {'layout': 'nchw'}, 'state them with --colour'),
        ((None, 48, 48, 1), {'layout': 'nchw'}, '--layout is nchw, but'),
        ((None, None, None, 3), {}, 'state the side in pixels with --side'),
    ],
)
def test_what_is_not_certain_is_asked_for(shape, given, sentence):
    with pytest.raises(ImportRefusedError, match=sentence):
        find_layout(shape, Given(LABELS, **given))


@pytest.mark.parametrize(
    ('channels', 'colour', 'sentence'),
    [
        (3, None, 'state it with --colour rgb'),
        (3, 'gray', '--colour is gray, but the network has three channels'),
        (1, 'rgb', '--colour is rgb, but the network has one channel'),
    ],
)
def test_the_colours_of_three_channels_must_be_stated(channels, colour, sentence):
    with pytest.raises(ImportRefusedError, match=sentence):
        find_colour(channels, Given(LABELS, colour=colour))


def test_one_mean_for_all_channels_becomes_the_range_of_the_card():
    scaling = find_scaling(3, None, Given(LABELS, mean=(0.5,), std=(0.25,)))

    assert scaling.value_range == (-2.0, 2.0)
    assert scaling.factors == scaling.offsets == ()


def test_different_means_become_part_of_the_network():
    scaling = find_scaling(3, None, Given(LABELS, mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.1)))

    assert scaling.value_range == (0.0, 1.0)
    np.testing.assert_allclose(scaling.factors, (2, 4, 10))
    np.testing.assert_allclose(scaling.offsets, (-1, -1.6, -3))


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        ({}, 'state them with --range'),
        ({'value_range': (1.0, 0.0)}, 'the first value must be lower'),
        ({'value_range': (0.0, 1.0), 'mean': (0.5,), 'std': (0.5,)}, 'not both'),
        ({'mean': (0.5, 0.5), 'std': (0.5,)}, 'must have one value or 3'),
        ({'mean': (0.5,)}, 'must have one value or 3'),
        ({'mean': (0.5,), 'std': (0.0,)}, 'above 0'),
    ],
)
def test_a_range_that_is_unknown_or_wrong_is_told(given, sentence):
    with pytest.raises(ImportRefusedError, match=sentence):
        find_scaling(3, None, Given(LABELS, **given))


@pytest.mark.parametrize(
    ('outputs', 'kind'), [([[3.0, -1.0]], 'logits'), ([[0.2, 0.8], [0.5, 0.5]], 'probabilities')]
)
def test_the_type_of_the_output_is_found(outputs, kind):
    assert find_output(np.array(outputs), Given(LABELS))[0] == kind


@pytest.mark.parametrize(
    ('outputs', 'sentence'),
    [
        ([[0.2, 0.2]], 'state it with --output-type'),
        ([[0.2, 0.2, 0.6]], 'has 3 outputs, but --labels has 2 names: happy, sad'),
        ([[np.nan, 0.0]], 'not finite'),
    ],
)
def test_outputs_that_are_not_certain_or_do_not_fit_are_told(outputs, sentence):
    with pytest.raises(ImportRefusedError, match=sentence):
        find_output(np.array(outputs), Given(LABELS))
