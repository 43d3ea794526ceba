"""
Compare the pictures that may calibrate a bundle: `python -m training calibrate NAME`.

With `--write`, the card of the bundle gets the new temperature.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
import yaml

from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import LEAST_PROBABILITY
from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.settings import Settings
from training.bundles.card_figures import card_text
from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.stratified import stratified
from training.evaluation.calibration import CALIBRATED_ON
from training.evaluation.calibration import calibration_figures
from training.evaluation.calibration import cross_validated
from training.evaluation.calibration import DEFAULT_CALIBRATED_ON
from training.evaluation.calibration import fit_temperature
from training.evaluation.calibration import Logits
from training.evaluation.classifiers import classify
from training.evaluation.classifiers import load_classifier
from training.evaluation.classifiers import ModelOptions
from training.evaluation.degradations import degraded_in_turn
from training.evaluation.truth import truth_for
from training.pages.markdown import table

_COLUMNS = (
    'temperature fitted on',
    'temperature',
    'PublicTest, cross-validated: plain',
    'degraded',
    'PrivateTest: plain',
    'degraded',
)
_CELLS = (
    'Each cell: expected calibration error, log loss, share of faces that are not uncertain at '
    'min_confidence {min_confidence} in %, and accuracy on these faces in %. Degraded: each '
    'picture has one degradation; the degradations alternate.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `calibrate`."""
    parser.add_argument('model', help='name or folder of the bundle')
    add_data_arguments(parser)
    parser.add_argument(
        '--backend',
        default='litert',
        help="back end; the values are those of the node's parameter backend",
    )
    parser.add_argument(
        '--limit', type=int, metavar='N', help='use only N pictures of each split, for a trial'
    )
    parser.add_argument(
        '--calibrate-on',
        choices=CALIBRATED_ON,
        default=DEFAULT_CALIBRATED_ON,
        help='data for the temperature of --write: PublicTest as it is, degraded, or both '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--write', action='store_true', help="write the temperature to the bundle's card"
    )
    parser.add_argument('--json', action='store_true', help='print only JSON')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `calibrate`."""
    classifier = load_classifier(arguments.model, ModelOptions(arguments.backend))
    data = read_selected(arguments)
    logits = {
        split: _logits(classifier, _part(data.of_split(split), arguments.limit))
        for split in (PUBLIC, PRIVATE)
    }
    report = _report(classifier, logits)
    if arguments.write:
        _write(classifier, report['fitted_on'][arguments.calibrate_on]['temperature'])
    print(json.dumps(report) if arguments.json else '\n'.join(_lines(report)))
    return 0


def _part(data: FaceData, limit: int | None) -> FaceData:
    """Return a stratified part of the pictures, or all if there is no limit."""
    return stratified(data, limit) if limit else data


def _logits(classifier: Classifier, data: FaceData) -> Logits:
    """Compute the logits of a model for pictures and for the same pictures degraded."""
    card = classifier.card
    truth = truth_for(card.name, card.labels, data).labels
    kept = truth >= 0
    # The degradation depends on the index of a picture, so it is applied before pictures are
    # dropped.
    asked = (data.images[kept], degraded_in_turn(data.images)[kept])
    # A constant added to all logits of a picture does not change their softmax.
    plain, degraded = (
        np.log(np.maximum(classify(classifier, images), LEAST_PROBABILITY)) * card.temperature
        for images in asked
    )
    return Logits(plain, degraded, truth[kept])


def _report(classifier: Classifier, logits: dict[str, Logits]) -> dict[str, Any]:
    """Fit each temperature on PublicTest, and measure it on PublicTest and on PrivateTest."""
    public, private = logits[PUBLIC], logits[PRIVATE]
    min_confidence = Settings().min_confidence
    rows = {}
    for name in CALIBRATED_ON:
        temperature = fit_temperature(*public.of(name))
        divided = Logits(
            private.plain / temperature, private.degraded / temperature, private.truth
        )
        rows[name] = {
            'temperature': round(temperature, 4),
            PUBLIC: calibration_figures(cross_validated(public, name), min_confidence),
            PRIVATE: calibration_figures(divided, min_confidence),
        }
    return {
        'model': classifier.card.name,
        'temperature': classifier.card.temperature,
        'min_confidence': min_confidence,
        'fitted_on': rows,
    }


def _lines(report: dict[str, Any]) -> list[str]:
    """Format the report as Markdown."""
    rows = []
    for name, row in report['fitted_on'].items():
        parts = [row[split][kind] for split in (PUBLIC, PRIVATE) for kind in ('plain', 'degraded')]
        rows.append([name, f'{row["temperature"]:.3f}', *map(_cell, parts)])
    return [
        f'{report["model"]}: the temperature on the card is {report["temperature"]}. '
        + _CELLS.format(**report),
        '',
        *table(_COLUMNS, rows),
    ]


def _cell(part: dict[str, float]) -> str:
    """Format the figures of a table cell."""
    return (
        f'{part["ece"]:.3f} · {part["log_loss"]:.3f} · {100 * part["answered"]:.1f} · '
        f'{100 * part["right_of_these"]:.1f}'
    )


def _write(classifier: Classifier, temperature: float) -> None:
    """Write a temperature into the card of a bundle."""
    path = classifier.card.folder / CARD_NAME
    written = yaml.safe_load(path.read_text(encoding='utf-8'))
    written['temperature'] = temperature
    path.write_text(card_text(written), encoding='utf-8')
