"""Measure a run on all splits, and reconstruct its command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.data.cross_fitting import learnt_from
from training.data.datasets import DataError
from training.data.datasets import FaceData
from training.data.datasets import PRIVATE
from training.data.datasets import PUBLIC
from training.data.datasets import TRAIN
from training.data.stratified import stratified
from training.data.votes import is_not_a_face
from training.evaluation.bootstrap import Bootstrap
from training.evaluation.bootstrap import interval
from training.evaluation.metrics import confusion_matrix
from training.evaluation.metrics import macro_mean
from training.evaluation.metrics import per_class
from training.evaluation.validation import as_measured
from training.evaluation.validation import head_truth
from training.evaluation.validation import predict_logits
from training.recipes.library import load_recipe
from training.recipes.recipe import Recipe
from training.recipes.settings import changed_settings
from training.recipes.settings import settings_of
from training.runs.files import RECIPE_FILE
from training.runs.origins import is_bundle
from training.runs.run import Run

# Number of pictures of Training for the training accuracy; its sampling error is half a point.
TRAINING_PICTURES = 5000

# Settings of a recipe that options of `train` change, in addition to the selection.
OPTIONS = ('epochs', 'batch_size', 'seed', 'weights', 'precision', 'teachers', 'held_back')


def measure_run(run: Run, data: FaceData, machine: str) -> list[dict[str, Any]]:
    """
    Measure the chosen weights of a run on all splits.

    :param run: trained run.
    :param data: data set of the run with all its splits, selected as in its recipe.
    :param machine: description of the machine that trained the run.
    :return: a row for each head, with values that JSON can store.
    :raises DataError: if the run was trained on another number of pictures.
    """
    _check_learnt_from(run, data)
    model = run.model
    splits = {
        'train': stratified(
            learnt_from(data.of_split(TRAIN), run.recipe.held_back), TRAINING_PICTURES
        ),
        **{
            name: as_measured(data.of_split(split), run.recipe, run.state['best_epoch'] - 1)
            for name, split in (('validation', PUBLIC), ('test', PRIVATE))
            if data.has_split(split)
        },
    }
    logits = {
        name: predict_logits(model, part.images, run.recipe, run.recipe.side)
        for name, part in splits.items()
    }
    return [
        {
            'recipe': run.recipe.name,
            'head': head,
            'command': command_of(run),
            'selection': run.recipe.selection.summary(),
            'seed': ', '.join(str(part['seed']) for part in run.state.get('averaged', []))
            or run.recipe.seed,
            'engine': run.state['engine'],
            'machine': machine,
            'epochs': run.state['epoch'],
            'chosen_epoch': run.state['best_epoch'],
            'seconds': run.state['seconds'],
            'parameters': model.count_params(),
            **{
                name: _figures(logits[name][head], head_truth(head, part), len(labels))
                for name, part in splits.items()
            },
        }
        for head, labels in run.labels.items()
    ]


def _check_learnt_from(run: Run, data: FaceData) -> None:
    """Reject runs of `--smoke`, and runs on other data."""
    training = data.of_split(TRAIN)
    if training.votes is not None and run.recipe.faces_only:
        training = training.take(~is_not_a_face(training.votes))
    training = learnt_from(training, run.recipe.held_back)
    if run.state['pictures'] != len(training):
        raise DataError(
            f'{run.folder} was trained on {run.state["pictures"]} pictures, but the data has '
            f'{len(training)} for it; runs with --smoke or on other data cannot be compared'
        )


def _figures(logits: np.ndarray, truth: np.ndarray, count: int) -> dict[str, Any]:
    """Measure the predictions of a head of the network on a split."""
    kept = truth >= 0
    truth, predicted = truth[kept], logits[kept].argmax(axis=1)
    classes = per_class(confusion_matrix(truth, predicted, count))
    right = predicted == truth
    return {
        'pictures': len(truth),
        'accuracy': round(float(right.mean()), 5),
        'ci95': [round(limit, 5) for limit in interval(Bootstrap(len(truth)).means(right))],
        'balanced_accuracy': round(float(macro_mean(classes['recall'], classes['support'])), 5),
        'macro_f1': round(float(macro_mean(classes['f1'], classes['support'])), 5),
    }


def command_of(run: Run) -> str:
    """
    Reconstruct the command of a run.

    :param run: trained run.
    :return: command for the root of the checkout; a comment lists settings of the run that differ
        from the recipe file and have no option.
    """
    if 'averaged' in run.state:
        runs = ' '.join(f'runs/{part["run"]}' for part in run.state['averaged'])
        return f'python -m training average {runs} --output runs/{run.folder.name}'
    try:
        original = load_recipe(Path(run.recipe.file or run.recipe.name))
    except ValueError:
        name = run.recipe.name
        return f'python -m training train {name} # {RECIPE_FILE} of the run has its settings'
    words = ['python -m training train', run.recipe.name]
    for name in ('epochs', 'batch_size', 'seed', 'weights', 'precision'):
        value = getattr(run.recipe, name)
        if value != getattr(original, name):
            # The folder of the weights is private, so only the file name is kept.
            option = name.replace('_', '-')
            words.append(f'--{option} {Path(value).name if name == "weights" else value}')
    if run.recipe.teachers != original.teachers:
        folders = {t: 'models' if is_bundle(t) else 'runs' for t in run.recipe.teachers}
        words += ['--teachers', *(f'{of}/{Path(t).name}' for t, of in folders.items())]
    if run.recipe.held_back != original.held_back:
        words.append(f'--hold-back {run.recipe.held_back[0] + 1}/{run.recipe.held_back[1]}')
    selected, standard = run.recipe.selection, original.selection
    if selected.labels != standard.labels:
        words.append(f'--labels {",".join(selected.labels)}')
    if selected.classes != standard.classes:
        words.append(f'--classes {",".join(selected.classes)}')
    if selected.groups != standard.groups:
        words += [f'--group {name}={",".join(of)}' for name, of in selected.groups.items()]
    if selected.split_by != standard.split_by:
        words.append(f'--split-by {selected.split_by}')
    if selected.fold != standard.fold:
        words.append(f'--fold {selected.fold[0] + 1}/{selected.fold[1]}')
    if selected.fractions != standard.fractions and selected.fractions is not None:
        words.append(f'--fractions {",".join(f"{part:g}" for part in selected.fractions)}')
    if selected.seed != standard.seed:
        words.append(f'--split-seed {selected.seed}')
    if selected.clean and not standard.clean:
        words.append('--clean')
    if selected.exclude != standard.exclude and selected.exclude is not None:
        words.append(f'--exclude {selected.exclude.name}')
    return ' '.join([*words, *_of_no_option(original, run.recipe)])


def _of_no_option(original: Recipe, recipe: Recipe) -> list[str]:
    """List settings that differ from the recipe file and have no option, as a shell comment."""
    reachable = {*OPTIONS, *(['value_range'] if recipe.standardise else [])}
    changed = {
        name: new
        for name, (_, new) in changed_settings(settings_of(original), settings_of(recipe)).items()
        if name not in reachable and not name.startswith('selection.')
    }
    return ['#', *(f'{name}={new}' for name, new in changed.items())] if changed else []
