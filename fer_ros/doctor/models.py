"""Check the model bundles."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import Finding
from fer_ros.doctor.finding import OK
from fer_ros.doctor.finding import WARN
from fer_ros.perception.quoting import shortened


def check_models() -> Iterator[Finding]:
    """Load each bundle, and compare the hashes of its files with the card."""
    from fer_ros.perception.models.bundle import BundleError
    from fer_ros.perception.models.bundle import load_card
    from fer_ros.perception.models.bundle import unknown_keys_of
    from fer_ros.perception.models.model_files import bundle_folders

    for folder in bundle_folders():
        try:
            card = load_card(folder)
            hashes = []
            for kind in card.kinds:
                card.file(kind)
                hashes.append(f'{kind} {card.sha256(kind)[:12]}…')
        except BundleError as error:
            yield Finding(FAIL, f'model {shortened(folder.name)}', str(error))
        else:
            told = f'{", ".join(hashes)} match the card; folder {shortened(folder)}'
            yield Finding(OK, f'model {card.name}', told)
            unknown = unknown_keys_of(folder)
            if unknown:
                yield Finding(
                    WARN,
                    f'model {card.name}',
                    f'the card has unknown keys, which are ignored: {", ".join(unknown)}; '
                    'doc/models.md describes all keys',
                )
