"""The networks, which are loaded once for all recordings of a process."""

from __future__ import annotations

from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.pipeline import assemble_pipeline
from fer_ros.perception.pipeline import load_classifier
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings


class Models:
    """
    A detector and a classifier.

    :param detector: the face detector.
    :param classifier: the emotion classifier.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector = detector
        self.classifier = classifier

    def pipeline(self, settings: Settings) -> Pipeline:
        """
        Create a pipeline for the images of one camera.

        :param settings: settings with the groups and the baseline.
        :raises SettingError: if groups or baseline do not fit the labels.
        """
        return assemble_pipeline(self.detector, self.classifier, settings)

    @property
    def identity(self) -> dict[str, str]:
        """Return the names of the networks and of their engine, and the hash of the model."""
        card, backend = self.classifier.card, self.classifier.backend
        return {
            'name': card.name,
            'sha256': card.sha256(backend.kind),
            'backend': backend.name,
            'detector': self.detector.name,
        }


def load_models(settings: Settings) -> Models:
    """
    Load the networks that the settings select, as the node does.

    :raises DetectorError: if the detector cannot run.
    :raises BundleError: if the model does not exist or is damaged.
    :raises BackendError: if the back end cannot run the model.
    :raises SettingError: if groups or baseline do not fit the model's labels.
    """
    detector = create_detector(settings.detector, settings.detector_model)
    models = Models(detector, load_classifier(settings))
    models.pipeline(settings)
    return models
