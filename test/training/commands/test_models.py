import contextlib
import io
import json

import pytest

from training.__main__ import main
from training.networks.parts.backbones import fine_tuned

# Number of all parameters and of the non-trainable parameters, as in the source of each network.
COUNTS = {
    'com3528_vgg': (13_111_367, 7_936),
    'fed_model1': (13_675_780, None),
    'fed_model2_search': (942_884, None),
    'fed_model2': (1_319_716, None),
    'fed_model3': (1_888_836, None),
    'fed_model4_search': (3_703_844, None),
    'fed_model4': (620_388, None),
    'gr5243_mobilenet': (5_835_975, 34_112),
    'gr5243_resnet50': (25_693_063, 53_120),
    'gr5243_vgg19': (528_295, 0),
    'gr5243_improved': (647_111, 0),
    'csce633_fnn1': (5_230_463, 0),
    'csce633_fnn2': (5_154_807, 0),
    'csce633_fnn3': (7_115_007, 0),
    'csce633_fnn4': (7_439_029, 0),
    'csce633_fnn5': (7_238_507, 0),
    'csce633_cnn1': (2_723_303, 0),
    'csce633_cnn2': (5_571_527, 0),
    'csce633_cnn3': (476_231, 0),
    'csce633_ft1': (25_690_503, 25_690_503 - 2_102_791),
    'csce633_ft2': (3_967_559, 3_967_559 - 1_709_575),
    'csce633_ft3': (3_967_559, 3_967_559 - 1_709_575),
    'mini_xception': (58_423, None),
}


@pytest.fixture(scope='module')
def listed():

    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        assert main(['models', '--json']) == 0
    return json.loads(written.getvalue())


@pytest.mark.parametrize('name', COUNTS)
def test_a_network_has_the_parameters_of_its_source(listed, name):
    params, fixed = COUNTS[name]

    assert listed[name]['params'] == params
    if fixed is not None:
        assert params - listed[name]['trainable'] == fixed


def test_every_network_of_the_sources_is_listed_with_its_input_and_classes(listed):
    assert set(COUNTS) | {'ckplus_resnet101', 'csce633_tuned', 'fer_mobile'} <= set(listed)
    assert listed['com3528_vgg']['input'] == [48, 48, 1]
    assert listed['mini_xception']['input'] == [64, 64, 1]
    assert listed['csce633_ft1']['input'] == [48, 48, 3]
    assert listed['fed_model1']['classes'] == 4


def test_the_networks_of_the_project_are_small(listed):
    assert listed['fer_mobile']['params'] < 2_500_000


def test_a_backbone_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match=r"no backbone 'ResNet7'; choose one of: .*ResNet101"):
        fine_tuned(7, 'ResNet7')


def test_the_layers_of_one_network_are_listed(capsys):
    assert main(['models', 'csce633_cnn3']) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'csce633_cnn3 (CSCE633), input 48x48x1'
    assert any(
        line.split()[1:]
        == ['Conv2D', '3x3x128', '147,584', 'kernel=3', 'stride=2', 'same', 'elu', 'l1(0.001)']
        for line in lines
    )
    assert lines[-1] == '476,231 parameters, of which 476,231 are trainable'


def test_the_layers_of_one_network_are_printed_as_json(capsys):
    assert main(['models', 'csce633_fnn2', '--json']) == 0

    described = json.loads(capsys.readouterr().out)
    assert [one['name'] for one in described][1] == 'first_hidden_layer'
    assert described[1]['settings'] == 'elu'
    assert sum(one['parameters'] for one in described) == 5_154_807


def test_the_name_of_no_network_is_answered_with_all_names(capsys):
    assert main(['models', 'csce633_fnn9']) == 1

    assert "there is no network 'csce633_fnn9'; choose one of: com3528" in capsys.readouterr().err
