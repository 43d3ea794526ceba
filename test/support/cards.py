"""Bundles that tests write."""

import json

import yaml

from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bundle import to_request


def write_card(folder, card, kind, content, **changed):
    """Write a bundle of one network, with another card's fields unless they are changed."""
    (folder / f'model.{kind}').write_bytes(content)
    written = to_request(card)
    written['files'] = {kind: {'name': f'model.{kind}', 'sha256': sha256_of_bytes(content)}}
    # JSON makes lists of the tuples.
    plain = json.loads(json.dumps({**written, **changed}))
    (folder / 'card.yaml').write_text(yaml.safe_dump(plain))
