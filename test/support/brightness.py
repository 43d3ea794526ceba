"""A network for the images of `made_up_faces`. It needs no inference engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.models.bundle import ModelCard


class Brightness:
    """A back end that predicts the label from the brightness of the image centre."""

    name = 'brightness'
    device = 'CPU'
    kind = 'tflite'
    reason = 'as requested'

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Run the network; see Backend."""
        mean = batch[:, 16:32, 16:32].mean(axis=(1, 2, 3))
        return np.eye(7, dtype=np.float32)[np.clip(mean * 255 // 30, 0, 6).astype(int)] * 9


def made_up_card(labels: tuple[str, ...] = FER2013_LABELS) -> ModelCard:
    """Return the card of a network for the images of `make_up`."""
    return ModelCard(
        name='made_up',
        labels=labels,
        input=InputSpec(48, 48, 1, 'gray', (0.0, 1.0)),
        crop=FER2013_CROP,
        output='logits',
        temperature=1.0,
        files={'tflite': ('model.tflite', '')},
        folder=Path('made_up'),
    )


def brightness_classifier() -> Classifier:
    """Return a classifier that classifies each image of `make_up` correctly."""
    return Classifier(made_up_card(), Brightness())
