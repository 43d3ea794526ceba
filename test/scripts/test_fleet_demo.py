import pytest

pytest.importorskip('rosbags')
pytest.importorskip('pyarrow')

from fer_ros.sources.bags.bag import Bag
from scripts import fleet_demo


def test_the_recordings_of_the_demo_are_bags(tmp_path, monkeypatch):
    monkeypatch.setattr(fleet_demo, 'RECORDINGS', 2)
    monkeypatch.setattr(fleet_demo, 'IMAGES', 3)

    paths = fleet_demo.write_recordings(tmp_path)

    for path in paths:
        bag = Bag(path)
        assert bag.topics == {'/camera/image_raw': 'sensor_msgs/msg/Image'}
        assert len(list(bag.messages(bag.topics))) == 3
    assert paths[0].read_bytes() != paths[1].read_bytes()
