from dataclasses import replace
import math

import cv2
import numpy as np
import pytest

from fer_ros.perception.attention import watcher as module
from fer_ros.perception.attention.networks import FACE_POINTS
from fer_ros.perception.attention.watcher import AttentionWatcher
from fer_ros.perception.faces import ATTENDING
from fer_ros.perception.faces import AWAY
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.faces import Sighting
from fer_ros.perception.faces import UNKNOWN
from fer_ros.perception.rotation import ROTATIONS
from fer_ros.perception.rotation import TURNS
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import CameraModel

PERIOD = 1 / 30


@pytest.fixture(scope='module')
def astronaut():
    """Return the photograph of scikit-image, whose face smiles into the camera, or skip."""
    data = pytest.importorskip('skimage.data')
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


@pytest.fixture
def watcher():
    """Return a watcher with its networks, or skip."""
    try:
        return AttentionWatcher()
    except SettingError as error:
        pytest.skip(str(error))


def sighting(track=1, place=(0.0, 0.0), size=1.0):
    """Return the detection of the astronaut's face, or of a shifted or scaled one."""
    points = np.float32([[201, 102], [247, 103], [226, 128], [226, 152]]) * size + place
    left, top, right, bottom = (np.array([170, 60, 280, 185]) * size + np.tile(place, 2)).tolist()
    face = FaceDetection((left, top, right, bottom), 0.9, points[:2], False, points[2:])
    return Sighting(track, track, face)


def watch(watcher, image, seen, frames=5, settings=None, camera=None):
    """Return the attention after some frames of a still image."""
    for index in range(frames):
        found = watcher.update(
            image, seen, {1, 2, 3}, 1 + PERIOD * index, settings or Settings(), camera
        )
    return found


def angles(attention):
    head = attention.head.angles
    return np.degrees([head.roll, head.yaw, head.pitch])


def test_a_portrait_is_attending_with_open_eyes(astronaut, watcher):
    attention = watch(watcher, astronaut, [sighting()])[1]

    assert attention.state == ATTENDING
    assert attention.eyes_open
    assert np.abs(angles(attention)).max() < 10
    assert not attention.head.rough
    # The gaze points to the camera, which is at the origin.
    place = attention.head.position.point
    assert attention.gaze @ -place / np.linalg.norm(place) > math.cos(math.radians(10))
    assert 0.3 < place[2] < 1.2


def test_the_landmarks_are_on_the_face(astronaut, watcher):
    landmarks = watch(watcher, astronaut, [sighting()])[1].landmarks

    assert landmarks.shape == (70, 2)
    pupils = landmarks[68:]
    np.testing.assert_allclose(pupils, [[201, 102], [247, 103]], atol=8)
    np.testing.assert_allclose(landmarks[30], [226, 128], atol=10)  # the tip of the nose
    # The person's right is on the left of the image.
    assert landmarks[36, 0] < landmarks[45, 0]
    assert landmarks[0, 0] < landmarks[8, 0] < landmarks[16, 0]


@pytest.mark.parametrize('degrees', [-40, -20, 20, 40])
def test_a_turned_image_changes_the_roll_only(astronaut, degrees):
    straight = angles(watch(_new(), astronaut, [sighting()])[1])
    centre = (224.0, 120.0)
    matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
    turned = cv2.warpAffine(astronaut, matrix, astronaut.shape[1::-1])
    face = sighting().face
    points = np.concatenate([face.eyes, face.middle]) @ matrix[:, :2].T + matrix[:, 2]
    moved = replace(face, eyes=np.float32(points[:2]), middle=np.float32(points[2:]))

    found = angles(watch(_new(), turned, [Sighting(1, 1, moved)], frames=15)[1])

    assert found[0] - straight[0] == pytest.approx(degrees, abs=3)
    assert found[1:] == pytest.approx(straight[1:], abs=4)


def test_a_mirrored_image_has_the_opposite_yaw(astronaut):
    straight = angles(watch(_new(), astronaut, [sighting()], frames=15)[1])
    face, width = sighting().face, astronaut.shape[1]
    left, top, right, bottom = face.box
    mirrored = FaceDetection(
        (width - right, top, width - left, bottom),
        0.9,
        np.float32((width - face.eyes[::-1, 0], face.eyes[::-1, 1])).T,
        False,
        np.float32((width - face.middle[:, 0], face.middle[:, 1])).T,
    )
    image = np.ascontiguousarray(astronaut[:, ::-1])

    found = angles(watch(_new(), image, [Sighting(1, 1, mirrored)], frames=15)[1])

    assert found[1] == pytest.approx(-straight[1], abs=2)
    assert found[0] == pytest.approx(-straight[0], abs=2)


