import pytest

from fer_ros.node.model_slot import ModelSlot
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from fer_ros.perception.settings import Settings
from stand_ins import BrightDetector
from stand_ins import Card
from stand_ins import ColourClassifier


class Log:
    def __init__(self):
        self.warnings = []

    def info(self, line):
        pass

    def warning(self, line):
        self.warnings.append(line)


class OtherCard(Card):
    labels = ('happy', 'afraid', 'neutral')


class Slot:
    """A slot with stand-ins for the models, and the requests to load a classifier."""

    def __init__(self, settings):
        self.log, self.requests, self.card = Log(), [], Card
        self.settings = settings
        self.slot = ModelSlot(self.log)
        self.slot._load_detector = lambda _: BrightDetector()
        self.slot._load_classifier = self.load
        self.slot.load(settings)

    def load(self, settings):
        self.requests.append((settings.backend, settings.device))
        made = ColourClassifier(settings.backend)
        made.card = self.card
        return made

    def fail(self, error, times):
        for _ in range(times):
            self.slot.recover(error, lambda: self.settings)


@pytest.mark.parametrize('groups', [(), ('low=sad,neutral',)])
def test_a_bundle_that_was_replaced_by_one_with_other_labels_is_not_taken(groups):
    slot = Slot(Settings(groups=groups))
    before = slot.slot.pipeline.classifier
    slot.card = OtherCard

    slot.fail(BackendError('the network is broken'), 3)

    assert slot.slot.pipeline.classifier is before
    assert any('the labels of the bundle have changed' in line for line in slot.log.warnings)


def test_a_replacement_on_the_cpu_is_loaded_again_on_the_cpu():
    slot = Slot(Settings(backend='torch', device='gpu'))
    slot.fail(GpuMemoryError('the memory of the GPU is full'), 1)
    replacement = slot.requests[-1]

    slot.fail(BackendError('the network is broken'), 3)

    assert replacement[1] != 'gpu'
    assert slot.requests[-1] == (replacement[0], 'cpu')
