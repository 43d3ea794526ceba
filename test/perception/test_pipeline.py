from contextlib import contextmanager

import numpy as np
import pytest

from fer_ros.perception.decision.changes import ChangeDetector
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.rotation import turn_box_back
from fer_ros.perception.settings import Settings
from scripted import found
from scripted import IMAGE
from scripted import Opinion
from scripted import Script


def test_an_image_without_faces_gives_none():
    pipeline = Pipeline(Script([]), Opinion(0.9, 0.1))

    assert pipeline.process(IMAGE, 0.0, Settings()).faces == ()


def test_all_faces_are_classified_in_one_batch_of_the_models_size():
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script([found(0), found(100), found(200)]), opinion)

    faces = pipeline.process(IMAGE, 0.0, Settings()).faces

    assert opinion.batches == [[(8, 8, 3)] * 3]
    assert [face.emotion for face in faces] == ['happy'] * 3
    assert faces[0].score == 0.8
    np.testing.assert_allclose(faces[0].probabilities, [0.9, 0.1])


def test_each_stage_is_measured_under_its_name():
    stages = []

    @contextmanager
    def measured(stage):
        stages.append((stage, 'begins'))
        yield
        stages.append((stage, 'ends'))

    class Detector(Script):
        def detect(self, *arguments):
            stages.append('the detector runs')
            return super().detect(*arguments)

    class Classifier(Opinion):
        def classify(self, crops):
            stages.append('the classifier runs')
            return super().classify(crops)

    pipeline = Pipeline(Detector([found(0)]), Classifier(0.9, 0.1))
    pipeline.process(IMAGE, 0.0, Settings(), measured)

    assert stages == [
        ('detect', 'begins'),
        'the detector runs',
        ('detect', 'ends'),
        ('classify', 'begins'),
        'the classifier runs',
        ('classify', 'ends'),
    ]


def test_faces_come_in_the_order_of_their_ids():
    pipeline = Pipeline(Script([found(0), found(100)], [found(101), found(1)]), Opinion(0.9, 0.1))
    pipeline.process(IMAGE, 0.0, Settings())

    faces = pipeline.process(IMAGE, 0.1, Settings()).faces

    assert [face.id for face in faces] == [1, 2]
    assert [face.box[0] for face in faces] == [1, 101]


def test_of_too_many_faces_the_largest_stay():
    pipeline = Pipeline(Script([found(0, 20), found(100, 50), found(200, 40)]), Opinion(0.9, 0.1))

    faces = pipeline.process(IMAGE, 0.0, Settings(max_faces=2)).faces

    assert sorted(face.box[0] for face in faces) == [100, 200]


def test_a_face_that_flashes_up_is_in_no_answer():
    frames = [[found(0)] for _ in range(9)]
    frames[4].append(found(200))
    pipeline = Pipeline(Script(*frames), Opinion(0.9, 0.1))

    seen = [pipeline.process(IMAGE, step / 30, Settings()) for step in range(9)]

    assert [[face.id for face in result.faces] for result in seen] == [[1]] * 9
    assert seen[-1].held_ids == {1}


def test_the_first_answer_of_a_new_face_is_made_of_all_frames_that_it_took_to_believe_it():
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script([], *[[found(0)]] * 3), opinion)
    pipeline.process(IMAGE, 0.0, Settings())
    pipeline.process(IMAGE, 1 / 30, Settings())
    opinion.scores = (0.01, 0.99)
    pipeline.process(IMAGE, 2 / 30, Settings(smoothing=0.02))

    (face,) = pipeline.process(IMAGE, 3 / 30, Settings(smoothing=0.02)).faces

    # The first expression was not published, so the new expression needs no hold time.
    assert face.emotion == 'sad'
    assert 0.9 < face.probabilities[1] < 0.99


def test_settings_hold_for_the_frame_that_they_come_with():
    detector = Script([], [])
    pipeline = Pipeline(detector, Opinion(0.9, 0.1))

    pipeline.process(IMAGE, 0.0, Settings())
    pipeline.process(IMAGE, 0.1, Settings(min_face_score=0.9, min_face_size=50))

    assert detector.asked == [(0.6, 24), (0.9, 50)]


def test_a_person_who_returns_in_time_is_still_known():
    pipeline = Pipeline(Script([found(0)], [], [found(2)], [], [found(2)]), Opinion(0.9, 0.1))
    times = (0.0, 0.3, 0.6, 0.9, 3.0)

    seen = [pipeline.process(IMAGE, time, Settings()) for time in times]

    assert [[face.id for face in result.faces] for result in seen] == [[1], [], [1], [], [2]]


