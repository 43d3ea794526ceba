import importlib.util
from pathlib import Path

import pytest

from fer_ros.perception.detection import blazeface
from fer_ros.perception.detection import haar
from fer_ros.perception.detection import yunet
from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models import known_files
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.models.known_files import accept
from fer_ros.perception.models.known_files import is_known
from fer_ros.perception.models.known_files import is_shipped_network
from photographs import data_path

MODELS = Path(__file__).resolve().parents[3] / 'models'
KINDS = ('keras', 'tflite', 'onnx')


def test_the_table_has_each_shipped_network_and_no_other():
    shipped = {
        path.parent.name: tuple(
            sha256_of_bytes(load_card(path.parent).read(kind)) for kind in KINDS
        )
        for path in MODELS.glob('*/card.yaml')
    }

    assert shipped == known_files.NETWORKS


@pytest.mark.parametrize('folder', sorted(known_files.NETWORKS))
def test_a_shipped_network_is_known_with_the_input_of_its_card_alone(folder):
    card = load_card(MODELS / folder)

    for kind in KINDS:
        assert is_shipped_network(card.sha256(kind), card.input.shape)
        assert not is_shipped_network(card.sha256(kind), (96, 96, 1))


@pytest.mark.parametrize(('detector', 'name'), [('yunet', yunet.WEIGHTS), ('haar', haar.WEIGHTS)])
def test_the_weights_of_the_test_data_are_known(detector, name):
    assert is_known(sha256_of_bytes(data_path(f'facedet/{name}').read_bytes()), detector)


@pytest.mark.parametrize('name', blazeface.WEIGHTS)
def test_the_weights_in_the_package_of_blazeface_are_known(name):
    spec = importlib.util.find_spec(blazeface.PACKAGE)
    if spec is None:
        pytest.skip(f'{blazeface.PACKAGE} is not installed')
    content = (Path(spec.origin).parent / 'data' / name).read_bytes()

    assert is_known(sha256_of_bytes(content), 'blazeface')


def test_content_is_accepted_for_one_engine(accepted):
    accept('0' * 64, 'haar')

    assert is_known('0' * 64, 'haar')
    assert not is_known('0' * 64, 'blazeface')
    assert not is_known('1' * 64, 'haar')
