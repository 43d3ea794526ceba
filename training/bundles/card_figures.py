"""Write figures into the card of a bundle."""

from __future__ import annotations

from typing import Any

import yaml

from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import ModelCard

# Keys of a report that a card stores only for the split on the page of the bundle.
OF_THE_PAGE = (
    'per_class',
    'confusion',
    'reliability',
    'real_path',
    'degraded',
    'recall_of_data_labels',
    'taken_for_neutral',
)

# Keys of a report that the card already has elsewhere, or in the name of the figures.
NOT_KEPT = ('model', 'backend', 'split', 'share_differences')


def whole(report: dict[str, Any]) -> dict[str, Any]:
    """
    Select the figures of the split that the page of the bundle shows.

    :param report: report of the command `evaluate`.
    :return: values that YAML can store.
    """
    return {key: rounded(value) for key, value in report.items() if key not in NOT_KEPT}


def lean(report: dict[str, Any]) -> dict[str, Any]:
    """
    Select the figures of any other split or data set, without those of single labels.

    :param report: report of the command `evaluate`.
    :return: values that YAML can store.
    """
    return {key: value for key, value in whole(report).items() if key not in OF_THE_PAGE}


def record(card: ModelCard, name: str, report: dict[str, Any]) -> None:
    """
    Write the figures of a report into the card of a bundle.

    :param card: card of the bundle; its file is rewritten.
    :param name: key of the figures under `metrics`, for example 'fer2013_private'.
    :param report: report of the command `evaluate`.
    """
    change_metrics(card, name, whole(report) if name.endswith('_private') else lean(report))


def change_metrics(card: ModelCard, name: str, figures: dict[str, Any]) -> None:
    """
    Write figures into the card of a bundle, under a key.

    :param card: card of the bundle; its file is rewritten.
    :param name: key of the figures under `metrics`.
    :param figures: values that YAML can store; they replace earlier figures of this key.
    """
    path = card.folder / CARD_NAME
    written = yaml.safe_load(path.read_text(encoding='utf-8'))
    metrics = written.get('metrics') or {}
    written['metrics'] = {**metrics, name: figures}
    path.write_text(card_text(written), encoding='utf-8')


def card_text(written: dict[str, Any]) -> str:
    """Format a card as YAML, with the keys in their order and short lists on one line."""
    return yaml.dump(
        written, sort_keys=False, allow_unicode=True, default_flow_style=None, width=96
    )


def rounded(value: Any) -> Any:
    """Round figures to four digits; the number of pictures does not support more."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value
