import json
import os
from pathlib import Path

import pytest

from benchmark.__main__ import main
from benchmark.costs.node import stale
from benchmark.rig.client import Answer
from photographs import data_path

RATE = 10.0


def answers(*stamps_and_received):
    return [Answer(stamp, received, 1) for stamp, received in stamps_and_received]


def test_who_takes_the_newest_frame_each_time_takes_no_stale_one():
    # The frame period is 0.1 s, and the node publishes a result every 0.25 s.
    assert stale(answers((0.0, 0.25), (0.2, 0.5), (0.4, 0.75), (0.7, 1.0)), RATE) == 0


def test_who_keeps_a_queue_takes_stale_ones():
    assert stale(answers((0.0, 0.25), (0.1, 0.5), (0.2, 0.75), (0.3, 1.0)), RATE) == 2


def test_a_frame_that_is_older_than_the_one_before_is_stale():
    assert stale(answers((0.2, 0.25), (0.1, 0.28)), RATE) == 1


def test_the_node_is_measured_from_outside(capsys, monkeypatch):
    pytest.importorskip('rclpy')
    pytest.importorskip('vision_msgs')
    packages = pytest.importorskip('ament_index_python.packages')
    data_path('videos')
    try:
        prefix = packages.get_package_prefix('fer_ros')
    except LookupError:
        pytest.skip('the package is not installed')
    assert (Path(prefix) / 'lib' / 'fer_ros' / 'emotion_node').is_file()
    monkeypatch.setenv('ROS_DOMAIN_ID', os.environ.get('ROS_DOMAIN_ID', '41'))

    words = ['--starts', '1', '--turns', '1', '--seconds', '1', '--changes', '4']
    assert main(['node', *words, '--overload-faces', '1', '--json']) == 0

    rows = {row['name']: row for row in json.loads(capsys.readouterr().out)['rows']}
    assert rows['node_overhead']['answers'] > 0
    assert rows['node_overhead']['bare_ms'] > 0
    assert rows['node_over_calls_at_its_rate']['bare_ms'] > 0
    assert rows['start_to_first_emotion']['median_ms'] > 0
    assert rows['cpu_at_30_hz']['value'] > 0
    assert rows['memory_rss']['value'] > 50
    assert rows['parameter_in_force']['value'] >= 1
    assert rows['overload_age']['ratio'] > 0
    assert rows['overload_stale_frames']['goal'] == 0
