import json
import re

import numpy as np
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from training.evaluation.report import figures
from training.evaluation.scores import Scores
from training.pages.evaluation import read_log
from training.pages.evaluation import report_page
from training.pages.evaluation import write_report


@pytest.fixture(scope='module')
def scores(made_up):
    data = made_up(140, 'private')
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(7) * 0.3, 140)
    probabilities[np.arange(100), data.labels[:100]] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Scores(data, data.labels, probabilities, FER2013_LABELS, 'by <hand>')


@pytest.fixture(scope='module')
def report(scores):
    return {'model': 'made_up', 'backend': 'none', 'split': 'private', **figures(scores)}


@pytest.fixture(scope='module')
def page(scores, report):
    return report_page(scores, report)


def test_the_page_is_whole_in_itself(page):
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)

    assert sources
    assert all(source.startswith('data:') for source in sources)
    assert 'url(' not in page


def test_what_is_no_markup_is_escaped(page):
    assert 'by &lt;hand&gt;' in page


def test_the_confusion_matrix_comes_first_of_the_plots(page):
    titles = re.findall(r'<h2>([^<]*)</h2>', page)

    assert titles[0] == 'Confusion matrix'
    assert len(re.findall('image/svg', page)) == 5


def test_the_worst_mistakes_are_shown_with_truth_and_probability(scores, page):
    predicted = scores.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != scores.truth)
    worst = wrong[scores.probabilities[wrong, scores.truth[wrong]].argmin()]
    first = page.split('<figcaption>', 1)[1].split('</figcaption>', 1)[0]

    assert f'true: {FER2013_LABELS[scores.truth[worst]]}' in first
    assert f'predicted: {FER2013_LABELS[predicted[worst]]}' in first
    assert f'({100 * scores.probabilities[worst, predicted[worst]]:.0f} %)' in first
    assert str(scores.data.source[worst]) in first


def test_the_page_says_that_it_must_not_be_published(page):
    assert 'do not\npublish this page or add it to a repository' in page


def test_the_same_scores_make_the_same_page(scores, report, page):
    assert report_page(scores, report) == page


def test_the_curves_of_a_run_are_on_the_page_of_its_network(tmp_path, scores, report):
    (tmp_path / 'log.csv').write_text(
        'epoch,seconds,loss,val_labels,note\n1,60,1.5,0.4,\n2,60,1.2,0.5,\n'
    )

    written = report_page(scores, report, tmp_path)

    assert 'Training curves' in written
    assert '2 epochs, 2 minutes' in written
    assert list(read_log(tmp_path)) == ['epoch', 'seconds', 'loss', 'val_labels']


def test_the_figures_lie_beside_the_page(tmp_path, scores, report):
    page = write_report(tmp_path / 'made', scores, report)

    assert page.read_text().startswith('<!DOCTYPE html>')
    assert json.loads(page.with_suffix('.json').read_text()) == json.loads(json.dumps(report))


def test_a_network_without_mistakes_has_a_page_too(made_up):
    data = made_up(14, 'private')
    scores = Scores(data, data.labels, np.eye(7)[data.labels], FER2013_LABELS, 'by hand')

    page = report_page(scores, {'model': 'm', 'backend': 'b', 'split': 's', **figures(scores)})

    assert 'errors with the highest loss' not in page
    assert '100.0 %' in page
