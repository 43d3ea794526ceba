import json
import os

import pytest

from benchmark.__main__ import main
from benchmark.costs.scale_plots import draw
from benchmark.costs.scale_plots import points
from photographs import data_path

ROWS = [
    {'name': 'faces_0_at_640x480', 'median_ms': 3.0},
    {'name': 'faces_16_at_640x480', 'median_ms': 20.0},
    {'name': 'pixels_640x480', 'median_ms': 5.0},
    {'name': 'pixels_in_proportion_640x480', 'median_ms': 5.0},
    {'name': 'cameras_1', 'median_ms': 9.0, 'p95_ms': 12.0, 'value': 30.0},
    {'name': 'cameras_2', 'median_ms': 10.0, 'p95_ms': 14.0, 'value': 60.0},
]


def test_a_plot_has_the_figures_of_its_own_rows():
    assert points(ROWS, r'faces_(\d+)_at_640x480', 'median_ms') == {(0,): 3.0, (16,): 20.0}
    assert points(ROWS, r'pixels_(\d+)x(\d+)', 'median_ms') == {(640, 480): 5.0}


def test_the_same_figures_make_the_same_small_drawing(tmp_path):
    pytest.importorskip('matplotlib')

    draw(ROWS, tmp_path / 'one.svg', 'commit abc')
    draw(ROWS, tmp_path / 'other.svg', 'commit abc')

    drawing = (tmp_path / 'one.svg').read_text(encoding='utf-8')
    assert drawing == (tmp_path / 'other.svg').read_text(encoding='utf-8')
    assert 'number of cameras, 640x480' in drawing
    assert 'commit abc' in drawing
    assert len(drawing) < 200_000


def test_faces_pixels_cameras_and_what_travels_are_measured(capsys, monkeypatch, tmp_path):
    pytest.importorskip('rclpy')
    pytest.importorskip('vision_msgs')
    packages = pytest.importorskip('ament_index_python.packages')
    data_path('videos')
    try:
        packages.get_package_prefix('fer_ros')
    except LookupError:
        pytest.skip('the package is not installed')
    monkeypatch.setenv('ROS_DOMAIN_ID', os.environ.get('ROS_DOMAIN_ID', '41'))

    words = ['--frames', '2', '--seconds', '2', '--cameras', '2', '--json']
    assert main(['scale', *words, '--plot', str(tmp_path / 'scale.svg')]) == 0

    rows = {row['name']: row for row in json.loads(capsys.readouterr().out)['rows']}
    assert rows['faces_16_at_640x480']['ratio'] > 0
    assert rows['pixels_1920x1080']['min_face_size'] == 24
    assert rows['cameras_2']['value'] > 0
    assert len(rows['cameras_2']['answers_per_second']) == 2
    # The message size grows with the number of faces. Each face has seven results, or eight if it
    # is uncertain. An image message consists of its pixels and a header.
    one, four = rows['travels_emotion_faces_1'], rows['travels_emotion_faces_4']
    assert 1 < four['bytes_each'] / one['bytes_each'] <= 4 * 8 / 7
    assert 0 <= rows['travels_image_640x480']['bytes_each'] - 640 * 480 * 3 < 200
    assert (tmp_path / 'scale.svg').stat().st_size > 1000
