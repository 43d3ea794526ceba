"""Check the back ends."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.perception.quoting import shortened


def check_backends(model: str) -> Iterator[Finding]:
    """
    Run a model on each back end that can run it, and explain why the others cannot.

    :param model: name of the model or path of its bundle; empty for the default model.
    """
    from fer_ros.perception.backends import BackendError
    from fer_ros.perception.backends import create_backend
    from fer_ros.perception.backends.choice import gpu_present
    from fer_ros.perception.backends.choice import reason_against
    from fer_ros.perception.classification.classifier import Classifier
    from fer_ros.perception.models.bundle import BundleError
    from fer_ros.perception.models.bundle import find_bundle
    from fer_ros.perception.models.bundle import load_card
    from fer_ros.perception.registry import BACKENDS
    from fer_ros.perception.registry import CPU_BACKENDS
    from fer_ros.perception.registry import GPU_BACKENDS
    from fer_ros.perception.registry import SMALL_BACKENDS
    from fer_ros.perception.settings import DEFAULT_MODEL

    model = model or DEFAULT_MODEL
    try:
        card = load_card(find_bundle(model))
    except BundleError as error:
        yield Finding(FAIL, f'model {shortened(model)}', str(error))
        return
    gpu = gpu_present()
    yield Finding(
        OK,
        'GPU',
        'a GPU driver is loaded' if gpu else 'no GPU driver is loaded; the model runs on the CPU',
    )
    works = False
    for name in CPU_BACKENDS:
        refusal = reason_against(name, card)
        if refusal:
            wanted = gpu and name in GPU_BACKENDS and BACKENDS[name].reads in card.kinds
            yield Finding(WARN if wanted else OK, f'back end {name}', f'not used: {refusal}')
            continue
        if works and not gpu and name not in SMALL_BACKENDS:
            yield Finding(
                OK,
                f'back end {name}',
                'installed; not tested, because this machine has no GPU and another back end runs '
                'the model',
            )
            continue
        try:
            backend = create_backend(name, card)
            Classifier(card, backend)
        except (BackendError, BundleError) as error:
            yield Finding(WARN, f'back end {name}', str(error))
        else:
            works = True
            yield Finding(OK, f'back end {name}', f'runs {card.name} on {backend.device}')
    readable = {kind.reads for kind in BACKENDS.values()}
    for form in card.kinds:
        if form not in readable:
            yield Finding(OK, f'file format {form}', 'no back end of this package reads it')
    if not works:
        yield Finding(
            FAIL,
            'back ends',
            f'no back end can run {card.name}; follow the instructions of one back end above',
        )
