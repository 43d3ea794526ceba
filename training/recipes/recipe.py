"""The settings of a training recipe."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

from fer_ros.perception.settings import setting
from training.data.augmentation import Augmentation
from training.data.datasets import DATASETS
from training.data.declared import check_declared
from training.data.selection import Selection

if TYPE_CHECKING:
    import keras

# Heads of a network: the seven labels of FER2013, the votes of FER+, or the labels of the data.
HEADS = ('fer2013', 'ferplus', 'labels')

# Upper bound of settings that only need a lower bound of 0 or 1.
LARGEST_COUNT = 100_000


@dataclass(frozen=True)
class Recipe:
    """
    A training recipe: the network, its targets and its training settings.

    The metadata of each field describe it; `python -m training recipes NAME` prints them.

    :raises ValueError: if a value is out of range, or settings contradict each other.
    """

    name: str = field(metadata={'description': 'Name of the recipe, its file and its run.'})
    build: Callable[[Mapping[str, int], int | None], keras.Model] = field(
        metadata={
            'description': 'Function that builds the network, given the number of labels of each '
            'head and the side of the input (None: any side); the output is a dict of logits '
            'by head.'
        }
    )
    heads: Mapping[str, float] = field(
        default_factory=lambda: {'fer2013': 1.0, 'ferplus': 1.0},
        metadata={
            'description': 'Loss weight of each head; the heads are fer2013 (seven labels), '
            'ferplus (votes) and labels (the labels of the data).'
        },
    )
    dataset: str = setting('fer2013', 'Data set for training.', choices=tuple(DATASETS))
    selection: Selection = field(
        default_factory=Selection,
        metadata={'description': 'Selection of pictures, labels and splits.'},
    )
    side: int = setting(48, 'Side of the input [px].', (8, 1024))
    colour: str = setting(
        'gray', 'Colour channels of the input; rgb: three equal channels.', choices=('gray', 'rgb')
    )
    value_range: tuple[float, float] = setting(
        (-2.0, 2.0), 'Input values for the pixel values 0 and 255.'
    )
    # Feature-wise centring and scaling as in Keras; for gray pictures it has one mean and
    # deviation.
    standardise: bool = setting(
        False,
        'Replace value_range by the range in which the training pictures have a mean of 0 and a '
        'standard deviation of 1.',
    )
    # ZCA whitening: Bell and Sejnowski 1997.
    whitening: bool = setting(
        False,
        'Begin the network with a frozen layer of ZCA whitening, computed from the pictures.',
    )
    whitening_in_training_only: bool = setting(
        False, 'Validate, test and export the network without its whitening.'
    )
    weights: str = setting(
        'none', 'Initial weights of the backbone: none (random), imagenet, or a file.'
    )
    # Progressive resizing: Tan and Le 2021, arXiv:2104.00298.
    sides: tuple[tuple[float, int], ...] = setting(
        (),
        'Progressive resizing as pairs (start, side): from this fraction of the epochs, pictures '
        'have this side; the last side must equal `side`.',
    )
    epochs: int = setting(40, 'Number of epochs.', (1, LARGEST_COUNT))
    batch_size: int = setting(128, 'Pictures per batch.', (1, LARGEST_COUNT))
    keep_last: bool = setting(
        False, 'Train on the incomplete last batch of an epoch too, instead of dropping it.'
    )
    faces_only: bool = setting(
        True, 'Leave out training pictures that most annotators of FER+ called not a face.'
    )
    optimizer: str = setting(
        'sgd',
        'Optimizer; sgd uses Nesterov momentum.',
        choices=('sgd', 'adam', 'adamw', 'nadam', 'rmsprop'),
    )
    learning_rate: float = setting(0.1, 'Maximum learning rate.', (1e-9, 100.0))
    # cosine: Loshchilov and Hutter 2016, arXiv:1608.03983.
    schedule: str = setting(
        'cosine',
        'Schedule of the learning rate: cosine decreases along half a cosine; plateau multiplies '
        'by plateau_factor after plateau_patience epochs without improvement; constant does not '
        'change.',
        choices=('cosine', 'plateau', 'constant'),
    )
    warmup_epochs: float = setting(
        2.0,
        'Warm-up epochs, in which the learning rate rises from 0; only for cosine.',
        (0.0, LARGEST_COUNT),
    )
    plateau_factor: float = setting(
        0.5, 'Factor of the learning rate, for the schedule plateau.', (0.01, 0.99)
    )
    plateau_patience: int = setting(
        5,
        'Epochs without improvement before the learning rate decreases, for the schedule plateau.',
        (1, LARGEST_COUNT),
    )
    least_learning_rate: float = setting(
        1e-6, 'Minimum learning rate, for the schedule plateau.', (0.0, 100.0)
    )
    monitor: str = setting(
        'accuracy',
        'Validation metric for selecting the epoch, for plateau and for early_stopping; accuracy: '
        'mean over the heads.',
        choices=('accuracy', 'loss'),
    )
    chosen_epoch: str = setting(
        'best',
        'Epoch whose weights are kept: the best by monitor, or the last.',
        choices=('best', 'last'),
    )
    early_stopping: int = setting(
        0, 'Stop after this many epochs without improvement; 0: never.', (0, LARGEST_COUNT)
    )
    stopping_monitor: str = setting(
        'same',
        'Validation metric for early_stopping; same: as monitor.',
        choices=('same', 'accuracy', 'loss'),
    )
    min_delta: float = setting(
        0.0, 'Change of the metric that counts as an improvement for early_stopping.', (0.0, 1.0)
    )
    momentum: float = setting(0.9, 'Momentum of sgd.', (0.0, 0.9999))
    # Decoupled weight decay: Loshchilov and Hutter 2017, arXiv:1711.05101.
    weight_decay: float = setting(
        5e-4,
        'Decoupled weight decay of kernels: each step reduces them by this value times the '
        'learning rate.',
        (0.0, 1.0),
    )
    label_smoothing: float = setting(
        0.1,
        'Label smoothing: share of a hard label that is distributed over all labels.',
        (0.0, 0.9),
    )
    # The value 0.5 is from Mahajan et al. 2018, arXiv:1805.00932.
    class_weights: float = setting(
        0.0,
        'Exponent c of the class weights: the loss of a picture is weighted by the frequency of '
        'its label to the power of -c; 0: no weights, 1: equal weight for all labels. The weights '
        'do not apply to votes.',
        (0.0, 1.0),
    )
    held_back: tuple[int, ...] = setting(
        (),
        'Part (number from 0, number of parts) of the pictures that is not used for training; as '
        'a teacher, the network teaches only this part.',
    )
    teachers: tuple[str, ...] = setting(
        (), 'Teachers: folders of runs or bundles whose predictions are part of the targets.'
    )
    teacher_share: float = setting(
        0.5,
        "Share of the teachers' predictions in the targets; the rest is the labels.",
        (0.0, 1.0),
    )
    # Consistent teaching: Beyer et al. 2021, arXiv:2106.05237.
    consistent: bool = setting(
        False,
        'Run the teachers on each augmented and mixed batch, instead of once on the original '
        'pictures.',
    )
    augmentation: Augmentation = field(
        default_factory=Augmentation,
        metadata={'description': 'Augmentation of the training pictures.'},
    )
    augment_validation: bool = setting(
        False, 'Augment the validation and test pictures like the training pictures.'
    )
    average: float = setting(
        0.998,
        'Decay per step of the exponential moving average of the weights, which is measured and '
        'exported; 0: use the last weights.',
        (0.0, 0.999_999),
    )
    precision: str = setting(
        'float32',
        'Keras dtype policy of the training.',
        choices=('float32', 'mixed_bfloat16', 'mixed_float16'),
    )
    xla: bool = setting(False, 'Compile the network with XLA on TensorFlow; JAX always uses XLA.')
    seed: int = setting(0, 'Seed of all random numbers.', (0, 2**32 - 1))
    file: str = field(
        default='',
        metadata={
            'description': 'File of a recipe that is not in the package; set when the file '
            'is read.'
        },
    )

    def __post_init__(self) -> None:
        check_declared(self)
        self._check_heads()
        self._check_sides()
        if not self.value_range[0] < self.value_range[1]:
            raise ValueError(f'value_range is {self.value_range}, but must be (lowest, highest)')
        if self.warmup_epochs > self.epochs:
            raise ValueError(
                f'warmup_epochs is {self.warmup_epochs}, but must be at most epochs '
                f'({self.epochs})'
            )
        if self.schedule == 'plateau' and self.least_learning_rate > self.learning_rate:
            raise ValueError(
                f'least_learning_rate is {self.least_learning_rate}, but must be at most '
                f'learning_rate ({self.learning_rate})'
            )
        if self.whitening_in_training_only and not self.whitening:
            raise ValueError(
                'whitening_in_training_only needs whitening, but whitening is False; set both'
            )
        if self.held_back:
            number, parts = self.held_back
            if not (0 <= number < parts and parts >= 2):
                raise ValueError(
                    f'held_back is {self.held_back}, but must be (number, parts) with two parts '
                    'or more'
                )

    def _check_heads(self) -> None:
        """Reject unknown heads, and weights of heads that are not above 0."""
        unknown = sorted(set(self.heads) - set(HEADS))
        if unknown or not self.heads:
            raise ValueError(f'heads are {sorted(self.heads)}, but may only be {", ".join(HEADS)}')
        if any(weight <= 0 for weight in self.heads.values()):
            raise ValueError(
                f'the weights of the heads are {dict(self.heads)}, but must be above 0'
            )

    def _check_sides(self) -> None:
        """Reject sides that do not begin at 0, do not rise, or do not end with `side`."""
        if not self.sides:
            return
        beginnings = [beginning for beginning, _ in self.sides]
        if beginnings[0] != 0 or beginnings != sorted(set(beginnings)) or beginnings[-1] >= 1:
            raise ValueError(
                f'the entries of sides begin at {beginnings}, but must begin at 0, increase, and '
                'be below 1'
            )
        if self.sides[-1][1] != self.side:
            raise ValueError(
                f'the last side of sides is {self.sides[-1][1]}, but must be the side of the '
                f'input, {self.side}'
            )

    def side_at(self, epoch: int) -> int:
        """
        Return the side of the pictures in an epoch.

        :param epoch: index of the epoch, from 0.
        :return: side in pixels.
        """
        side = self.side
        for beginning, stage_side in self.sides:
            if epoch >= beginning * self.epochs:
                side = stage_side
        return side
