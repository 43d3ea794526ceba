"""Test the published changes for any sequence of faces, timestamps, settings and models."""

import numpy as np
import pytest

from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings
from scripted import Contempt
from scripted import found
from scripted import IMAGE
from scripted import Opinion
from scripted import Script

hypothesis = pytest.importorskip('hypothesis')
strategies = hypothesis.strategies

# The faces are too far apart to be confused.
PLACES = (0, 150, 300)

scores = strategies.lists(strategies.floats(1e-9, 1), min_size=3, max_size=3)
frames = strategies.tuples(
    strategies.just('frame'),
    strategies.sampled_from([1 / 30, 1 / 30, 1 / 30, 0.1, 0.4, 1.5, 10.0, 0.0, -0.01, -0.5, -5.0]),
    strategies.dictionaries(strategies.sampled_from(PLACES), scores),
)
settings = strategies.tuples(
    strategies.just('settings'),
    strategies.fixed_dictionaries(
        {},
        optional={
            'smoothing': strategies.sampled_from([0.0, 0.4]),
            'hold': strategies.sampled_from([0.0, 0.3]),
            'min_confidence': strategies.sampled_from([0.0, 0.4, 0.8]),
            'face_timeout': strategies.sampled_from([0.0, 0.5, 5.0]),
            'max_faces': strategies.sampled_from([1, 2, 16]),
            'detect_every': strategies.sampled_from([1, 2, 5]),
        },
    ),
)
exchanges = strategies.tuples(
    strategies.just('exchange'),
    strategies.sampled_from(
        [{'groups': ['low=sad,contempt']}, {'groups': ['']}, {'classifier': None}]
    ),
)
events = strategies.lists(strategies.one_of(frames, frames, frames, settings, exchanges))


class Opinions(Contempt):
    """A classifier that returns predefined scores for each face."""

    def __init__(self):
        super().__init__()
        self.next = {}

    def classify(self, crops):
        return np.array([next(self.next) for _ in crops]).reshape(-1, 3)


class Scene:
    """A camera, a pipeline, and a subscriber that receives only the changes."""

    def __init__(self):
        self.detector, self.opinions = Script(), Opinions()
        self.pipeline = Pipeline(self.detector, self.opinions)
        self.settings = Settings()
        self.stamp = 100.0
        self.known = {}
        self.newest_id = 0

    def frame(self, elapsed, shown):
        """Process the next image, and check the published changes."""
        self.stamp += elapsed
        self.detector.frames = [[found(place) for place in shown]]
        self.opinions.next = iter([np.array(raw) / sum(raw) for raw in [*shown.values()] * 9])
        if not shown:
            # Faces that are tracked between two detections are classified as well.
            self.opinions.next = iter([np.array([0.2, 0.5, 0.3])] * 9)
        self.check(self.pipeline.process(IMAGE, self.stamp, self.settings))

    def check(self, result):
        faces, changed, left = result.faces, result.changed_faces, result.left_ids
        assert len({face.id for face in faces}) == len(faces)
        for face in faces:
            assert face.emotion in (*result.labels, 'uncertain')
            assert face.probabilities.sum() == pytest.approx(1)
        # There is one message for each change.
        told = [face.id for face in changed]
        assert len(set(told)) == len(told)
        assert all(self.known.get(face.id) != face.emotion for face in changed)
        assert set(left) <= set(self.known) - {face.id for face in faces}
        # A changed face is either known to the subscriber, or has a new id.
        for id_ in sorted(set(told) - set(self.known)):
            assert id_ > self.newest_id
            self.newest_id = id_
        self.known.update({face.id: face.emotion for face in changed})
        for id_ in left:
            del self.known[id_]
        # The changes alone tell the subscriber the emotion of every visible face.
        assert {face.id: face.emotion for face in faces}.items() <= self.known.items()
        assert set(self.known) <= result.held_ids


@hypothesis.given(events)
def test_who_listens_to_changes_alone_knows_all_whatever_happens(happenings):
    scene = Scene()
    for kind, *details in happenings:
        if kind == 'frame':
            scene.frame(*details)
        elif kind == 'settings':
            scene.settings = scene.settings.changed(details[0])
        elif 'classifier' in details[0]:
            scene.pipeline.exchange(classifier=scene.opinions)
        else:
            scene.pipeline.exchange(**details[0])


def test_a_face_whose_opinion_flickers_is_told_of_once():
    opinion = Opinion(0.9, 0.1)
    told = []
    pipeline = Pipeline(Script(*[[found(0)]] * 90), opinion)

    for step in range(90):
        opinion.scores = (0.9, 0.1) if step % 3 else (0.1, 0.9)
        result = pipeline.process(IMAGE, step / 30, Settings())
        told += [face.emotion for face in result.changed_faces]
        told += result.left_ids

    assert told == ['sad', 'happy']
