"""The progress of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import fields
from typing import Any


@dataclass(frozen=True)
class TrainingState:
    """
    Progress of a training after an epoch.

    :param epoch: number of finished epochs.
    :param best: validation accuracy of the chosen epoch, keyed by head; empty if none is chosen.
    :param best_epoch: number of the chosen epoch, from 1, or None.
    :param seconds: duration of all epochs [s].
    :param watch: best score and learning rate so far, as in `optimization.watch`.
    """

    epoch: int
    best: dict[str, float]
    best_epoch: int | None
    seconds: float
    watch: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the entries for a checkpoint."""
        return asdict(self)


def state_of(saved: Mapping[str, Any]) -> TrainingState:
    """
    Read the progress of a training from a checkpoint.

    :param saved: state in the checkpoint.
    :return: the progress.
    """
    return TrainingState(**{field.name: saved[field.name] for field in fields(TrainingState)})
