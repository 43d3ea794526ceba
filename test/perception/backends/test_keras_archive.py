import io
import json
from typing import Any
import zipfile

import pytest

from fer_ros.perception.backends import keras_archive
from fer_ros.perception.backends.keras_archive import ArchiveError
from fer_ros.perception.backends.keras_archive import check_archive
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card

h5py = pytest.importorskip('h5py')

DENSE: dict[str, Any] = {
    'module': 'keras.layers',
    'class_name': 'Dense',
    'config': {},
    'registered_name': None,
}


def weights(change=lambda file: None):
    made = io.BytesIO()
    with h5py.File(made, 'w') as file:
        file['layers/dense/vars/0'] = [1.0, 2.0]
        change(file)
    return made.getvalue()


def archive(config=None, content=None, **more):
    made = io.BytesIO()
    with zipfile.ZipFile(made, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('metadata.json', '{}')
        file.writestr('config.json', json.dumps(DENSE if config is None else config))
        file.writestr('model.weights.h5', weights() if content is None else content)
        for name, text in more.items():
            file.writestr(name, text)
    return made.getvalue()


@pytest.mark.parametrize('name', ['fer2013_mobile', 'ferplus_tiny'])
def test_shipped_networks_pass(name):
    check_archive(load_card(find_bundle(name)).read('keras'))


def inside(layer):
    return {**DENSE, 'config': {'layers': [{'inner': layer}]}}


@pytest.mark.parametrize(
    'layer',
    [
        {**DENSE, 'class_name': 'Lambda'},
        {**DENSE, 'class_name': 'TFSMLayer'},
        {**DENSE, 'class_name': 'TorchModuleWrapper'},
        {**DENSE, 'class_name': 'StringLookup'},
        {**DENSE, 'module': 'os', 'class_name': 'system'},
        {**DENSE, 'module': 'keras.utils', 'class_name': 'get_file'},
        {**DENSE, 'module': 'keras.layersx'},
        {**DENSE, 'module': 'keras.src.utils.io_utils'},
        {**DENSE, 'registered_name': 'package>Own'},
        {'class_name': '__lambda__', 'config': {'value': 'x'}},
        {'class_name': 'function', 'module': 'keras.saving', 'config': 'load_model'},
        {**DENSE, 'class_name': ['Dense']},
        {**DENSE, 'module': ['keras.layers']},
    ],
)
def test_a_class_that_could_run_code_is_refused_wherever_it_is(layer):
    check_archive(archive(inside(DENSE)))

    with pytest.raises(ArchiveError, match='Only layers of Keras are allowed'):
        check_archive(archive(inside(layer)))


@pytest.mark.parametrize(
    'change',
    [
        lambda file: file.__setitem__('link', h5py.ExternalLink('/etc/passwd', '/')),
        lambda file: file.__setitem__('link', h5py.SoftLink('/layers')),
        lambda file: file.create_dataset('outside', (4,), 'f4', external=[('/etc/passwd', 0, 16)]),
        lambda file: file.create_dataset('huge', (1 << 40,), 'f4', chunks=(1 << 20,), fillvalue=0),
    ],
)
def test_weights_of_elsewhere_or_without_end_are_refused(change):
    with pytest.raises(ArchiveError, match=r'model\.weights\.h5 in the archive has'):
        check_archive(archive(content=weights(change)))


def test_groups_that_hold_each_other_end(monkeypatch):
    monkeypatch.setattr(keras_archive, 'MOST_LINKS', 100)
    loop = weights(lambda file: file['layers'].__setitem__('again', file['layers']))

    with pytest.raises(ArchiveError, match='more than 100 links'):
        check_archive(archive(content=loop))


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'no archive', 'not a .keras archive'),
        (b'\x89HDF\r\n\x1a\n', 'not a .keras archive'),
        (archive(**{'../evil.py': 'x'}), 'the archive contains'),
        (archive(**{'assets/pickle': 'x'}), 'the archive contains'),
        (archive(config=[]), 'not a JSON object'),
        (archive(content=b'no HDF5'), 'cannot be read'),
        (archive(content=bytes(300 << 20)), 'unpacked, it has'),
    ],
)
def test_another_archive_is_refused(content, reason):
    with pytest.raises(ArchiveError, match=reason):
        check_archive(content)


def test_a_deep_configuration_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, 'w') as file:
        file.writestr('metadata.json', '{}')
        file.writestr('config.json', '[' * 200_000)
        file.writestr('model.weights.h5', weights())

    with pytest.raises(ArchiveError, match='not JSON'):
        check_archive(made.getvalue())
