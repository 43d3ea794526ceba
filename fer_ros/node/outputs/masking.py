"""Hide faces in the images that the node shows to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.perception.frame_result import FrameResult
from fer_ros.perception.masking.masker import FaceMasker
from fer_ros.perception.masking.masker import load_detectors
from fer_ros.perception.quoting import shortened
from fer_ros.perception.registry import DETECTORS
from fer_ros.perception.settings import Settings


class Masking:
    """Masks images with detectors that exist only while a masked image is wanted."""

    def __init__(self, settings: Callable[[], Settings], logger: Any) -> None:
        """
        Create the object, without loading a detector.

        :param settings: returns the current settings, which select one of the detectors.
        :param logger: logger of the node.
        """
        self._settings = settings
        self._logger = logger
        # The masker, and the detector and its weights that the settings select.
        self._loaded: tuple[FaceMasker, tuple[str, str]] | None = None

    def mask(self, result: FrameResult, image: np.ndarray, scene: str) -> np.ndarray:
        """
        Mask an image; use this method in one thread at a time.

        :param result: result of the image, whose possible faces are covered as well.
        :param image: (H, W, 3) uint8 BGR; it is not changed.
        :param scene: name of the scene that the image shows.
        :return: (H, W, 3) uint8 BGR, a masked copy.
        :raises Exception: if no detector can be loaded, or a detector fails.
        """
        settings = self._settings()
        chosen = settings.detector, settings.detector_model
        loaded = self._loaded
        if loaded is None or loaded[1] != chosen:
            loaded = self._loaded = self._load(*chosen), chosen
        known = (*result.boxes, *(face.box for face in result.faces))
        return loaded[0].mask(image, known, result.stamp, scene, settings.rotation)

    def release(self) -> None:
        """Release the detectors, because no masked image is wanted; any thread may call this."""
        self._loaded = None

    def _load(self, name: str, weights: str) -> FaceMasker:
        """Load the detectors, and log which ones search for faces to hide."""
        detectors = load_detectors(name, weights)
        names = ' and '.join(detector.name for detector in detectors)
        self._logger.info(f'faces are hidden with {names}')
        best = next(iter(DETECTORS))
        if detectors[0].name != best:
            self._logger.warning(
                f'{best} cannot run here, so faces are hidden with {names}, which misses more '
                f'faces than {best} ({shortened(detectors[0].reason, REASON_LENGTH)})'
            )
        return FaceMasker(detectors)
