"""The record of a call: what was done with each recording."""

from __future__ import annotations

from collections.abc import Mapping
import json
import os
from pathlib import Path
from typing import Any

from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened

# Version of the form of the file.
FORM = 1

DONE, FAILED = 'done', 'failed'


class ManifestError(ValueError):
    """Raised if a manifest cannot be read or does not fit; the message gives a remedy."""


class Manifest:
    """
    The entries of an output folder, written atomically after each recording.

    :param path: file that this process writes.
    :param identity: what determines the rows; see `Job.identity`.
    :param fingerprint: hash of the identity.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], fingerprint: str) -> None:
        self.path = path
        self._about = {'form': FORM, 'fingerprint': fingerprint, **identity}
        self._own: dict[str, str] = {}
        # All entries of the folder, also those of other shards.
        self.entries: dict[str, dict[str, Any]] = {}

    def load(self, force: bool = False) -> None:
        """
        Read the entries of the folder.

        :param force: whether to forget a manifest of other settings, or one that is damaged.
        :raises ManifestError: if a manifest is damaged, or was written with other settings.
        """
        for path in sorted(self.path.parent.glob('manifest*.json')):
            try:
                found = _read(path)
                _compare(path, found, self._about)
            except ManifestError:
                if not force:
                    raise
                path.unlink()
                continue
            entries = found['recordings']
            self.entries.update(entries)
            if path == self.path:
                self._own = {key: json.dumps(entry) for key, entry in entries.items()}

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """
        Add or replace an entry, and write the file.

        :raises OSError: if the file cannot be written; the old one stays whole.
        """
        self.entries[key] = entry
        self._own[key] = json.dumps(entry)
        self.write()

    def write(self) -> None:
        """Write the file, and replace the old one at once."""
        about = json.dumps(self._about, indent=1)
        # Each entry is encoded only once, because there may be thousands.
        lines = ',\n'.join(f'  {json.dumps(key)}: {text}' for key, text in self._own.items())
        text = f'{about[:-2]},\n "recordings": {{\n{lines}\n }}\n}}\n'
        write_atomically(self.path, text)


def write_atomically(path: Path, text: str) -> None:
    """
    Write a file so that a reader finds the old or the new content, also after a crash.

    :raises OSError: if the file cannot be written; the old one stays whole.
    """
    new = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        with new.open('w', encoding='utf-8') as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _read(path: Path) -> dict[str, Any]:
    """Read a manifest."""
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        if not isinstance(found, dict) or found['form'] != FORM:
            raise ValueError(f'the form of the manifest is not {FORM}')
        if not all(isinstance(entry, dict) for entry in found['recordings'].values()):
            raise ValueError('the entries of the manifest are damaged')
    except (OSError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise ManifestError(
            f'cannot read {quoted(str(path))}: {shortened(error)}; choose another folder with '
            '--output, or --force to start anew'
        ) from error
    return found


def _compare(path: Path, found: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Raise ManifestError if a manifest was written with other settings."""
    if found['fingerprint'] == about['fingerprint']:
        return
    differing = []
    for part in about:
        old, new = found.get(part), about[part]
        if old == new or part == 'fingerprint':
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            differing += [
                f'{name} {shortened(old.get(name), 60)}, now {shortened(new.get(name), 60)}'
                for name in new
                if old.get(name) != new.get(name)
            ]
        else:
            differing.append(f'{part} {shortened(old, 60)}, now {shortened(new, 60)}')
    raise ManifestError(
        f'the folder {quoted(str(path.parent))} has results of other settings '
        f'({"; ".join(differing[:3])}): choose another folder with --output, or replace the '
        'results with --force'
    )
