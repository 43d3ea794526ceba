"""Put figures into the card of a bundle."""

from __future__ import annotations

from typing import Any

import yaml

from fer_ros.perception.bundle import CARD_NAME
from fer_ros.perception.bundle import ModelCard

# What a report has that a card keeps: all that the bundle's page is made of.
RECORDED = (
    'pictures',
    'accuracy',
    'balanced_accuracy',
    'macro_f1',
    'top2',
    'log_loss',
    'ece',
    'accuracy_at_coverage',
    'pictures_without_training_pictures',
    'accuracy_without_training_pictures',
    'pictures_plurality',
    'accuracy_plurality',
    'votes',
    'vote_agreement',
    'vote_agreement_of_annotators',
    'vote_agreement_difference',
    'pictures_among_shared',
    'accuracy_among_shared',
    'pictures_four_classes',
    'accuracy_four_classes',
    'accuracy_mirrored',
    'ci95',
    'per_class',
    'confusion',
    'reliability',
)


def record(card: ModelCard, name: str, report: dict[str, Any]) -> None:
    """
    Put a report's figures into a bundle's card.

    :param card: of the bundle; its file is written anew.
    :param name: under `metrics`, 'fer2013_private' for example.
    :param report: of `evaluate`.
    """
    figures = {key: rounded(report[key]) for key in RECORDED if key in report}
    change_metrics(card, name, {**figures, 'protocol': report['protocol']})


def change_metrics(card: ModelCard, name: str, figures: dict[str, Any]) -> None:
    """
    Write figures under a name into a bundle's card.

    :param card: of the bundle; its file is written anew.
    :param name: under `metrics`.
    :param figures: what YAML can hold; they replace those of this name.
    """
    path = card.folder / CARD_NAME
    written = yaml.safe_load(path.read_text(encoding='utf-8'))
    metrics = written.get('metrics') or {}
    written['metrics'] = {**metrics, name: figures}
    path.write_text(card_text(written), encoding='utf-8')


def card_text(written: dict[str, Any]) -> str:
    """Write a card as YAML, its keys in their order and short lists on one line."""
    return yaml.dump(
        written, sort_keys=False, allow_unicode=True, default_flow_style=None, width=96
    )


def rounded(value: Any) -> Any:
    """Cut figures to four digits: more than the number of pictures tells."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value
