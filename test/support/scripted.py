"""A detector and a classifier with predefined results, for tests of the pipeline."""

import numpy as np

from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.crops.preprocessing import InputSpec
from fer_ros.perception.faces import FaceDetection

IMAGE = np.zeros((100, 400, 3), np.uint8)


class Script:
    """A detector that returns predefined detections for each frame."""

    name = reason = 'made up'
    least_eye_distance = 0.0

    def __init__(self, *frames):
        self.frames = list(frames)
        self.asked = []

    def detect(self, image, min_score, min_size):
        self.asked.append((min_score, min_size))
        return self.frames.pop(0)


class Card:
    labels: tuple[str, ...] = ('happy', 'sad')
    crop = FER2013_CROP
    input = InputSpec(8, 8, 1, 'gray', (0.0, 1.0))


class Opinion:
    """A classifier that always returns the same scores."""

    card = Card

    def __init__(self, *scores):
        self.scores = scores
        self.batches = []

    def classify(self, crops):
        self.batches.append([crop.shape for crop in crops])
        return np.tile(self.scores, (len(crops), 1))


class CardWithContempt(Card):
    labels = ('happy', 'sad', 'contempt')


class Contempt(Opinion):
    card = CardWithContempt


def found(left, side=40):
    box = (left, 10, left + side, 10 + side)
    eyes = [[left + 0.3 * side, 25], [left + 0.7 * side, 25]]
    return FaceDetection(box, 0.8, np.array(eyes, np.float32))
