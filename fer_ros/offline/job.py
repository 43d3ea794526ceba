"""What to do with every recording of a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
import hashlib
from importlib import metadata
import json
from typing import Any

from fer_ros.perception.settings import Settings

# Name of the output folder without --output.
DEFAULT_OUTPUT = 'analysis'


@dataclass(frozen=True)
class Job:
    """
    What to do with every recording of a call.

    :param settings: settings of the pipeline.
    :param topics: topics of images in bags; empty for all cameras.
    :param depth: topic of the depth images; empty to search it beside the images.
    :param calibration: topic of the calibration; empty to search it beside the images.
    :param sequence: whether the pictures of a folder show one scene.
    :param csv: whether the tables are also written as CSV.
    :param mcap: whether the messages are written.
    :param report: whether the page is written.
    :param video: whether the annotated video is written.
    :param pictures: whether the page shows a picture of each person.
    :param model: identity of the model and the detector; see `Models.identity`.
    """

    settings: Settings = field(default_factory=Settings)
    topics: tuple[str, ...] = ()
    depth: str = ''
    calibration: str = ''
    sequence: bool = False
    csv: bool = False
    mcap: bool = True
    report: bool = True
    video: bool = False
    pictures: bool = False
    model: Mapping[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[str, ...]:
        """
        Return the names of the outputs besides the tables.

        The style of the video is part of its name, so that another style is another output.
        """
        names = ('csv', 'mcap', 'report', 'pictures')
        video = (f'video_{self.settings.draw}',) if self.video else ()
        return tuple(name for name in names if getattr(self, name)) + video

    def identity(self) -> dict[str, Any]:
        """
        Return everything that determines the rows of the tables, in the types of JSON.

        Settings without effect on recorded images are left out.
        """
        return {
            'settings': {
                name: value
                for name, value in json.loads(json.dumps(asdict(self.settings))).items()
                if name not in WITHOUT_EFFECT
            },
            'topics': list(self.topics),
            'depth': self.depth,
            'camera_info': self.calibration,
            'sequence': self.sequence,
            'model': dict(self.model),
        }

    def fingerprint(self) -> str:
        """Return a hash of `identity`."""
        text = json.dumps(self.identity(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


# Settings of the node that change nothing in the rows: no frame of a recording is dropped, there
# are no subscriptions, and drawings are not part of the tables.
WITHOUT_EFFECT = (
    'max_rate',
    'image_transport',
    'image_reliability',
    'draw',
    'ros4hri',
    'autostart',
    'gpu_memory_limit',
)


def installed_version() -> str:
    """Return the version of the installed package; empty if it runs from its source only."""
    try:
        return metadata.version('fer_ros')
    except metadata.PackageNotFoundError:
        return ''
