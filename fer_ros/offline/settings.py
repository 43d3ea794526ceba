"""Read the settings from a parameter file of the node."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from fer_ros.perception.parameter_files import applies_to
from fer_ros.perception.parameter_files import read_parameters
from fer_ros.perception.parameter_values import closest
from fer_ros.perception.parameter_values import settings_of
from fer_ros.perception.quoting import quoted
from fer_ros.perception.settings import Settings
from fer_ros.sources.settings import CameraSettings

# Name of the node whose section of the file is read.
NODE = '/emotion'

# A warning lists at most this many names.
MOST_NAMED = 5


def read_settings(path: Path | None) -> tuple[Settings, list[str]]:
    """
    Read the settings of the node.

    :param path: a parameter file of the node; None for the defaults.
    :return: the settings, and warnings about the parts of the file without effect.
    :raises ParameterFileError: if the file cannot be read.
    :raises SettingError: if a value is not allowed, in the words of the node.
    """
    if path is None:
        return Settings(), []
    values, sections = read_parameters(path, NODE)
    known = {field.name for field in fields(Settings)}
    elsewhere = {field.name for field in fields(CameraSettings)} | {'use_sim_time'}
    unknown = [name for name in sorted(values) if name not in known | elsewhere]
    warnings = []
    if not any(applies_to(section, NODE) for section in sections):
        others = ', '.join(quoted(one) for one in sections[:MOST_NAMED])
        warnings.append(
            f'{quoted(str(path))} has no section for {NODE}, only for {others}: rename the '
            f'section to {NODE} or /**'
        )
    if unknown:
        named = ', '.join(f'{quoted(one)}{closest(one, known)}' for one in unknown[:MOST_NAMED])
        warnings.append(f'settings without effect: unknown parameter {named}')
    return settings_of(Settings, values), warnings
