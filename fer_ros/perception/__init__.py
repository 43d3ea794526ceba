"""
Face detection, tracking and emotion recognition in plain Python, without ROS.

Input: images with timestamps.
Output: a `FrameResult` per image, with an id and an emotion for each face.

`load_pipeline`, `Settings` and `FrameResult` can be imported from this package.
Their modules are imported at first use.
"""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_ros.perception.frame_result import FrameResult as FrameResult
    from fer_ros.perception.pipeline import load_pipeline as load_pipeline
    from fer_ros.perception.settings import Settings as Settings

__all__ = ['FrameResult', 'Settings', 'load_pipeline']


def __getattr__(name: str) -> Any:
    """Import a public name of this package at its first use."""
    if name == 'load_pipeline':
        from fer_ros.perception.pipeline import load_pipeline

        return load_pipeline
    if name == 'Settings':
        from fer_ros.perception.settings import Settings

        return Settings
    if name == 'FrameResult':
        from fer_ros.perception.frame_result import FrameResult

        return FrameResult
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
