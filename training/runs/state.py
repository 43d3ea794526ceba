"""How far a training has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import fields
from typing import Any


@dataclass(frozen=True)
class TrainingState:
    """
    How far a training has come after an epoch.

    :param epoch: number of finished epochs.
    :param best: validation accuracy by head of the chosen epoch; empty before there is one.
    :param best_epoch: the chosen epoch, from 1 on, or None.
    :param seconds: that all epochs took.
    :param watch: of `optimization.watch`.
    """

    epoch: int
    best: dict[str, float]
    best_epoch: int | None
    seconds: float
    watch: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it."""
        return asdict(self)


def state_of(saved: Mapping[str, Any]) -> TrainingState:
    """
    Read the state of a training.

    :param saved: what a checkpoint holds beside arrays.
    :return: the state.
    """
    return TrainingState(**{field.name: saved[field.name] for field in fields(TrainingState)})
