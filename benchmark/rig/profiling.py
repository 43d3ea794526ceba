"""Where the time of the pipeline goes, by cProfile: the networks, OpenCV's calls, each file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
import cProfile
import gc
from pathlib import Path
import pstats
from typing import Any

# What is no Python, by a part of the name that cProfile gives it; everything else of that kind
# counts to the file that calls it.
NAMED = {
    "'detect' of 'cv2.FaceDetectorYN'": 'detector_network',
    # Both networks: of a face's and of YuNet's.
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
    Profile something frame by frame.

    cProfile itself takes about half a microsecond a call, which makes files with many small
    functions look more expensive than they are.

    :param way: takes the number of a frame.
    :param frames: that count.
    :param warm_up: frames before them.
    :return: seconds a frame by the name of a step, the most expensive first.
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
    """Give the step that a function is by itself, None for what counts to who calls it."""
    file, _, name = function
    if file != '~':
        return _file_of(function)
    return next((step for part, step in NAMED.items() if part in name), None)


def _file_of(function: Function) -> str:
    """Name the step of a Python function: its file in this package, or the library that it is."""
    file = Path(function[0])
    if 'fer_ros' in file.parts or 'benchmark' in file.parts:
        return file.stem
    for library in ('numpy', 'scipy', 'ai_edge_litert', 'cv2'):
        if library in file.parts:
            return library
    return 'python'
