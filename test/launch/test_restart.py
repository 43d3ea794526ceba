"""Test which exit statuses of a node cause a restart, and which ones end the launch."""

import os
import subprocess
import sys

import pytest

from launched import LAUNCH_FILES
from launched import load_launch_file
from launched import PATIENCE
from stand_in import make_workspace

CAUSE = 'because of a configuration error (exit status 2)'
ROS2 = 'import sys; from ros2cli.cli import main; sys.exit(main())'


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    """
    Return a function that installs stand-ins with given exit statuses for the executables.

    Their install prefix is searched before the real one.
    """

    def put(**ends):
        prefix = tmp_path / 'prefix'
        make_workspace(prefix, {name.replace('__', '.'): words for name, words in ends.items()})
        monkeypatch.setenv(
            'AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{os.environ["AMENT_PREFIX_PATH"]}'
        )

    return put


def test_the_launch_file_knows_the_exit_status_of_the_executables():
    from fer_ros.node.life.process import CONFIGURATION_ERROR

    assert load_launch_file('emotion.launch.py').CONFIGURATION_ERROR == CONFIGURATION_ERROR


def test_both_nodes_are_restarted_after_each_end(launched, stand_ins):
    stand_ins(
        emotion_node__robot=['1', 'SIGSEGV', '0', 'SIGKILL'],
        camera_node__robot=['0', '3', '255', 'SIGTERM'],
    )

    one = launched('emotion.launch.py', camera='0', namespace='robot')
    for name in ('emotion_node', 'camera_node'):
        one.wait_until(lambda name=name: f'{name}.robot works' in one.log)

    for name in ('emotion_node', 'camera_node'):
        assert len(one.process_ids(name)) == 5
        # Restarted nodes must keep the environment set by the launch file.
        assert one.log.count(f'{name} has the profile /') == 5
    assert one.stop() == 0
    assert 'Traceback' not in one.log


def test_nodes_of_every_camera_are_restarted(launched, stand_ins):
    stand_ins(
        emotion_node__front=['1', 'SIGKILL'],
        camera_node__front=['1'],
        emotion_node__back=['1'],
        camera_node__back=['SIGSEGV', '1'],
    )

    one = launched('cameras.launch.py', cameras='front,back', sources='0,1')
    for name in ('emotion_node.front', 'camera_node.front', 'emotion_node.back'):
        one.wait_until(lambda name=name: f'{name} works' in one.log)
    one.wait_until(lambda: 'camera_node.back works' in one.log)

    assert one.log.count('process started with pid') == 10
    assert one.log.count('has the profile /') == 10
    assert one.stop() == 0


@pytest.mark.parametrize('respawn', ['true', 'false'])
@pytest.mark.parametrize('failing', ['emotion_node', 'camera_node'])
def test_a_configuration_error_ends_the_launch_with_status_1(
    launched, stand_ins, failing, respawn
):
    stand_ins(**{'emotion_node': [], 'camera_node': [], failing: ['2']})

    one = launched('emotion.launch.py', camera='0', respawn=respawn)

    assert one.process.wait(PATIENCE) == 1
    assert one.log.count(CAUSE) == 1
    assert 'The launch ends because the argument required is true' in one.log
    assert len(one.process_ids(failing)) == 1
    assert 'Traceback' not in one.log


def test_a_configuration_error_after_a_restart_ends_the_launch(launched, stand_ins):
    stand_ins(emotion_node=['1', '2'])

    one = launched('emotion.launch.py')

    assert one.process.wait(PATIENCE) == 1
    assert len(one.process_ids('emotion_node')) == 2


def test_two_configuration_errors_are_reported_as_one_end_of_the_launch(launched, stand_ins):
    # The first error causes a shutdown, which stops the other node.
    stand_ins(emotion_node=['2'], camera_node=['when stopped 2'])

    one = launched('emotion.launch.py', camera='0')

    assert one.process.wait(PATIENCE) == 1
    assert one.log.count(CAUSE) == 1


@pytest.mark.parametrize('respawn', ['true', 'false'])
def test_without_required_the_other_node_keeps_running(launched, stand_ins, respawn):
    # A restart of the emotion node would happen before the second restart of the camera node.
    stand_ins(emotion_node=['2'], camera_node=['1', '1'] if respawn == 'true' else [])

    one = launched('emotion.launch.py', camera='0', required='false', respawn=respawn)
    one.wait_until(lambda: 'camera_node works' in one.log and CAUSE in one.log)

    assert len(one.process_ids('emotion_node')) == 1
    assert one.stop() == 0
    assert one.log.count(f'will not be restarted {CAUSE}') == 1
    assert 'Traceback' not in one.log


def test_a_launch_of_several_cameras_outlives_a_configuration_error(launched, stand_ins):
    stand_ins(emotion_node__front=['2'], emotion_node__back=['1', '1'])

    one = launched('cameras.launch.py', cameras='front,back')
    one.wait_until(lambda: 'emotion_node.back works' in one.log)

    assert one.log.count('process started with pid') == 4
    assert one.log.count(f'will not be restarted {CAUSE}') == 1
    assert one.stop() == 0


def test_required_is_passed_on_to_every_camera(launched, stand_ins):
    stand_ins(emotion_node__front=[], emotion_node__back=['2'])

    one = launched('cameras.launch.py', cameras='front,back', required='true')

    assert one.process.wait(PATIENCE) == 1
    assert one.log.count(CAUSE) == 1


def test_without_respawn_no_end_is_followed_by_a_restart(launched, stand_ins):
    stand_ins(emotion_node=['1'], camera_node=['SIGKILL'])

    one = launched('emotion.launch.py', camera='0', respawn='false')

    # Every process has ended, so the launch ends.
    assert one.process.wait(PATIENCE) == 0
    assert one.log.count('process started with pid') == 2


def test_status_2_at_the_end_of_the_launch_is_no_configuration_error(launched, stand_ins):
    stand_ins(emotion_node=['when stopped 2'])

    one = launched('emotion.launch.py')
    one.wait_until(lambda: 'emotion_node works' in one.log)

    assert one.stop() == 0
    assert CAUSE not in one.log
    assert len(one.process_ids('emotion_node')) == 1


def test_ros2_launch_ends_with_status_1(stand_ins, tmp_path):
    pytest.importorskip('ros2launch')
    stand_ins(emotion_node=['2'], camera_node=[])

    done = subprocess.run(
        [sys.executable, '-c', ROS2, 'launch', LAUNCH_FILES / 'emotion.launch.py', 'camera:=0'],
        env={**os.environ, 'ROS_LOG_DIR': str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert done.returncode == 1
    assert CAUSE in done.stderr + done.stdout


# With the real executables


def test_a_wrong_model_ends_the_launch(launched):
    one = launched('emotion.launch.py', model='no_such_model')

    assert one.process.wait(PATIENCE) == 1
    assert 'no_such_model' in one.log
    assert one.log.count(CAUSE) == 1
    assert len(one.process_ids('emotion_node')) == 1


def test_a_source_that_is_not_there_leaves_the_emotion_node_alone(launched):
    one = launched('emotion.launch.py', camera='/dev/video987', required='false')

    one.wait_until(lambda: CAUSE in one.log)

    assert one.log.count('there is no camera /dev/video987') == 1
    assert one.stop() == 0
    assert len(one.process_ids('camera_node')) == 1
