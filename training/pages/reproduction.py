"""The commands that reproduce a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_ros.perception.models.bundle import ModelCard
from training.bundles.imagenet import is_of_imagenet


def recipe_name(origin: Mapping[str, Any]) -> str:
    """
    Return the name of the recipe of a network.

    :param origin: the entry `training` of a card.
    :return: name of the recipe.
    """
    # Cards of an earlier version have the file of the recipe under `config`.
    return origin.get('recipe') or Path(origin['config']).stem


def reproduction_commands(card: ModelCard, head: str) -> list[str]:
    """
    List the commands that train, export and measure a bundle, with its teachers first.

    :param card: card of the bundle.
    :param head: head of the network that the bundle has.
    :return: command lines.
    """
    measure = f'python -m training card models/{card.name} --measure'
    origin = card.training
    made = origin.get('quantization')
    if made:
        quantize = f'--quantize {made["precision"]}'
        return [f'python -m training export --bundle {made["of"]} {quantize}', measure]
    recipe = recipe_name(origin)
    begun = origin.get('begun_from', [])
    # Recipes that start from released bundles name the files themselves.
    given = ','.join(one['name'] for one in begun if not one['name'].startswith('models/'))
    weights = f' --weights {given}' if given else ''
    # Teachers started from the same weights of ImageNet, but not from the weights of other
    # networks.
    of_teachers = weights if any(is_of_imagenet(one['name']) for one in begun) else ''
    runs = [
        _teacher_run(teacher, of_teachers)
        for teacher in origin.get('taught_by', [])
        if 'recipe' in teacher
    ]
    teachers = f' --teachers {" ".join(folder for folder, _ in runs)}' if runs else ''
    train = f'python -m training train {recipe}{weights}{teachers}'
    averaged = [part['seed'] for part in origin.get('averaged', [])]
    folders = [f'runs/{recipe}_{seed}' for seed in averaged]
    trained = [
        f'{train} --seed {seed} --output {folder}'
        for seed, folder in zip(averaged, folders, strict=True)
    ]
    if averaged:
        trained += [f'python -m training average {" ".join(folders)} --output runs/{recipe}']
    return [
        *(command for _, command in runs),
        *(trained or [f'{train} --seed {origin["seed"]}']),
        f'python -m training export {recipe} --head {head} --output models/{card.name}',
        measure,
    ]


def _teacher_run(teacher: Mapping[str, Any], weights: str) -> tuple[str, str]:
    """Return the folder of a teacher's run, and the command that trains it."""
    command = f'python -m training train {teacher["recipe"]}'
    if 'epochs' not in teacher:
        # Runs of an earlier version stored only the recipe of a teacher.
        return f'runs/{teacher["recipe"]}', command + weights
    folder = f'runs/{teacher["recipe"]}'
    if teacher['begun_from']:
        command += f' --weights {",".join(one["name"] for one in teacher["begun_from"])}'
    command += f' --epochs {teacher["epochs"]} --seed {teacher["seed"]}'
    if 'held_back' in teacher:
        folder += f'_part_{teacher["held_back"].split("/")[0]}'
        command += f' --hold-back {teacher["held_back"]} --output {folder}'
    return folder, command
