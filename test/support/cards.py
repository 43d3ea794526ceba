"""Write model bundles for tests."""

import json

import yaml

from fer_ros.perception.files import sha256_of_bytes
from fer_ros.perception.models.bundle import to_request


def write_card(folder, card, kind, content, **changed):
    """
    Write a bundle with one network.

    The card has the fields of another card, except the changed fields.
    """
    (folder / f'model.{kind}').write_bytes(content)
    written = to_request(card)
    written['files'] = {kind: {'name': f'model.{kind}', 'sha256': sha256_of_bytes(content)}}
    # The JSON round trip converts tuples to lists.
    plain = json.loads(json.dumps({**written, **changed}))
    (folder / 'card.yaml').write_text(yaml.safe_dump(plain))