def test_a_result_names_who_came_who_changed_who_left_and_who_is_held():
    opinion = Opinion(0.9, 0.1)
    frames = [[found(0), found(100)], [found(0), found(100)], [found(0)], [], []]
    pipeline = Pipeline(Script(*frames), opinion)
    settings = Settings(smoothing=0.0, hold=0.0, face_timeout=0.5)

    came = pipeline.process(IMAGE, 0.0, settings)
    same = pipeline.process(IMAGE, 0.1, settings)
    opinion.scores = (0.1, 0.9)
    changed = pipeline.process(IMAGE, 0.2, settings)
    lost = pipeline.process(IMAGE, 2.0, settings)
    empty = pipeline.process(IMAGE, 2.6, settings)

    assert (came.stamp, came.image_size) == (0.0, IMAGE.shape[:2])
    assert came.labels == ('happy', 'sad')
    assert came.affect.shape == (2, 2)
    assert came.changed_faces == came.faces
    assert (came.held_ids, came.left_ids, len(came.boxes)) == ({1, 2}, (), 2)
    assert (same.changed_faces, same.left_ids) == ((), ())
    # Person 2 is lost for a moment and has not left.
    assert [(face.id, face.emotion) for face in changed.changed_faces] == [(1, 'sad')]
    assert (changed.held_ids, changed.left_ids) == ({1, 2}, ())
    # Person 1 is missing for the first time; person 2 has been missing for 1.8 s.
    assert (lost.held_ids, lost.left_ids, lost.faces) == ({1}, (2,), ())
    assert (empty.held_ids, empty.left_ids, empty.faces) == (set(), (1,), ())


def test_a_pipeline_after_another_goes_on_with_what_was_told():
    changes = ChangeDetector()
    before = Pipeline(Script([found(0)]), Opinion(0.9, 0.1), changes=changes)
    before.process(IMAGE, 0.0, Settings())

    after = Pipeline(Script([found(0)]), Opinion(0.9, 0.1), before.next_id, changes)
    result = after.process(IMAGE, 5.0, Settings())

    assert [face.id for face in result.changed_faces] == [2]
    assert result.left_ids == (1,)


@pytest.mark.parametrize('rotation', [90, 180, 270])
def test_a_rotated_image_is_searched_upright_and_answered_in_its_own_pixels(rotation):
    class Detector(Script):
        def detect(self, image, min_score, min_size):
            self.shape = image.shape
            return super().detect(image, min_score, min_size)

    detector, opinion = Detector([found(20)]), Opinion(0.9, 0.1)
    pipeline = Pipeline(detector, opinion)

    result = pipeline.process(IMAGE, 0.0, Settings(rotation=rotation))

    upright = IMAGE.shape if rotation == 180 else (400, 100, 3)
    assert detector.shape == upright
    assert result.image_size == IMAGE.shape[:2]
    box = found(20).box
    assert result.faces[0].box == turn_box_back(box, rotation, IMAGE.shape[:2])
    assert result.boxes == (turn_box_back(box, rotation, IMAGE.shape[:2]),)


def moving(step):
    """Return a detection that moves to the right by three pixels per frame."""
    return [found(3 * step)]


def test_between_two_searches_faces_and_their_crops_move_on():
    opinion = Opinion(0.9, 0.1)
    searched = [step for step in range(24) if step % 4 == 0]
    detector = Script(*[moving(step) for step in searched])
    pipeline = Pipeline(detector, opinion)

    seen = [pipeline.process(IMAGE, step / 30, Settings(detect_every=4)) for step in range(24)]

    assert detector.frames == []
    assert [[face.id for face in result.faces] for result in seen] == [[1]] * 24
    assert [len(batch) for batch in opinion.batches] == [1] * 24
    for step in range(12, 24):
        np.testing.assert_allclose(seen[step].faces[0].box, moving(step)[0].box, atol=2)


def test_a_new_face_is_searched_in_the_next_frames_until_it_is_believed():
    detector = Script([], *[[found(0)]] * 3)
    pipeline = Pipeline(detector, Opinion(0.9, 0.1))

    seen = [
        len(pipeline.process(IMAGE, step / 30, Settings(detect_every=5)).faces)
        for step in range(10)
    ]

    # The detector runs in frames 0, 5, 6 and 7. The track is confirmed in frame 7.
    assert detector.frames == []
    assert seen == [0] * 7 + [1] * 3


@pytest.mark.parametrize(
    ('shapes', 'stamps'),
    [([(100, 400, 3), (50, 200, 3)], (0, 0.03)), ([(100, 400, 3)] * 2, (0, 2.0))],
)
def test_another_scene_is_searched_at_once(shapes, stamps):
    detector = Script([found(0)], [])
    pipeline = Pipeline(detector, Opinion(0.9, 0.1))

    for shape, stamp in zip(shapes, stamps, strict=True):
        image = np.zeros(shape, np.uint8)
        result = pipeline.process(image, stamp, Settings(detect_every=30))

    assert detector.frames == []
    assert result.faces == ()
    assert result.image_size == image.shape[:2]
