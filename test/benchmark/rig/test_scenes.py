from itertools import pairwise

import numpy as np
import pytest

from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import FACES
from benchmark.rig.scenes import fitted
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import montage
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.settings import Settings
from photographs import data_path


@pytest.fixture
def detector():
    data_path('facedet')
    try:
        return create_detector('yunet', str(detector_weights()))
    except DetectorError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize('size', [SMALL, LARGE])
@pytest.mark.parametrize('faces', FACES)
def test_a_scene_shows_as_many_faces_as_it_says(detector, faces, size):
    settings = Settings()

    images = scene(faces, size, 4)

    assert len(images) == 4
    for image in images:
        assert image.shape == (size[1], size[0], 3)
        found = detector.detect(image, settings.min_face_score, settings.min_face_size)
        assert len(found) == faces


def test_no_two_images_in_succession_are_the_same():
    data_path('photos')
    images = scene(4, SMALL, 5)

    assert all((one != other).any() for one, other in pairwise(images))


def test_what_stands_over_is_cut_off_on_both_sides():
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200] = 255

    cut = fitted(image, (200, 200))

    assert cut.shape == (200, 200, 3)
    assert cut[:, 2:-2].min() == 255


def test_more_faces_than_there_is_room_for_are_refused():
    with pytest.raises(ValueError, match='0 to 16 faces, but 17 were requested'):
        montage(17, SMALL)
