"""Test the log lines about images, with a controlled clock."""

from fer_ros.node.health.image_log import BURST
from fer_ros.node.health.image_log import ImageLog
from fer_ros.node.health.image_log import PERIOD

SOURCE = '/camera/image_raw, best effort'


class Camera:
    """Sends images to an image log, and requests log lines once per second."""

    def __init__(self):
        self.now = 100.0
        self.lines = []
        self.log = ImageLog(self.lines.append, lambda: self.now)
        self.images = 0

    def send(self, *kinds, source=SOURCE, publishers='/driver', period=1 / 30):
        """Send an image of each kind, and advance the clock by one second."""
        for kind in kinds:
            self.log.see(*kind)
            self.images += 1
        self.now += 1.0
        self.log.tell(source, publishers, self.images, period)


WIDE, SMALL = (480, 640, 'bgr8'), (240, 320, 'mono8')


def test_the_first_images_are_one_line():
    camera = Camera()
    camera.send()
    for _ in range(5):
        camera.send(*[WIDE] * 30)

    assert camera.lines == ['640x480 bgr8 at 30 Hz on /camera/image_raw, best effort']


def test_the_rate_is_waited_for_but_not_for_ever():
    camera = Camera()
    for _ in range(4):
        camera.send(period=None) if camera.images else camera.send(WIDE, period=None)
    assert camera.lines == []

    for _ in range(4):
        camera.send(period=None)

    assert camera.lines == ['640x480 bgr8 on /camera/image_raw, best effort']


def test_each_change_of_size_encoding_or_source_is_one_line():
    camera = Camera()
    camera.send(*[WIDE] * 30)
    camera.send(*[SMALL] * 30, period=0.1)
    camera.send(*[SMALL] * 30, source='/camera/image_raw, reliable')
    camera.send(*[SMALL] * 30, source='/camera/image_raw, reliable', publishers='/replay')
    camera.send(*[SMALL] * 30, source='/camera/image_raw, reliable', publishers='/replay')

    assert camera.lines[1:] == [
        '320x240 mono8 at 10 Hz on /camera/image_raw, best effort',
        '320x240 mono8 at 30 Hz on /camera/image_raw, reliable',
        '320x240 mono8 at 30 Hz on /camera/image_raw, reliable; the publisher is now /replay',
    ]


def test_a_publisher_that_the_graph_does_not_know_for_a_while_is_no_change():
    camera = Camera()
    for publishers in ('', '', '/driver', '', '/driver', '/driver'):
        camera.send(*[WIDE] * 30, publishers=publishers)

    assert len(camera.lines) == 1


def test_a_camera_that_alternates_with_each_image_does_not_fill_the_log():
    camera = Camera()
    for _ in range(100):
        camera.send(*[WIDE, SMALL] * 15)

    assert BURST <= len(camera.lines) <= BURST + 100 / PERIOD + 1
    assert camera.lines[1].endswith('(the image type changed 30 times)')
    # The next line contains the number of changes that were not logged.
    assert camera.lines[-1].endswith('(the image type changed 300 times)')


def test_images_that_come_again_are_a_first_image_again():
    camera = Camera()
    camera.send(*[WIDE] * 30)
    camera.log.lose()
    camera.send()
    camera.send(*[WIDE] * 30)

    assert len(camera.lines) == 2


def test_a_first_image_that_is_the_last_for_long_is_logged_all_the_same():
    camera = Camera()
    camera.send(WIDE, period=None)
    camera.log.lose()
    for _ in range(9):
        camera.send(period=None)

    assert camera.lines == ['640x480 bgr8 on /camera/image_raw, best effort']


def test_nothing_of_before_an_activation_is_logged():
    camera = Camera()
    camera.send(WIDE)
    camera.log.begin()
    for _ in range(9):
        camera.send()

    assert camera.lines == []
