import pytest

fleet_demo = pytest.importorskip('scripts.fleet_demo')
bags = pytest.importorskip('fer_ros.sources.bags.bag')


def test_the_recordings_of_the_demo_are_bags(tmp_path, monkeypatch):
    monkeypatch.setattr(fleet_demo, 'RECORDINGS', 2)
    monkeypatch.setattr(fleet_demo, 'IMAGES', 3)

    paths = fleet_demo.write_recordings(tmp_path)

    for path in paths:
        bag = bags.Bag(path)
        assert bag.topics == {'/camera/image_raw': 'sensor_msgs/msg/Image'}
        assert len(list(bag.messages(bag.topics))) == 3
    assert paths[0].read_bytes() != paths[1].read_bytes()