@pytest.mark.parametrize('rotation', ROTATIONS)
def test_results_of_a_rotated_camera_are_in_its_own_image(astronaut, rotation):
    plain = watch(_new(), astronaut, [sighting()])[1]
    settings = Settings(rotation=rotation)

    # The watcher gets the upright image; its camera is turned.
    turned = watch(_new(), astronaut, [sighting()], settings=settings)[1]

    assert angles(turned)[1:] == pytest.approx(angles(plain)[1:], abs=0.5)
    assert turned.state == plain.state
    back = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
    assert set(back) == set(TURNS)
    marked = np.zeros(astronaut.shape[:2], np.uint8)
    x, y = plain.landmarks[30].astype(int)
    marked[y, x] = 255
    in_camera = cv2.rotate(marked, back[rotation]) if rotation else marked
    (row,), (column,) = np.nonzero(in_camera)
    np.testing.assert_allclose(turned.landmarks[30], [column + 0.5, row + 0.5], atol=1)
    # Upright in the image of the turned camera means turned back by its rotation.
    roll = (angles(plain)[0] - rotation + 180) % 360 - 180
    assert (angles(turned)[0] - roll + 180) % 360 - 180 == pytest.approx(0, abs=0.5)


def test_the_place_follows_the_calibration(astronaut):
    height, width = astronaut.shape[:2]
    face = (224.0, 120.0)

    def place(focal_length, centre):
        camera = CameraModel((height, width), (focal_length, focal_length), centre)
        found = watch(_new(), astronaut, [sighting()], camera=camera)[1]
        return found.head.position.point, found.state

    (near, _), (far, _) = place(400.0, face), place(800.0, face)
    beside, state = place(400.0, (face[0] - 300, face[1]))

    assert far[2] == pytest.approx(2 * near[2], rel=0.05)
    assert np.abs(near[:2]).max() < 0.05
    # The principal point is far to the left, so the face is seen at an angle of 37 degrees to the
    # right. It is turned to the camera all the same.
    assert math.degrees(math.atan2(beside[0], beside[2])) == pytest.approx(37, abs=3)
    assert state == ATTENDING


def test_a_face_too_small_for_landmarks_keeps_the_rough_pose(watcher):
    image = np.zeros((480, 640, 3), np.uint8)

    attention = watch(watcher, image, [sighting(size=0.2)])[1]

    assert attention.head.rough
    assert attention.landmarks is None
    assert attention.gaze is None


def test_without_points_and_landmarks_the_state_is_unknown(watcher):
    image = np.zeros((480, 640, 3), np.uint8)
    seen = sighting(size=0.2)
    boxed = Sighting(1, 1, replace(seen.face, middle=None, eyes_estimated=True))

    attention = watch(watcher, image, [boxed])[1]

    assert attention.state == UNKNOWN
    assert attention.head is None
    assert attention.scores.tolist() == [0, 0, 1]


def test_an_image_without_a_face_gives_no_landmarks(watcher):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)

    attention = watch(watcher, noise, [sighting()])[1]

    assert attention.landmarks is None
    assert attention.head.rough


class IdealFace:
    """A network whose landmarks are always those of an ideal face."""

    def __init__(self):
        flat = module.load_face_model().points[:, 1:] * (1, -1)
        middle, size = (flat.max(axis=0) + flat.min(axis=0)) / 2, np.ptp(flat, axis=0).max()
        self.points = np.zeros((FACE_POINTS, 3), np.float32)
        self.points[:, :2] = 96 + (flat - middle) / size * 128

    def locate(self, crop):
        return self.points, 1.0


def test_each_of_eight_faces_is_renewed_ten_times_a_second_and_the_largest_in_each_frame(
    monkeypatch,
):
    class NoEye:
        def locate(self, crop):
            return np.full((71, 2), 32.0), np.full((5, 2), 32.0)

    monkeypatch.setattr(module, 'FaceNetwork', IdealFace)
    monkeypatch.setattr(module, 'EyeNetwork', NoEye)
    watcher = AttentionWatcher()
    faces = [sighting(n, (240 * n, 0), 1.0 if n else 1.2) for n in range(8)]
    image = np.zeros((300, 2200, 3), np.uint8)
    renewals = {n: [] for n in range(8)}
    in_one_frame = []

    for index in range(60):
        time = index * PERIOD
        watcher.update(image, faces, range(8), time, Settings(), None)
        in_one_frame.append(len(watcher.renewed))
        for n in watcher.renewed:
            renewals[n].append(time)

    assert np.diff(renewals[0]).max() < 1.5 * PERIOD
    assert all(np.diff(times[2:]).max() <= 0.1 + 1e-6 for times in renewals.values())
    # Not all faces are renewed in one frame.
    assert max(in_one_frame[20:]) <= 4


def test_closed_eyes_are_away_after_the_hold_time(monkeypatch):
    class ClosedEye:
        def locate(self, crop):
            outline = np.full((71, 2), 32.0)
            outline[0], outline[8] = (10, 32), (54, 32)
            return outline, np.full((5, 2), 32.0)

    monkeypatch.setattr(module, 'FaceNetwork', IdealFace)
    monkeypatch.setattr(module, 'EyeNetwork', ClosedEye)

    attention = watch(AttentionWatcher(), np.zeros((300, 400, 3), np.uint8), [sighting()])[1]

    assert attention.eyes_open is False
    assert attention.state == AWAY
    assert attention.gaze is None


def test_people_who_left_are_forgotten(watcher):
    image = np.zeros((300, 300, 3), np.uint8)
    watcher.update(image, [sighting(7)], {7}, 1.0, Settings(), None)

    watcher.update(image, [], set(), 2.0, Settings(), None)

    assert not watcher._people


def _new():
    try:
        return AttentionWatcher()
    except SettingError as error:
        pytest.skip(str(error))
