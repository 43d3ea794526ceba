"""
Learning from what other networks say of the same pictures, and not from their labels alone.

Hinton et al. 2015, arXiv:1503.02531.  A third of FER2013's labels are not what most people see,
and a network that learned from all of them says of many of these what the others suggest; a
second one that learns from both is better than the first even where they are of one size
(Furlanello et al. 2018, arXiv:1805.04770).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.datasets import DataError
from training.metrics import softmax
from training.networks import build_model
from training.runs import load_run
from training.validation import predict_logits


def teach(
    targets: Mapping[str, np.ndarray],
    labels: Mapping[str, tuple[str, ...]],
    teachers: Sequence[str],
    share: float,
    images: np.ndarray,
) -> dict[str, np.ndarray]:
    """
    Mix what teachers say into what each head is to say.

    A teacher sees each picture as it is and mirrored.  A row without a target stays so: the
    teachers know no better what nobody could tell.

    :param targets: by head, (N, labels) float32, as of `batches.head_targets`.
    :param labels: of each head.
    :param teachers: folders of runs, which count alike.
    :param share: of the teachers' probabilities in the result, from 0 to 1.
    :param images: (N, H, W) uint8, of the targets.
    :return: by head, (N, labels) float32.
    :raises DataError: if a teacher lacks a head, or has other labels.
    :raises ValueError: if a folder holds no run.
    """
    said = {head: np.zeros(rows.shape, np.float32) for head, rows in targets.items()}
    for teacher in teachers:
        run = load_run(Path(teacher))
        for head, names in labels.items():
            if run.labels.get(head) != tuple(names):
                raise DataError(
                    f'the teacher {teacher} has {dict(run.labels)}, not the head {head} with the '
                    f'labels {", ".join(names)}'
                )
        # It takes minutes on a CPU, and is done again where a run is resumed.
        print(f'{teacher} looks at {len(images)} pictures', flush=True)
        # As it was trained, which is faster than as it is measured, and as near as need be.  Its
        # layers may have other names in the file, but they are the same ones.
        model = build_model(replace(run.config, sides=()), run.labels)
        model.set_weights(run.model.get_weights())
        for pictures in (images, images[:, :, ::-1]):
            logits = predict_logits(model, pictures, run.config, run.config.side)
            for head in said:
                said[head] += softmax(logits[head]) / (2 * len(teachers))
    return {
        head: np.where(
            rows.any(axis=1, keepdims=True), (1 - share) * rows + share * said[head], rows
        ).astype(np.float32)
        for head, rows in targets.items()
    }
