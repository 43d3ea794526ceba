import cv2
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies
import numpy as np
import pytest

from fer_ros.perception.backends.base import BackendError
from fer_ros.perception.backends.litert import import_interpreter
from fer_ros.perception.detection.blazeface import BlazeFaceDetector
from fer_ros.perception.detection.candidates import Candidate
from fer_ros.perception.detection.candidates import to_faces
from fer_ros.perception.detection.haar import HaarDetector
from fer_ros.perception.detection.search_plan import SearchPlan
from fer_ros.perception.detection.yunet import YuNetDetector
from fer_ros.perception.detection.yunet_views import FACE_IN_PART
from fer_ros.perception.detection.yunet_views import near_view
from fer_ros.perception.detection.yunet_views import views_of
from fer_ros.perception.settings import Settings
from photographs import data_path
from photographs import photograph


def eyes_of(box):
    left, top, right, bottom = box
    height = 0.6 * top + 0.4 * bottom
    return [[0.7 * left + 0.3 * right, height], [0.3 * left + 0.7 * right, height]]


class Far:
    """A detector with the views of YuNet that finds each face exactly where its view shows it."""

    name = reason = 'ideal'
    least_eye_distance = 0.0
    eyes_estimated = False

    def __init__(self, *faces):
        self.faces = list(faces)
        self.looks = []
        self.parts = []

    def detect(self, image, min_score, min_size):
        self.looks.append('whole')
        found = [Candidate(0.9, box, eyes_of(box)) for box in self.faces]
        return to_faces(found, *image.shape[:2], min_score, min_size)

    def views(self, height, width, min_size):
        return views_of(height, width, min_size)

    def look(self, image, view, min_score):
        self.looks.append(view.kind)
        self.parts += [view.region] if view.kind == 'part' else []
        scale = view.size[0] / (view.region[2] - view.region[0])
        left, top, right, bottom = view.region
        # Only the coarse view may be too small for a face.
        smallest = 0.97 * FACE_IN_PART / scale if view.kind == 'coarse' else 0
        return [
            Candidate(0.9, box, eyes_of(box))
            for box in self.faces
            if min(box[2] - box[0], box[3] - box[1]) >= smallest
            and left <= box[0]
            and top <= box[1]
            and box[2] <= right
            and box[3] <= bottom
        ]


class Ideal(Far):
    """An ideal detector that searches the surroundings of known faces."""

    def near(self, box, height, width, min_size, wide=False):
        return near_view(box, height, width, min_size, wide)


class Blind(Ideal):
    """A detector whose views are not usable, such as one without them."""

    def views(self, height, width, min_size):
        return None


IMAGE = np.zeros((480, 640, 3), np.uint8)
SMALL = (300.0, 200.0, 326.0, 234.0)


def search(plan, detector, time, known=(), image=IMAGE, **settings):
    return plan.search(detector, image, time, known, Settings(**settings))


def looks(plan, detector, times, **arguments):
    """Return the kinds of views that each image is searched in."""
    kinds = []
    for time in times:
        detector.looks = []
        search(plan, detector, time, **arguments)
        kinds.append(detector.looks)
    return kinds


def test_the_first_image_is_searched_whole_and_the_next_ones_in_parts():
    kinds = looks(SearchPlan(), Ideal(), [step / 30 for step in range(20)])

    assert kinds == [['whole'], *[['coarse', 'part']] * 19]


def test_a_known_face_is_searched_in_its_own_view():
    plan, detector = SearchPlan(), Ideal(SMALL)
    (face,) = search(plan, detector, 0.0)
    detector.looks = []

    found = search(plan, detector, 1 / 30, [face])

    assert sorted(detector.looks) == ['coarse', 'near', 'part']
    assert [one.box for one in found] == [SMALL]


def test_without_views_around_faces_the_parts_with_known_faces_are_searched_in_each_image():
    plan, detector = SearchPlan(), Far(SMALL)
    known = search(plan, detector, 0.0)

    for step in range(1, 20):
        detector.parts = []
        known = search(plan, detector, step / 30, known)
        assert [face.box for face in known] == [SMALL]
        assert len(detector.parts) < 6


