"""Compute calibrated probabilities from crops of faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.backends import Backend
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import create_backend
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.quoting import shortened

# Lower limit of a probability before its logarithm is computed; the logarithm of 0 is infinite.
LEAST_PROBABILITY = 1e-12


def calibrated(output: np.ndarray, kind: str, temperature: float) -> np.ndarray:
    """
    Compute calibrated probabilities from the output of a network, by temperature scaling.

    :param output: (N, labels) float, logits or probabilities.
    :param kind: type of the output, 'logits' or 'probabilities'.
    :param temperature: divisor of the logits, above 0; with 1 the probabilities do not change
        (Guo et al., 2017, arXiv:1706.04599).
    :return: (N, labels) float64, each row summing to 1.
    """
    logits = np.asarray(output, np.float64)
    if kind == 'probabilities':
        logits = np.log(np.maximum(logits, LEAST_PROBABILITY))
    logits = logits / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


class Classifier:
    """Classify the emotion of faces with a bundle's network on a back end."""

    def __init__(self, card: ModelCard, backend: Backend) -> None:
        """
        Create a classifier, and check the network against the card in a trial run.

        :param card: the card of the bundle.
        :param backend: the back end, with the bundle's network loaded.
        :raises BundleError: if card and network disagree.
        :raises BackendError: if the GPU's memory is full, or the output is not finite.
        """
        self.card = card
        self.backend = backend
        # Try the minimum and the maximum of the value range, because float32 may overflow there.
        for value in card.input.value_range:
            output = self._trial_run(np.float32(value))
            self._check_finite(calibrated(output, card.output, card.temperature))

    def _trial_run(self, value: np.float32) -> np.ndarray:
        """
        Run the network on a crop in which all pixels have the same value.

        :param value: the value of each pixel and channel.
        :return: (1, labels) float32, the output, which is finite.
        :raises BundleError: if the network does not accept the input that the card states, or its
            output does not fit the labels of the card.
        :raises BackendError: if the GPU's memory is full, or the output is not finite.
        """
        card, backend = self.card, self.backend
        try:
            output = backend.run(np.full((1, *card.input.shape), value, np.float32))
        except GpuMemoryError:
            raise
        except BackendError as error:
            raise BundleError(
                f'the card of {card.name} states that the input is '
                f'{card.input.height}x{card.input.width}x{card.input.channels}, but its '
                f'{backend.kind} network does not accept it: {error}'
            ) from error
        if output.shape != (1, len(card.labels)):
            raise BundleError(
                f'the card of {card.name} has {len(card.labels)} labels '
                f'({shortened(", ".join(card.labels), 100)}), but its {backend.kind} network '
                f'has {output.size} outputs'
            )
        self._check_finite(output)
        return output

    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """
        Classify faces in one batch.

        :param crops: N crops of the card's size, each (height, width, 3) uint8 BGR or
            (height, width) uint8 gray.
        :return: (N, labels) float64 probabilities, each row summing to 1.
        :raises BackendError: if the back end fails or its output is not finite.
        """
        if not len(crops):
            return np.empty((0, len(self.card.labels)))
        batch = to_network_input(crops, self.card.input)
        try:
            output = self.backend.run(batch)
        except BackendError:
            raise
        except Exception as error:  # an engine may raise exceptions of any type
            raise BackendError(
                f'{self.backend.name} fails: {type(error).__name__}: {shortened(error)}'
            ) from error
        self._check_finite(output)
        return calibrated(output, self.card.output, self.card.temperature)

    def _check_finite(self, output: np.ndarray) -> None:
        """Reject output that is not finite."""
        if not np.isfinite(output).all():
            raise BackendError(f'the output of {self.backend.name} is not finite (NaN, infinite)')


def create_classifier(
    card: ModelCard, backend: str, device: str = 'auto', gpu_memory_limit: int = 0
) -> Classifier:
    """
    Load a bundle's network, and check it in a trial run; see `create_backend`.

    :param card: the card of the bundle.
    :param backend: name of the back end, or 'auto'. If the network fails on the GPU, 'auto' uses
        the CPU instead.
    :param device: 'auto', 'cpu' or 'gpu'.
    :param gpu_memory_limit: maximum GPU memory in MiB; 0 to allocate it as needed.
    :return: the classifier, which has passed its trial run.
    :raises BackendError: if the back end cannot run here.
    :raises BundleError: if the bundle has no network for the back end, or card and network
        disagree.
    """
    loaded = create_backend(backend, card, device, gpu_memory_limit)
    try:
        return Classifier(card, loaded)
    except (BackendError, BundleError) as error:
        if backend != 'auto' or device == 'gpu' or loaded.device == 'CPU':
            raise
        other = create_backend('auto', card, 'cpu')
        other.reason = f'{loaded.name} on the {loaded.device} failed its trial: {error}'
        return Classifier(card, other)
