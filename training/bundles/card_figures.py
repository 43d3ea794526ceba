"""Put figures into the card of a bundle."""

from __future__ import annotations

from typing import Any

import yaml

from fer_ros.perception.models.bundle import CARD_NAME
from fer_ros.perception.models.bundle import ModelCard

# What a report has that the page of a bundle needs, and other splits do not.
OF_THE_PAGE = (
    'per_class',
    'confusion',
    'reliability',
    'real_path',
    'degraded',
    'recall_of_data_labels',
    'taken_for_neutral',
)

# What says how a report was come by, and is in the card already or in the name.
NOT_KEPT = ('model', 'backend', 'split', 'share_differences')


def whole(report: dict[str, Any]) -> dict[str, Any]:
    """
    Choose what a card keeps of the split that the bundle's page is about.

    :param report: of `evaluate`.
    :return: what YAML can hold.
    """
    return {key: rounded(value) for key, value in report.items() if key not in NOT_KEPT}


def lean(report: dict[str, Any]) -> dict[str, Any]:
    """
    Choose what a card keeps of other splits and data: no figures of single labels.

    :param report: of `evaluate`.
    :return: what YAML can hold.
    """
    return {key: value for key, value in whole(report).items() if key not in OF_THE_PAGE}


def record(card: ModelCard, name: str, report: dict[str, Any]) -> None:
    """
    Put a report's figures into a bundle's card.

    :param card: of the bundle; its file is written anew.
    :param name: under `metrics`, 'fer2013_private' for example.
    :param report: of `evaluate`.
    """
    change_metrics(card, name, whole(report) if name.endswith('_private') else lean(report))


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
