"""
From an image to who is there and what each face shows; plain Python, no ROS in here.

`load_pipeline`, `Settings` and `FrameResult` can be imported from here; the modules that they need
are imported when they are used first.
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
    """Import what is asked for."""
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