@pytest.mark.parametrize(
    'settings', [{'search_time': 0.0}, {'search_time': 0.03}, {'min_face_size': 1000}]
)
def test_without_a_plan_each_image_is_searched_whole(settings):
    kinds = looks(SearchPlan(), Ideal(), [step / 30 for step in range(4)], **settings)

    assert kinds == [['whole']] * 4


def test_a_detector_without_views_searches_each_image_whole():
    assert looks(SearchPlan(), Blind(), [0.0, 0.03, 0.06]) == [['whole']] * 3


def test_a_slow_stream_is_searched_whole():
    assert looks(SearchPlan(), Ideal(), [0.0, 0.25, 0.5, 0.75]) == [['whole']] * 4


def test_a_change_of_the_size_of_the_image_searches_the_whole_image():
    plan, detector = SearchPlan(), Ideal()
    search(plan, detector, 0.0)

    larger = looks(plan, detector, [1 / 30, 2 / 30], image=np.zeros((720, 1280, 3), np.uint8))

    assert larger == [['whole'], ['coarse', 'part']]


def test_a_restart_searches_the_whole_image():
    plan, detector = SearchPlan(), Ideal()
    looks(plan, detector, [0.0, 1 / 30])

    plan.restart()

    assert looks(plan, detector, [2 / 30, 3 / 30]) == [['whole'], ['coarse', 'part']]


def test_many_known_faces_are_cheaper_in_the_whole_image():
    detector = Ideal(*[(30.0 + 50 * n, 100.0, 60.0 + 50 * n, 140.0) for n in range(12)])
    plan = SearchPlan()
    faces = search(plan, detector, 0.0)
    detector.looks = []

    again = search(plan, detector, 0.03, faces)

    assert detector.looks == ['whole']
    assert len(again) == 12


def test_after_a_pause_more_parts_are_searched():
    plan, detector = SearchPlan(), Ideal()
    looks(plan, detector, [step / 30 for step in range(8)])

    (kinds,) = looks(plan, detector, [7 / 30 + 0.07])

    assert kinds.count('part') >= 2


def test_a_proposal_below_the_minimum_score_is_decided_by_the_view_around_it():
    class Doubtful(Ideal):
        def look(self, image, view, min_score):
            score = 0.4 if view.kind in ('coarse', 'part') else self.closely
            found = super().look(image, view, min_score)
            return [one._replace(score=score) for one in found if score >= min_score]

        def detect(self, image, min_score, min_size):
            return []

    for closely, faces in ((0.8, 1), (0.5, 0)):
        plan, detector = SearchPlan(), Doubtful((100.0, 100.0, 220.0, 260.0))
        detector.closely = closely
        search(plan, detector, 0.0)

        found = search(plan, detector, 1 / 30)

        assert [face.score for face in found] == [0.8] * faces


@limits(max_examples=100, deadline=None)
@given(
    kind=strategies.sampled_from([BlazeFaceDetector, HaarDetector]),
    size=strategies.tuples(strategies.integers(160, 4000), strategies.integers(120, 2200)),
    min_size=strategies.integers(8, 100),
    place=strategies.tuples(strategies.floats(0, 1), strategies.floats(0, 1)),
    growth=strategies.floats(1, 12),
)
def test_each_face_is_in_the_coarse_view_or_in_a_part(kind, size, min_size, place, growth):
    width, height = size
    # The views do not depend on the weights.
    views = kind.__new__(kind).views(height, width, min_size)
    side = min(growth * min_size * 1.02, 0.8 * width, 0.6 * height)
    if views is None or side < min_size:
        return
    left, top = place[0] * (width - side), place[1] * (height - 1.4 * side)
    box = (left, top, left + side, top + 1.4 * side)

    assert any(view.must_find(box, height, width) for view in (views.coarse, *views.parts))


