"""Profile the pipeline with cProfile by networks, OpenCV calls and source files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
import cProfile
import gc
from pathlib import Path
import pstats
from typing import Any

# Steps of native functions, by a part of the function's name in cProfile. The time of any other
# native function is added to the file that calls it.
NAMED = {
    "'detect' of 'cv2.FaceDetectorYN'": 'detector_network',
    # Both networks: the emotion classifier and YuNet.
    'Invoke': 'networks',
    'SetTensor': 'network_input',
    'GetTensor': 'network_output',
    'resize': 'opencv_resize',
    'warpAffine': 'opencv_warp',
    'cvtColor': 'opencv_colours',
    'copyMakeBorder': 'opencv_border',
}

Function = tuple[str, int, str]


def steps_of(way: Callable[[int], Any], frames: int, warm_up: int = 10) -> dict[str, float]:
    """
    Profile a function frame by frame.

    cProfile itself takes about half a microsecond per call. Files with many small functions
    therefore appear more expensive than they are.

    :param way: function that takes the number of a frame.
    :param frames: number of profiled frames.
    :param warm_up: number of frames before the profiled frames.
    :return: seconds per frame by the name of a step, the most expensive step first.
    """
    for frame in range(warm_up):
        way(frame)
    profile = cProfile.Profile()
    gc.collect()
    gc.disable()
    profile.enable()
    try:
        for frame in range(frames):
            way(frame)
    finally:
        profile.disable()
        gc.enable()
    steps: dict[str, float] = defaultdict(float)
    statistics = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for function, (_, _, own, _, callers) in statistics.items():
        name = _named(function)
        if name is not None:
            steps[name] += own
            continue
        for caller, (_, _, own_of_caller, _) in callers.items():
            steps[_file_of(caller)] += own_of_caller
    ordered = sorted(steps.items(), key=lambda step: -step[1])
    return {name: seconds / frames for name, seconds in ordered}


def _named(function: Function) -> str | None:
    """Return the step of a function. Return None if its time is added to the calling file."""
    file, _, name = function
    if file != '~':
        return _file_of(function)
    return next((step for part, step in NAMED.items() if part in name), None)


def _file_of(function: Function) -> str:
    """Return the step of a Python function: its file in this package, or its library."""
    file = Path(function[0])
    if 'fer_ros' in file.parts or 'benchmark' in file.parts:
        return file.stem
    for library in ('numpy', 'scipy', 'ai_edge_litert', 'cv2'):
        if library in file.parts:
            return library
    return 'python'
