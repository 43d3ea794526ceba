"""Test the shipped model on real photographs, to detect swapped colours, labels or crops."""

from pathlib import Path

import cv2
import pytest

from fer_ros.perception.backends import create_backend
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from photographs import data_path
from photographs import dlib_faces
from photographs import photograph


@pytest.fixture(scope='module')
def astronaut():
    """Read a photograph of one smiling woman from the scikit-image package."""
    skimage = pytest.importorskip('skimage')
    path = Path(skimage.__file__).parent / 'data' / 'astronaut.png'
    return cv2.imread(str(path))


# The image of a camera that is rotated clockwise is turned counterclockwise.
ROTATED = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}

# Detectors whose weights are not part of any Python package.
WEIGHTS = {'yunet': 'facedet/face_detection_yunet_2023mar.onnx'}


def pipeline(detector, backend='opencv'):
    weights = str(data_path(WEIGHTS[detector])) if detector in WEIGHTS else ''
    try:
        found = create_detector(detector, weights)
    except DetectorError as error:
        pytest.skip(str(error))
    card = load_card(find_bundle(Settings().model))
    return Pipeline(found, Classifier(card, create_backend(backend, card)))


@pytest.mark.parametrize('detector', ['blazeface', 'yunet', 'haar'])
def test_the_astronaut_smiles(astronaut, detector):
    (face,) = pipeline(detector).process(astronaut, 0.0, Settings()).faces

    assert face.emotion == 'happy'
    assert face.probabilities.sum() == pytest.approx(1)


def test_the_astronaut_smiles_small_and_large_and_head_down_to_the_side(astronaut):
    height, width = astronaut.shape[:2]
    tilted = cv2.warpAffine(
        astronaut, cv2.getRotationMatrix2D((width / 2, height / 3), 20, 1), (width, height)
    )
    followed = pipeline('auto')
    if followed.detector.name == 'haar':
        pytest.skip('the cascade sees upright faces of middle size alone')

    scenes = (
        tilted,
        cv2.resize(astronaut, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA),
        cv2.resize(astronaut, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC),
        cv2.cvtColor(cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
        cv2.flip(astronaut, 1),
    )
    for number, scene in enumerate(scenes):
        (face,) = followed.process(scene, number, Settings(), scene=str(number)).faces
        assert face.emotion == 'happy'


def test_a_smile_in_a_video_is_told_once_after_a_neutral_face():
    followed = pipeline('auto')
    video = cv2.VideoCapture(str(data_path('videos/single_face.mp4')))
    told = []

    for number in range(int(video.get(cv2.CAP_PROP_FRAME_COUNT))):
        _, image = video.read()
        result = followed.process(image, number / video.get(cv2.CAP_PROP_FPS), Settings())
        told += [(face.id, face.emotion) for face in result.changed_faces]
        told += result.left_ids

    print(told)
    assert told[-1] == (1, 'happy')


def test_nobody_is_seen_where_nobody_is():
    for name in ('skimage/chelsea.png', 'skimage/coffee.png', 'other/no-faces.jpg'):
        assert pipeline('auto').process(photograph(name), 0.0, Settings()).faces == ()


def test_faces_before_a_rotated_camera_have_the_labels_of_upright_faces():
    upright, rotated = pipeline('yunet'), pipeline('yunet')
    for name in sorted(dlib_faces()):
        image = photograph(f'dlib/{name}')
        expected = upright.process(image, 0.0, Settings(), scene=name)
        assert expected.faces
        for rotation, turn in ROTATED.items():
            turned = cv2.rotate(image, turn)
            settings = Settings(rotation=rotation)
            result = rotated.process(turned, 0.0, settings, scene=name)
            assert result.image_size == turned.shape[:2]
            assert [face.emotion for face in result.faces] == [
                face.emotion for face in expected.faces
            ]
            for face, other in zip(result.faces, expected.faces, strict=True):
                crop, original = (
                    cut.mean() for cut in (cut_box(turned, face), cut_box(image, other))
                )
                assert crop == pytest.approx(original, abs=3)


def cut_box(image, face):
    """Cut the box of a face out of an image."""
    left, top, right, bottom = (round(value) for value in face.box)
    return image[top:bottom, left:right]
