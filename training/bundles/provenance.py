"""The origin of the network of a bundle, and the terms of its data, for its card."""

from __future__ import annotations

import json
from typing import Any

from training.bundles.imagenet import began_with_imagenet
from training.data.datasets import FER2013_IMAGES_SHA256
from training.recipes.settings import recipe_sha256
from training.runs.origins import origins_of
from training.runs.run import Run

TERMS = (
    'Trained on FER2013 (Goodfellow et al. 2013, arXiv:1307.0414): for research; the rights in '
    'its pictures stay with third parties.'
)

FERPLUS_TERMS = ' The labels are the votes of FER+ (Barsoum et al. 2016, arXiv:1608.01041; MIT).'

IMAGENET_TERMS = (
    ' It began from weights that were trained on ImageNet (Deng et al. 2009), whose pictures are '
    'for research too.'
)

BEGUN_TERMS = ' It began from the weights of another network, whose terms hold too.'

CKPLUS_TERMS = 'Trained on CK+ (Lucey et al. 2010): for research only, not to be passed on.'

OTHER_TERMS = 'Trained on other data; who exported it knows its terms.'


def terms_of(run: Run, head: str) -> str:
    """
    Return the terms of use of the data of a run.

    :param run: trained run.
    :param head: head that becomes a bundle.
    :return: the entry `terms` of the card.
    """
    begun = ''
    if run.recipe.weights != 'none':
        of_imagenet = began_with_imagenet(origins_of(run)['begun_from'])
        begun = IMAGENET_TERMS if of_imagenet else BEGUN_TERMS
    if run.state['data_sha256'] == FER2013_IMAGES_SHA256:
        return TERMS + (FERPLUS_TERMS if head == 'ferplus' else '') + begun
    return (CKPLUS_TERMS if run.recipe.dataset == 'ckplus' else OTHER_TERMS) + begun


def origin_of(run: Run) -> dict[str, Any]:
    """
    Describe how a network was made.

    :param run: trained run; its teachers still exist.
    :return: the entry `training` of the card.
    """
    data = 'CK+' if run.recipe.dataset == 'ckplus' else ''
    data = data or f'{run.state["pictures"]} pictures of a data set of its owner'
    if run.state['data_sha256'] == FER2013_IMAGES_SHA256:
        data = 'FER2013, Training split without pictures that are no face by the FER+ votes'
        data += '; FER+ votes' if 'ferplus' in run.labels else ''
    selected = run.recipe.selection.summary()
    averaged = run.state.get('averaged')
    chosen = {'averaged': averaged} if averaged else {'chosen_epoch': run.state['best_epoch']}
    return {
        'recipe': run.recipe.name,
        'recipe_sha256': recipe_sha256(run.recipe),
        'data': data + (f'; {json.dumps(selected)}' if selected else ''),
        'data_sha256': run.state['data_sha256'],
        **{name: told for name, told in origins_of(run).items() if told},
        'seed': [part['seed'] for part in averaged] if averaged else run.recipe.seed,
        'epochs': run.state['epoch'],
        **chosen,
        'engine': run.state['engine'],
    }
