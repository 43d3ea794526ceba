from fer_ros.doctor.detectors import check_detectors
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import WARN
from fer_ros.perception.detection import choice
from fer_ros.perception.detection import yunet
from findings import levels
from photographs import data_path


def test_a_damaged_yunet_is_found(tmp_path, monkeypatch):
    weights = data_path(f'facedet/{yunet.WEIGHTS}').read_bytes()
    (tmp_path / yunet.WEIGHTS).write_bytes(weights[:100_000] + bytes(400) + weights[100_400:])
    monkeypatch.setenv('FER_ROS_MODELS', str(tmp_path))

    found = {finding.subject: finding for finding in check_detectors()}

    assert found['detector yunet'].level == WARN
    assert 'ros2 run fer_ros fetch_models' in found['detector yunet'].sentence


def test_without_a_detector_the_node_cannot_work(monkeypatch):
    def refuse(name):
        raise choice.DetectorError(f'{name} has no weights')

    monkeypatch.setattr(choice, 'create_detector', refuse)

    assert levels(check_detectors())['detectors'] == FAIL
