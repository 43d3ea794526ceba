from dataclasses import replace

import numpy as np
import pytest

from brightness import made_up_card
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.models.bundle import load_card
from training.bundles.card_figures import record
from training.data.datasets import CKPLUS_LABELS
from training.data.datasets import DataError
from training.evaluation.report import figures
from training.evaluation.scores import score
from training.evaluation.truth import truth_for
from training.pages.terminal import report_text


class Brightness:
    """A network that predicts the label from the brightness of the synthetic images."""

    name = 'brightness'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as requested'

    def __init__(self, count, shift=0):
        self._count = count
        self._shift = shift

    def run(self, batch):
        label = (batch.mean(axis=(1, 2, 3)) * 255 // 30).astype(int) + self._shift
        return np.eye(self._count, dtype=np.float32)[label % self._count] * 9


def classifier(labels=FER2013_LABELS, shift=0):
    return Classifier(made_up_card(labels), Brightness(len(labels), shift))


def test_a_network_that_is_always_right_and_one_that_is_always_wrong(made_up):
    data = made_up(70, 'private')

    assert figures(score(classifier(), data))['accuracy'] == 1
    assert figures(score(classifier(shift=1), data))['accuracy'] == 0


def test_the_accuracy_stands_on_a_line_of_its_own(made_up):
    report = figures(score(classifier(), made_up(70, 'private')))
    report |= {'model': 'made_up', 'backend': 'here'}

    assert 'accuracy: 100.00 %' in report_text(report).splitlines()


def test_pictures_that_occur_in_training_are_left_out_of_the_second_figure(made_up):
    data = made_up(70, 'private')
    # The first half has wrong labels, so the network's predictions for it are wrong.
    labels = data.labels.copy()
    labels[:35] = (labels[:35] + 1) % 7
    mislabelled = replace(data, labels=labels)

    report = figures(score(classifier(), mislabelled), data.take(np.arange(35)))

    assert report['accuracy'] == pytest.approx(0.5)
    assert report['pictures_without_training_pictures'] == 35
    assert report['accuracy_without_training_pictures'] == 1


def test_a_model_with_contempt_is_measured_by_the_majority_of_the_votes(made_up):
    data = made_up(70, 'private')
    # Five votes each for two emotions. The majority rule excludes these images, the plurality does
    # not.
    data.votes[:7, :] = 0
    data.votes[:7, [1, 4]] = 5

    report = figures(score(classifier(FERPLUS_LABELS), data))

    assert report['pictures'] == 63
    assert report['accuracy'] == 1
    assert report['pictures_plurality'] == 70
    assert report['accuracy_plurality'] == pytest.approx((63 + 1) / 70)
    assert 'majority' in report['protocol']


def test_labels_that_a_model_lacks_are_left_out(made_up):
    data = replace(
        made_up(14, 'private'),
        labels=np.arange(14) % 7,
        label_names=CKPLUS_LABELS,
        votes=None,
    )

    truth = truth_for('made_up', FER2013_LABELS, data)

    contempt = CKPLUS_LABELS.index('contempt')
    assert ((truth.labels < 0) == (data.labels == contempt)).all()
    assert 'without contempt' in truth.protocol
    for label, found in zip(data.labels, truth.labels, strict=True):
        if label != contempt:
            assert FER2013_LABELS[found] == CKPLUS_LABELS[label]


def test_data_that_has_nothing_in_common_with_the_model_is_refused(made_up):
    data = replace(made_up(7), label_names=tuple('tuvwxyz'), votes=None)

    with pytest.raises(DataError, match='at least two in common'):
        truth_for('made_up', FER2013_LABELS, data)


def test_the_mirrored_picture_is_heard_when_asked_for(made_up):
    class LeftEdge(Brightness):
        def run(self, batch):
            return super().run(np.repeat(batch[:, :, :1], 48, axis=2))

    data = made_up(70, 'private')
    images = data.images.copy()
    # The brightness of the right half encodes the next label.
    images[:, :, 24:] += 30
    network = Classifier(made_up_card(FER2013_LABELS), LeftEdge(7))

    once = figures(score(network, replace(data, images=images)))
    twice = figures(score(network, replace(data, images=images), mirrored=True))

    assert once['log_loss'] < 0.01
    assert twice['log_loss'] == pytest.approx(np.log(2), abs=0.01)
    assert 'mirrored crop' in twice['protocol']


def test_single_votes_are_counted_on_all_pictures_that_have_one(made_up):
    data = made_up(70, 'private')
    # The first image has no vote for an emotion. The second image has a tie and thus no majority.
    data.votes[0] = 0
    data.votes[0, 8] = 10
    data.votes[1] = 0
    data.votes[1, [5, 6]] = 5

    report = figures(score(classifier(FERPLUS_LABELS), data))

    assert report['pictures'] == 68
    assert report['votes'] == 690
    assert report['vote_agreement'] == pytest.approx((680 + 5) / 690)
    # With five votes for each of two labels, each annotator is compared with four equal and five
    # other votes.
    assert report['vote_agreement_of_annotators'] == pytest.approx(680 / 690)
    lower, upper = report['ci95']['vote_agreement_difference']
    assert report['vote_agreement_difference'] == pytest.approx(5 / 690)
    assert lower <= 5 / 690 <= upper


CARD = """
name: {name}
labels: [angry, disgust, fear, happy, sad, surprise, neutral]
input: {{height: 48, width: 48, channels: 1, colour: gray, value_range: [0.0, 1.0]}}
crop: {{left_eye: [0.68, 0.37], right_eye: [0.32, 0.37]}}
output: logits
temperature: 1.25
files: {{tflite: {{name: model.tflite, sha256: {sha256}}}}}
metrics: {{older: {{accuracy: 0.5}}}}
licence: Apache-2.0
"""


def test_recorded_figures_stand_in_the_card_beside_those_that_were_there(tmp_path, made_up):
    (tmp_path / 'card.yaml').write_text(CARD.format(name=tmp_path.name, sha256='ab' * 32))
    card = load_card(tmp_path)

    record(card, 'fer2013_private', figures(score(classifier(), made_up(70, 'private'))))

    written = load_card(tmp_path)
    assert written.metrics['older'] == {'accuracy': 0.5}
    assert written.metrics['fer2013_private']['accuracy'] == 1
    assert 'labels of the data' in written.metrics['fer2013_private']['protocol']
    assert replace(written, metrics={}) == replace(card, metrics={})
