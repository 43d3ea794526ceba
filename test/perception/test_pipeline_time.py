import numpy as np
import pytest

from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from scripted import found
from scripted import IMAGE
from scripted import Opinion
from scripted import Script


@pytest.mark.parametrize('stamps', [(5.0, 5.0, 5.0), (9.0, 2.0, 2.1), (0.0, 1e9, 1e9 + 1)])
def test_strange_stamps_do_no_harm(stamps):
    pipeline = Pipeline(Script(*[[found(0)]] * 3), Opinion(0.9, 0.1))

    for stamp in stamps:
        (face,) = pipeline.process(IMAGE, stamp, Settings()).faces
        assert np.isfinite(face.probabilities).all()
        assert face.emotion == 'happy'


@pytest.mark.parametrize(
    ('stamps', 'ids'),
    [
        ([5.0] * 6, [1, 1, 1, 1, 1, 1]),
        ([5.0, 5.1, 5.05, 5.2, 5.15, 5.3], [1, 1, 1, 1, 1, 1]),
        ([5.0, 5.1, 4.6, 4.7, 4.8, 4.9], [1, 1, 1, 1, 1, 1]),
        ([5.0, 5.1, 900.0, 900.1, 900.2, 900.3], [1, 1, 1, 2, 2, 2]),
        ([5.0, 5.1, 0.0, 0.1, 0.2, 0.3], [1, 1, 1, 2, 2, 2]),
        ([5.0, 5.1, 0.0, 5.3, 5.4, 5.5], [1, 1, 1, 1, 1, 1]),
        ([5.0, 5.1, 7.2, 5.3, 5.4, 5.5], [1, 1, 1, 1, 1, 1]),
        ([5.0, 5.1, 3605.2, 5.3, 5.4, 5.5], [1, 1, 1, 1, 1, 1]),
        ([0.0, 5.1, 5.2, 5.3, 5.4, 5.5], [1, 1, 1, 1, 1, 1]),
    ],
    ids=[
        'stand still',
        'are swapped',
        'are set back a little',
        'jump',
        'begin anew',
        'are 0 once',
        'are late once',
        'are an hour late once',
        'are 0 at first',
    ],
)
def test_ids_when_stamps(stamps, ids):
    pipeline = Pipeline(Script(*[[found(0)]] * 6), Opinion(0.9, 0.1))

    seen = [pipeline.process(IMAGE, stamp, Settings()) for stamp in stamps]

    assert [face.id for (face,) in (result.faces for result in seen)] == ids


def test_another_rotation_begins_a_new_scene():
    pipeline = Pipeline(Script(*[[found(0)]] * 3), Opinion(0.9, 0.1))

    seen = [
        pipeline.process(IMAGE, step / 30, Settings(rotation=rotation)).faces[0].id
        for step, rotation in enumerate([0, 180, 180])
    ]

    assert seen == [1, 2, 2]


def decided(period, emotions, settings):
    """Return the decided emotions of a face in images that are some seconds apart."""
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script(*[[found(0)]] * len(emotions)), opinion)
    faces = []
    for step, emotion in enumerate(emotions):
        opinion.scores = (0.99, 0.01) if emotion == 'happy' else (0.01, 0.99)
        faces += pipeline.process(IMAGE, step * period, settings).faces
    return [face.emotion for face in faces]


@pytest.mark.parametrize('period', [0.5, 1.0, 2.0])
def test_the_emotion_is_decided_at_once_in_a_frame_later_than_the_hold_time(period):
    shown = ['happy', 'sad', 'sad', 'happy']

    assert decided(period, shown, Settings(hold=0.3)) == shown


@pytest.mark.parametrize(('period', 'hold'), [(0.1, 0.3), (0.1, 0.1), (1.0, 1.0)])
def test_an_emotion_must_last_if_frames_come_within_the_hold_time(period, hold):
    shown = ['happy', 'sad', 'happy', 'happy']

    assert decided(period, shown, Settings(hold=hold, smoothing=0.0)) == ['happy'] * 4


def test_a_face_missing_for_longer_than_the_hold_time_is_not_decided_at_once():
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script([found(0)], *[[]] * 5, [found(0)], [found(0)]), opinion)
    faces = []
    for step in range(8):
        opinion.scores = (0.9, 0.1) if step != 6 else (0.01, 0.99)
        faces += pipeline.process(IMAGE, step / 10, Settings(smoothing=0.0)).faces

    assert [face.emotion for face in faces] == ['happy'] * 3


def test_a_result_has_the_stamp_of_its_image_though_it_is_wrong():
    pipeline = Pipeline(Script(*[[found(0)]] * 3), Opinion(0.9, 0.1))

    seen = [pipeline.process(IMAGE, stamp, Settings()).stamp for stamp in (5.0, 0.0, 5.2)]

    assert seen == [5.0, 0.0, 5.2]


def test_after_images_were_left_out_a_late_stamp_is_accepted_at_once():
    pipeline = Pipeline(Script(*[[found(0)]] * 3), Opinion(0.9, 0.1))
    pipeline.process(IMAGE, 5.0, Settings())
    pipeline.process(IMAGE, 5.1, Settings())

    pipeline.resume()

    assert [face.id for face in pipeline.process(IMAGE, 60.0, Settings()).faces] == [2]


def test_another_scene_has_people_of_its_own_and_no_memory():
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script(*[[found(0)]] * 4), opinion)
    seen = []

    for step, scene in enumerate(['1', '1', '2', '1']):
        opinion.scores = (0.9, 0.1) if step < 2 else (0.1, 0.9)
        seen.append(pipeline.process(IMAGE, step / 30, Settings(), scene=scene))

    assert [[face.id for face in result.faces] for result in seen] == [[1], [1], [2], [3]]
    emotions = [face.emotion for result in seen for face in result.faces]
    assert emotions == ['happy', 'happy', 'sad', 'sad']
    np.testing.assert_allclose(seen[2].faces[0].probabilities, [0.1, 0.9])
    assert [result.left_ids for result in seen] == [(), (), (1,), (2,)]