sizes = strategies.tuples(strategies.integers(160, 4000), strategies.integers(120, 2200))
rates = strategies.sampled_from([6, 10, 12.5, 15, 25, 29.97, 30, 50, 60, 120])


@limits(max_examples=150, deadline=None)
@given(
    size=sizes,
    rate=rates,
    min_size=strategies.integers(8, 100),
    place=strategies.tuples(strategies.floats(0, 1), strategies.floats(0, 1)),
    growth=strategies.floats(1, 12),
    aspect=strategies.floats(1.0, 1.45),
    start=strategies.integers(1, 40),
)
def test_each_face_is_found_in_time_wherever_it_appears(
    size, rate, min_size, place, growth, aspect, start
):
    width, height = size
    shorter = min(growth * min_size * 1.02, 0.9 * width, 0.9 * height / aspect)
    if shorter < min_size:
        return
    left, top = place[0] * (width - shorter), place[1] * (height - aspect * shorter)
    box = (left, top, left + shorter, top + aspect * shorter)
    image = np.broadcast_to(np.uint8(0), (height, width, 3))
    plan, detector = SearchPlan(), Ideal()
    for frame in range(start):
        search(plan, detector, frame / rate, image=image, min_face_size=min_size)
    detector.faces = [box]

    frame = start
    while not search(plan, detector, frame / rate, image=image, min_face_size=min_size):
        frame += 1
        assert (frame - start) / rate <= 0.2 + 1e-6


@limits(max_examples=100, deadline=None)
@given(
    gaps=strategies.lists(strategies.floats(0.001, 0.3), min_size=12, max_size=40),
    place=strategies.tuples(strategies.floats(0, 600), strategies.floats(0, 440)),
    start=strategies.integers(1, 5),
)
def test_each_face_is_found_in_the_first_image_after_the_time_whatever_the_rate(
    gaps, place, start
):
    times = np.cumsum(gaps)
    box = (*place, place[0] + 26, place[1] + 34)
    plan, detector = SearchPlan(), Ideal()
    for time in times[:start]:
        search(plan, detector, time)
    detector.faces = [box]
    for time in times[start:]:
        if search(plan, detector, time):
            return
        assert time - times[start] <= 0.2 + 1e-6


@pytest.fixture(scope='module')
def yunet():
    try:
        import_interpreter()
    except BackendError as error:
        pytest.skip(str(error))
    return YuNetDetector(data_path('facedet/face_detection_yunet_2023mar.onnx'))


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize('rate', [10, 30])
def test_real_faces_of_all_sizes_are_found_in_time(yunet, size, rate):
    width, height = size
    random = np.random.default_rng(0)
    background = cv2.resize(photograph('skimage/chelsea.png'), size)
    head = photograph('skimage/astronaut.png')[10:240, 130:320]
    late = []
    for side in (34, 40, 50, 70, 100, 150, 240):
        image = background.copy()
        small = cv2.resize(head, (side, round(1.2 * side)), interpolation=cv2.INTER_AREA)
        left, top = random.integers(0, [width - side, height - small.shape[0]])
        bottom = top + small.shape[0]
        right = left + side
        image[top:bottom, left:right] = small
        if not yunet.detect(image, 0.6, 24):
            continue
        plan, start = SearchPlan(), int(random.integers(1, 7))
        for frame in range(start):
            search(plan, yunet, frame / rate, image=background)
        frames = range(start, start + int(0.2 * rate) + 1)
        found = [search(plan, yunet, frame / rate, image=image) for frame in frames]
        if not any(found):
            late.append(side)

    assert late == []


def test_the_search_depends_only_on_images_and_times(yunet):
    image = photograph('skimage/astronaut.png')

    def run():
        plan, known, boxes = SearchPlan(), [], []
        for frame in range(8):
            known = plan.search(yunet, image, frame / 30, known, Settings())
            boxes.append([face.box for face in known])
        return boxes

    first = run()

    assert run() == first
    assert all(len(boxes) == 1 for boxes in first)
