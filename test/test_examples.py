"""The examples work as they stand."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import DetectorError

ROOT = Path(__file__).resolve().parents[1]


def test_a_picture_is_read_in_ten_lines_without_ros():
    skimage = pytest.importorskip('skimage')
    picture = Path(skimage.__file__).parent / 'data' / 'astronaut.png'
    try:
        create_detector('auto')
    except DetectorError as error:
        pytest.skip(str(error))

    done = subprocess.run(
        [sys.executable, 'examples/without_ros.py', picture],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path[1:]])},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("happy {'angry': 0.")


def test_faces_are_cropped_for_training(tmp_path):
    cv2 = pytest.importorskip('cv2')
    skimage = pytest.importorskip('skimage')
    photograph = Path(skimage.__file__).parent / 'data' / 'astronaut.png'
    try:
        detector = create_detector('auto')
    except DetectorError as error:
        pytest.skip(str(error))
    for name in ('happy', 'none'):
        (tmp_path / 'pictures' / name).mkdir(parents=True)
    (tmp_path / 'pictures' / 'happy' / 'a.png').symlink_to(photograph)
    (tmp_path / 'pictures' / 'none' / 'b.jpg').write_text('this is not a picture')

    done = subprocess.run(
        [sys.executable, 'examples/crop_faces.py', tmp_path / 'pictures', tmp_path / 'faces'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path[1:]])},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == f'no face in {tmp_path / "pictures" / "none" / "b.jpg"}\n'
    (crop,) = (tmp_path / 'faces').glob('*/*')
    assert crop == tmp_path / 'faces' / 'happy' / 'a.png'
    assert cv2.imread(str(crop), cv2.IMREAD_UNCHANGED).shape == (48, 48)
    # A larger view of the crop contains the same face, with the eyes of the geometry.
    larger = cv2.resize(cv2.imread(str(crop)), (240, 240), interpolation=cv2.INTER_CUBIC)
    scene = cv2.copyMakeBorder(larger, 120, 120, 120, 120, cv2.BORDER_REPLICATE)
    face = detector.detect(scene, 0.3, 24)[0]
    assert abs((face.eyes[:, 1].mean() - 120) / 240 - 0.394) < 0.05


def test_the_package_of_perception_is_light_until_it_is_used():
    script = """
import sys
import fer_ros.perception
assert not {'cv2', 'numpy'} & set(sys.modules)
from fer_ros.perception import FrameResult, load_pipeline, Settings
assert Settings().smoothing > 0
assert callable(load_pipeline)
assert FrameResult.__name__ in fer_ros.perception.__all__
try:
    fer_ros.perception.nothing
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "no attribute 'nothing'" in done.stdout
