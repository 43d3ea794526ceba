import pytest

from fer_ros.sources.bags.bag import is_bag
from fer_ros.sources.bags.cameras import Camera
from fer_ros.sources.bags.cameras import find_cameras
from fer_ros.sources.base import SourceError

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
INFO, LABELS = 'sensor_msgs/msg/CameraInfo', 'vision_msgs/msg/LabelInfo'
REALSENSE = {
    '/camera/color/image_raw': IMAGE,
    '/camera/color/image_raw/compressed': COMPRESSED,
    '/camera/color/camera_info': INFO,
    '/camera/depth/image_rect_raw': IMAGE,
    '/camera/aligned_depth_to_color/image_raw': IMAGE,
    '/camera/aligned_depth_to_color/image_raw/compressedDepth': COMPRESSED,
    '/scan': 'sensor_msgs/msg/LaserScan',
}


def test_a_camera_is_found_with_its_registered_depth_and_calibration():
    assert find_cameras(REALSENSE) == [
        Camera(
            '/camera/color/image_raw',
            '/camera/aligned_depth_to_color/image_raw',
            '/camera/color/camera_info',
        )
    ]


def test_topics_with_the_names_of_the_node_are_found():
    topics = {'/image': IMAGE, '/depth': IMAGE, '/camera_info': INFO}

    assert find_cameras(topics) == [Camera('/image', '/depth', '/camera_info')]


def test_images_of_an_emotion_node_are_no_cameras():
    topics = {'/a/image': IMAGE, '/a/emotion/image': IMAGE, '/a/emotion/label_info': LABELS}

    assert find_cameras(topics) == [Camera('/a/image')]


def test_chosen_topics_are_taken_as_they_are():
    chosen = ['/camera/color/image_raw/compressed', '/camera/depth/image_rect_raw']

    found = find_cameras(REALSENSE, chosen, depth='/camera/depth/image_rect_raw')

    assert [one.topic for one in found] == chosen
    assert {one.depth for one in found} == {'/camera/depth/image_rect_raw'}


@pytest.mark.parametrize(
    ('topics', 'arguments', 'reason'),
    [
        ({'/scan': 'sensor_msgs/msg/LaserScan'}, {}, 'topics are /scan .sensor_msgs/msg/Laser'),
        ({}, {}, 'it has no topics'),
        (REALSENSE, {'chosen': ['/image']}, "no topic '/image'; its topics are /camera"),
        (REALSENSE, {'chosen': ['/scan']}, "has the type 'sensor_msgs/msg/LaserScan', not"),
        (REALSENSE, {'depth': '/scan'}, 'has the type'),
        (REALSENSE, {'calibration': '/no'}, 'has no topic'),
        ({f'/t{n}': 'a/msg/B' for n in range(99)}, {}, 'and 79 more'),
        ({'/x\n\x1b[0m': 'a/msg/B'}, {}, r'/x\\n\\x1b'),
    ],
)
def test_a_bag_without_the_wanted_topics_is_refused_with_the_topics(topics, arguments, reason):
    with pytest.raises(SourceError, match=reason):
        find_cameras(topics, **arguments)


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['metadata.yaml'], True),
        (['run_0.mcap', 'run_1.mcap', 'run_10.mcap'], True),
        (['run_0.db3.zstd'], True),
        (['a.mcap', 'b.mcap'], False),
        (['a_0.mcap', 'b_0.mcap'], False),
        (['a_0.bag', 'a_1.bag'], False),
        (['a.mp4'], False),
        ([], False),
    ],
)
def test_a_folder_is_a_bag_if_its_files_are_parts_of_one(names, expected, tmp_path):
    for name in names:
        (tmp_path / name).write_text('')

    assert is_bag(tmp_path) is expected
