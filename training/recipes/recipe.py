"""What a training recipe states."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import hashlib
import importlib.util
from pathlib import Path
import re
from typing import TYPE_CHECKING

from training.data.augmentation import Augmentation
from training.data.datasets import DATASETS
from training.data.selection import Selection

if TYPE_CHECKING:
    import keras

# Where the recipes that ship are: the project's own, and those of the sources' networks.
RECIPES = Path(__file__).resolve().parent
FOLDERS = (RECIPES / 'own', RECIPES / 'sources')

# What a head can learn: FER2013's seven labels, the votes of FER+, or the labels of the data.
HEADS = ('fer2013', 'ferplus', 'labels')

CHOICES = {
    'precision': ('float32', 'mixed_bfloat16', 'mixed_float16'),
    'dataset': tuple(DATASETS),
    'colour': ('gray', 'rgb'),
    'optimizer': ('sgd', 'adam', 'adamw', 'nadam', 'rmsprop'),
    'schedule': ('cosine', 'plateau', 'constant'),
    'monitor': ('accuracy', 'loss'),
}


@dataclass(frozen=True)
class Recipe:
    """
    A training recipe: a network, what it learns, and how.

    :param name: of the recipe; its file's, and its run's.
    :param build: makes the network, from the number of labels by head and the side of the input
        (None for any): to a dict of logits by head.
    :param heads: the label sets it learns, with the weight of each one's loss: 'fer2013' its seven
        labels, 'ferplus' the votes, 'labels' whatever labels the data has.
    :param dataset: that it learns from unless another is named: 'fer2013' or 'ckplus'.
    :param selection: which pictures count, under which labels and in which split, unless the
        command line says otherwise.
    :param side: of the input in pixels.
    :param colour: 'gray', or 'rgb' for three channels that are alike.
    :param value_range: what the uint8 values 0 and 255 become.
    :param standardise: take, in place of `value_range`, the range that gives the pictures learnt
        from a mean of 0 and a standard deviation of 1 (Keras's feature-wise centring and scaling,
        which for gray pictures are one number each).
    :param whitening: begin the network with a frozen layer of ZCA whitening (Bell and Sejnowski
        1997), computed from the pictures learnt from.
    :param weights: of the backbone: 'none' for chance, 'imagenet' for those that Keras downloads,
        or a file of them; what else a network takes is told by its `build`.
    :param sides: (beginning, side) pairs: from this fraction of the epochs on, the network sees
        pictures of this side.  The last is `side`; small pictures first save most of the time
        (Tan and Le 2021, arXiv:2104.00298).
    :param epochs: times that each picture is seen.
    :param batch_size: pictures a step.
    :param optimizer: 'sgd' (Nesterov's momentum), 'adam', 'adamw', 'nadam' or 'rmsprop'.
    :param learning_rate: the highest.
    :param schedule: of the learning rate: 'cosine' lets it fall along half a cosine (Loshchilov
        and Hutter 2016, arXiv:1608.03983), 'plateau' multiplies it by `plateau_factor` whenever
        `plateau_patience` epochs brought nothing better, 'constant' leaves it.
    :param warmup_epochs: in which the learning rate rises from nothing; with 'cosine' only.
    :param plateau_factor: below 1.
    :param plateau_patience: in epochs.
    :param least_learning_rate: that 'plateau' stops at.
    :param monitor: what the best epoch, 'plateau' and `early_stopping` go by on the validation
        split: the mean 'accuracy' of the heads, or the 'loss'.
    :param early_stopping: end after this many epochs that brought nothing better; 0 never does.
    :param momentum: of SGD.
    :param weight_decay: decoupled (arXiv:1711.05101): a step shrinks kernels by this times the
        learning rate; biases and normalisation are left alone.
    :param label_smoothing: the share of a hard label that is spread over all labels.
    :param class_weights: let rare labels count more: each picture's loss is weighted by how often
        its label occurs, to the power of minus this.  0 weights nothing; with 1 all labels count
        alike; 0.5 is halfway (Mahajan et al. 2018, arXiv:1805.00932).  The head of votes is left
        as it is, since it learns a distribution.
    :param held_back: (number from 0 on, parts): learn from all pictures but that part of them, as
        `cross_fitting.parts_of` divides them, and as a teacher teach that part alone.
    :param teachers: folders of runs or bundles whose networks teach this one: what they say of
        the pictures is part of its targets.
    :param teacher_share: of what they say in these targets; the rest is the labels.
    :param augmentation: how the pictures are changed.
    :param average: decay per step of the running average of the weights, which is what is
        measured and exported; 0 takes the last weights.
    :param precision: a Keras policy: 'float32', 'mixed_bfloat16' or 'mixed_float16'.
    :param xla: compile the network by XLA on TensorFlow; JAX always does.
    :param seed: of everything that is left to chance.
    :param file: that the recipe was read from, where it is not one of `training/recipes`; put in
        when it is read.
    :raises ValueError: if one of them makes no sense.
    """

    name: str
    build: Callable[[Mapping[str, int], int | None], keras.Model]
    heads: Mapping[str, float] = field(default_factory=lambda: {'fer2013': 1.0, 'ferplus': 1.0})
    dataset: str = 'fer2013'
    selection: Selection = field(default_factory=Selection)
    side: int = 48
    colour: str = 'gray'
    value_range: tuple[float, float] = (-2.0, 2.0)
    standardise: bool = False
    whitening: bool = False
    weights: str = 'none'
    sides: tuple[tuple[float, int], ...] = ()
    epochs: int = 40
    batch_size: int = 128
    optimizer: str = 'sgd'
    learning_rate: float = 0.1
    schedule: str = 'cosine'
    warmup_epochs: float = 2.0
    plateau_factor: float = 0.5
    plateau_patience: int = 5
    least_learning_rate: float = 1e-6
    monitor: str = 'accuracy'
    early_stopping: int = 0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    class_weights: float = 0.0
    held_back: tuple[int, ...] = ()
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    average: float = 0.998
    precision: str = 'float32'
    xla: bool = False
    seed: int = 0
    file: str = ''

    def __post_init__(self) -> None:
        unknown = sorted(set(self.heads) - set(HEADS))
        if unknown or not self.heads:
            raise ValueError(f'heads are {sorted(self.heads)}, not some of {", ".join(HEADS)}')
        if any(weight <= 0 for weight in self.heads.values()):
            raise ValueError(f'the weights of the heads are {dict(self.heads)}, not above 0')
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} is '{getattr(self, name)}', not one of {', '.join(choices)}"
                )
        if not self.value_range[0] < self.value_range[1]:
            raise ValueError(f'value_range is {self.value_range}, not (lowest, highest)')
        # It bounds a plateau's fall; elsewhere its default may be above a tiny learning rate.
        most_at_least = self.learning_rate if self.schedule == 'plateau' else 100
        for name, lowest, highest in (
            ('side', 8, 1024),
            ('epochs', 1, 100_000),
            ('batch_size', 1, 100_000),
            ('learning_rate', 1e-9, 100),
            ('warmup_epochs', 0, self.epochs),
            ('plateau_factor', 0.01, 0.99),
            ('plateau_patience', 1, 100_000),
            ('least_learning_rate', 0, most_at_least),
            ('early_stopping', 0, 100_000),
            ('momentum', 0, 0.9999),
            ('weight_decay', 0, 1),
            ('label_smoothing', 0, 0.9),
            ('class_weights', 0, 1),
            ('teacher_share', 0, 1),
            ('average', 0, 0.999_999),
            ('seed', 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise ValueError(f'{name} is {value}, not from {lowest} to {highest}')
        if self.held_back:
            number, parts = self.held_back
            if not (0 <= number < parts and parts >= 2):
                raise ValueError(
                    f'held_back is {self.held_back}, not (number, parts) of two parts or more'
                )
        if self.sides:
            beginnings = [beginning for beginning, _ in self.sides]
            if beginnings[0] != 0 or beginnings != sorted(set(beginnings)) or beginnings[-1] >= 1:
                raise ValueError(f'sides begin at {beginnings}, not at 0 and rising below 1')
            if self.sides[-1][1] != self.side:
                raise ValueError(
                    f'sides end with {self.sides[-1][1]}, not with the side of the input, '
                    f'{self.side}'
                )

    def side_at(self, epoch: int) -> int:
        """
        Tell what side the pictures of an epoch have.

        :param epoch: from 0 on.
        :return: in pixels.
        """
        side = self.side
        for beginning, stage_side in self.sides:
            if epoch >= beginning * self.epochs:
                side = stage_side
        return side


def load_recipe(path: Path) -> Recipe:
    """
    Read the `RECIPE` that a file defines.

    :param path: of a Python file that defines it, or the name of one in `training/recipes`.
    :return: the recipe.
    :raises ValueError: if there is no such file, or it defines none.
    """
    file = recipe_file(path)
    spec = importlib.util.spec_from_file_location(f'training_recipe_{file.stem}', file)
    if spec is None or spec.loader is None:
        raise ValueError(f'{file} is no Python file')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = getattr(module, 'RECIPE', None)
    if not isinstance(recipe, Recipe):
        raise ValueError(
            f'{file} defines no RECIPE that is a Recipe; in earlier versions these were CONFIG '
            'and TrainingConfig'
        )
    if recipe.name != file.stem:
        raise ValueError(f"the recipe in {file} is called '{recipe.name}', not '{file.stem}'")
    if file.resolve() in recipe_files().values():
        return recipe
    return replace(recipe, file=str(file.resolve()))


def recipe_files() -> dict[str, Path]:
    """
    Find the recipes that ship.

    :return: the file of each, by its name, in alphabetical order.
    """
    found = {
        file.stem: file
        for folder in FOLDERS
        for file in folder.rglob('*.py')
        if file.stem != '__init__'
    }
    return dict(sorted(found.items()))


def recipe_file(path: Path) -> Path:
    """
    Find a recipe.

    :param path: of a Python file, or the name of one in `training/recipes`.
    :return: of an existing file.
    :raises ValueError: if there is none; the message lists the names there are.
    """
    known = recipe_files()
    for candidate in (path, known.get(str(path), path)):
        if candidate.is_file():
            return candidate
    raise ValueError(f'there is no recipe {path}; there are: {", ".join(known)}')


def recipe_sha256(path: Path) -> str:
    """
    Give the SHA-256 of a recipe's file without its docstring, which tells results.

    The text of `training/recipes/notebook.py` is part of each recipe that imports it, and so is
    the text of another recipe of each recipe that imports that one.

    :param path: as for `recipe_file`.
    :return: hexadecimal.
    """
    text = _without_docstring(recipe_file(path))
    parts = re.findall(r'^from training\.recipes\.(notebook|own\.\w+) import', text, re.MULTILINE)
    for part in dict.fromkeys(parts):
        text += _without_docstring(RECIPES / f'{part.replace(".", "/")}.py')
    return hashlib.sha256(text.encode()).hexdigest()


def _without_docstring(path: Path) -> str:
    """Read a Python file without what it says of itself."""
    return path.read_text(encoding='utf-8').split('"""', 2)[-1]
