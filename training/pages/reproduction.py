"""The commands that make a bundle again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_ros.perception.models.bundle import ModelCard
from training.bundles.imagenet import is_of_imagenet


def recipe_name(origin: Mapping[str, Any]) -> str:
    """
    Name the recipe of a network.

    :param origin: the `training` of a card.
    :return: the name.
    """
    # A card of an earlier version has the file of the recipe under `config`.
    return origin.get('recipe') or Path(origin['config']).stem


def reproduction_commands(card: ModelCard, head: str) -> list[str]:
    """
    List the commands that train, export and measure a bundle, teachers first.

    :param card: of the bundle.
    :param head: of the network, whose labels the bundle has.
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
    # A recipe that begins from what ships names it itself.
    given = ','.join(one['name'] for one in begun if not one['name'].startswith('models/'))
    weights = f' --weights {given}' if given else ''
    # Teachers began from the same weights of ImageNet; another network's are not for them.
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
    """Give the folder of a teacher's run, and the command that trains it."""
    command = f'python -m training train {teacher["recipe"]}'
    if 'epochs' not in teacher:
        # A run of an earlier version stored no more about its teachers.
        return f'runs/{teacher["recipe"]}', command + weights
    folder = f'runs/{teacher["recipe"]}'
    if teacher['begun_from']:
        command += f' --weights {",".join(one["name"] for one in teacher["begun_from"])}'
    command += f' --epochs {teacher["epochs"]} --seed {teacher["seed"]}'
    if 'held_back' in teacher:
        folder += f'_part_{teacher["held_back"].split("/")[0]}'
        command += f' --hold-back {teacher["held_back"]} --output {folder}'
    return folder, command
