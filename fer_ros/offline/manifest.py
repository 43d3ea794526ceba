"""The record of a call: what was done with each recording."""

from __future__ import annotations

from collections.abc import Mapping
import json
import os
from pathlib import Path
from typing import Any

from fer_ros.offline.folder import keys_in
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
        # The recordings whose results are of other settings, or of a manifest that is damaged.
        self.outdated: set[str] = set()

    def load(self, force: bool = False) -> None:
        """
        Read the entries of all manifests in the output folder.

        :param force: whether to forget a manifest of other settings, or one that is damaged.
        :raises ManifestError: if a manifest is damaged, or has results of other settings.
        """
        for path in sorted(self.path.parent.glob('manifest*.json')):
            try:
                found = _read(path)
            except ManifestError:
                if not force:
                    raise
                self.outdated |= keys_in(self.path.parent)
                path.unlink(missing_ok=True)
                continue
            entries = found['recordings']
            try:
                _compare(path, found, self._about)
            except ManifestError:
                done = {key for key, entry in entries.items() if entry.get('status') == DONE}
                # If all recordings of the own manifest failed, there are no results to keep.
                if not force and (done or path != self.path):
                    raise
                self.outdated |= done
                path.unlink(missing_ok=True)
                continue
            self.entries.update(entries)
            if path == self.path:
                self._own = {key: json.dumps(entry) for key, entry in entries.items()}
        self.outdated -= self.entries.keys()

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
    """Read and parse the file of a manifest."""
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
                f'{name} {_shown(old.get(name))}, now {_shown(new.get(name))}'
                for name in new
                if old.get(name) != new.get(name)
            ]
        else:
            differing.append(f'{part} {_shown(old)}, now {_shown(new)}')
    raise ManifestError(
        f'the folder {quoted(str(path.parent))} has results of other settings '
        f'({"; ".join(differing[:3])}): choose another folder with --output, or replace the '
        'results with --force'
    )


def _shown(value: object) -> str:
    """Shorten a setting for a message; an empty text is quoted."""
    return shortened(value, 60) if value != '' else "''"
