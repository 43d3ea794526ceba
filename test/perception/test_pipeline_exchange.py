import numpy as np
import pytest

from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import SettingError
from fer_ros.perception.settings import Settings
from scripted import Card
from scripted import Contempt
from scripted import found
from scripted import IMAGE
from scripted import Opinion
from scripted import Script


def test_another_model_takes_over_between_two_frames_and_ids_stay():
    pipeline = Pipeline(Script([found(0)], [found(0)]), Opinion(0.9, 0.1))
    pipeline.process(IMAGE, 0.0, Settings())

    pipeline.exchange(classifier=Contempt(0.1, 0.1, 0.8))
    (face,) = pipeline.process(IMAGE, 0.1, Settings()).faces

    assert pipeline.labels == ('happy', 'sad', 'contempt')
    assert (face.id, face.emotion) == (1, 'contempt')
    np.testing.assert_allclose(face.probabilities, [0.1, 0.1, 0.8])


def test_merged_labels_stand_as_one_from_the_next_frame_on():
    pipeline = Pipeline(Script([found(0)], [found(0)]), Contempt(0.3, 0.35, 0.35))
    (before,) = pipeline.process(IMAGE, 0.0, Settings(min_confidence=0.0)).faces

    pipeline.exchange(groups=['low=sad,contempt'])
    (after,) = pipeline.process(IMAGE, 0.1, Settings()).faces

    assert before.emotion == 'sad'
    assert pipeline.labels == ('happy', 'low')
    np.testing.assert_allclose(after.probabilities, [0.3, 0.7])
    assert (after.id, after.emotion) == (1, 'low')


def test_groups_that_do_not_fit_change_nothing():
    opinion = Opinion(0.9, 0.1)
    pipeline = Pipeline(Script([found(0)]), opinion)

    with pytest.raises(SettingError, match='contempt'):
        pipeline.exchange(classifier=Opinion(0.1, 0.9), groups=['low=sad,contempt'])

    assert pipeline.classifier is opinion
    assert pipeline.labels == ('happy', 'sad')


def test_another_detector_takes_over_between_two_frames_and_ids_stay():
    pipeline = Pipeline(Script([found(0)]), Opinion(0.9, 0.1))
    pipeline.process(IMAGE, 0.0, Settings())

    pipeline.exchange(detector=Script([found(1)]))

    assert [face.id for face in pipeline.process(IMAGE, 0.1, Settings()).faces] == [1]


def test_another_detector_searches_at_once():
    pipeline = Pipeline(Script([found(0)]), Opinion(0.9, 0.1))
    pipeline.process(IMAGE, 0.0, Settings(detect_every=30))
    detector = Script([])
    pipeline.exchange(detector=detector)

    assert pipeline.process(IMAGE, 0.03, Settings(detect_every=30)).faces == ()
    assert detector.frames == []


class CardWithNeutral(Card):
    labels = ('happy', 'sad', 'neutral')


class AlwaysSad(Opinion):
    card = CardWithNeutral


def watch(pipeline, seconds, settings, began=0.0):
    """Process a single face for some seconds, and return its last result."""
    for step in range(round(seconds * 10)):
        pipeline.detector.frames = [[found(0)]]
        (face,) = pipeline.process(IMAGE, began + step / 10, settings).faces
    return face


def test_a_persons_own_neutral_is_learned_on_the_models_labels_whatever_is_merged():
    pipeline = Pipeline(Script(), AlwaysSad(0.05, 0.6, 0.35))
    settings = Settings(baseline=10.0)

    early = watch(pipeline, 1, settings)
    late = watch(pipeline, 15, settings, 1.0)
    pipeline.exchange(groups=['low=sad,neutral'])
    merged = watch(pipeline, 1, settings, 16.0)
    pipeline.exchange(groups=[''])
    again = watch(pipeline, 1, settings, 17.0)

    assert [face.emotion for face in (early, late, merged, again)] == [
        'sad',
        'neutral',
        'low',
        'neutral',
    ]
    np.testing.assert_allclose(again.probabilities, late.probabilities, atol=1e-3)


def test_another_model_has_other_opinions_of_who_is_neutral():
    pipeline = Pipeline(Script(), AlwaysSad(0.05, 0.6, 0.35))
    settings = Settings(baseline=10.0)
    watch(pipeline, 15, settings)

    pipeline.exchange(classifier=AlwaysSad(0.05, 0.6, 0.35))

    assert watch(pipeline, 0.5, settings, 15.0).emotion == 'sad'


def test_a_model_without_neutral_is_left_as_it_is():
    pipeline = Pipeline(Script(), Opinion(0.2, 0.8))

    face = watch(pipeline, 15, Settings(baseline=10.0))

    np.testing.assert_allclose(face.probabilities, [0.2, 0.8])
