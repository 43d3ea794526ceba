"""The page of a recording, the page of all recordings, and the annotated video."""

from html.parser import HTMLParser
import re

import cv2
import numpy as np
import pytest

from bags import IMAGE
from bags import image
from bags import messages_of
from bags import START
from bags import write_mcap
from fer_ros.offline.outputs.report import clock
from fer_ros.offline.outputs.timeline import MOST_BINS
from fer_ros.offline.outputs.timeline import Timeline

BLUE, GREEN, DARK = (250, 20, 20), (20, 250, 20), (0, 0, 0)
STORY = [
    np.full((20, 30, 3), one, np.uint8) for one in [*[BLUE] * 20, *[GREEN] * 30, *[DARK] * 30]
]


class Page(HTMLParser):
    """The text and the references of a page."""

    def __init__(self, text):
        super().__init__()
        self.words = ''
        self.references = []
        self.tags = []
        self.feed(text)

    def handle_data(self, data):
        self.words += data

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [value for name, value in attributes if name in ('src', 'href')]


@pytest.fixture
def story(tmp_path):
    messages = messages_of(STORY)
    messages[4] = ('/image', IMAGE, messages[4][2], image(STORY[0], START, 'unheard_of'))
    return write_mcap(tmp_path / 'a <b>.mcap', messages)


def page_of(folder):
    return Page((folder / 'report.html').read_text())


def test_the_page_tells_who_was_there_and_what_they_showed(analysed, story):
    outcome, folder = analysed(story)

    page = page_of(folder)
    words = ' '.join(page.words.split())
    assert outcome.reason == ''
    assert 'a <b>.mcap' in words
    assert re.search(r'80 images in \S+ s, 1 person, 1 image without a result', words)
    assert 'Person 1' in words
    assert '1 change ' in words
    assert re.search(r'sad \d+ %', words)
    assert re.search(r'happy \d+ %', words)
    assert '1 of the images of /image have no result' in words
    assert 'Model colours' in words


def test_the_page_needs_nothing_else_and_shows_nobody(analysed, story):
    _, folder = analysed(story)

    page = page_of(folder)
    assert page.references == []
    assert 'img' not in page.tags
    assert 'script' not in page.tags


def test_pictures_are_shown_only_if_wanted(analysed, story):
    _, folder = analysed(story, pictures=True)

    (picture,) = page_of(folder).references
    assert picture.startswith('data:image/jpeg;base64,/9j/')


def test_the_overview_links_the_pages_and_names_failures(call, story, tmp_path):
    broken = tmp_path / 'broken.mcap'
    broken.write_bytes(b'')

    call(story, broken)

    page = page_of(tmp_path / 'out')
    (link,) = page.references
    assert (tmp_path / 'out' / link).is_file()
    assert '1 analysed, 1 failed' in ' '.join(page.words.split())
    assert 'is empty (0 bytes)' in page.words


def test_one_recording_has_its_page_in_the_output_folder(call, story, tmp_path):
    call(story)

    (inner,) = (tmp_path / 'out' / 'recordings').glob('*/report.html')
    assert (tmp_path / 'out' / 'report.html').read_text() == inner.read_text()


def test_a_long_recording_has_no_more_intervals_than_a_short_one(analysed, story, models):
    from fer_ros.offline.analysis import Analysed
    from fer_ros.perception.settings import Settings
    from fer_ros.sources.frames import Frame

    pipeline, timeline = models.pipeline(Settings()), Timeline()
    for number in range(3 * MOST_BINS):
        frame = Frame('', number, 0, image=STORY[0])
        result = pipeline.process(STORY[0], float(number), Settings())
        timeline.add(Analysed(frame, number, result))

    (person,) = timeline.people.values()
    assert timeline.bins <= MOST_BINS
    assert len(person.bins) <= MOST_BINS
    assert sum(timeline.images.values()) == 3 * MOST_BINS
    assert person.total.frames == sum(timeline.faces.values())
    assert timeline.bins * timeline.width >= 3 * MOST_BINS - 1


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0, '0.0 s'), (59.94, '59.9 s'), (61, '1:01 min'), (3600, '1:00:00'), (7325, '2:02:05')],
)
def test_times_are_written_for_people(seconds, text):
    assert clock(seconds) == text


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    found = []
    while True:
        more, picture = capture.read()
        if not more:
            return found, capture.get(cv2.CAP_PROP_FPS)
        found.append(picture)


def test_the_video_shows_the_images_at_their_times(analysed, tmp_path):
    # A gap of three images is filled with the last one.
    shown = messages_of([np.full((60, 81, 3), BLUE, np.uint8)] * 12)
    del shown[5:8]
    path = write_mcap(tmp_path / 'bag.mcap', shown)

    outcome, folder = analysed(path, video=True)

    frames, rate = frames_of(folder / 'annotated.mp4')
    assert outcome.reason == ''
    assert len(frames) == 12
    assert rate == pytest.approx(20)
    assert frames[0].shape == (60, 82, 3)
    # The annotation of the face changes pixels.
    assert np.abs(frames[-1].astype(int) - BLUE).max() > 100


def test_a_jump_of_the_timestamps_makes_no_hours_of_video(analysed, tmp_path):
    shown = messages_of([np.full((60, 80, 3), BLUE, np.uint8)] * 12)
    for one in shown[6:]:
        one[3].header.stamp.sec += 10**6
    path = write_mcap(tmp_path / 'bag.mcap', shown)

    _, folder = analysed(path, video=True)

    assert len(frames_of(folder / 'annotated.mp4')[0]) == 12


def test_each_camera_has_a_video(analysed, tmp_path):
    pictures = [np.full((60, 80, 3), BLUE, np.uint8)] * 3
    messages = messages_of(pictures, '/a/image') + messages_of(pictures, '/b/image')
    path = write_mcap(tmp_path / 'bag.mcap', messages)

    _, folder = analysed(path, video=True)

    assert sorted(one.name for one in folder.glob('*.mp4')) == ['annotated.mp4', 'annotated_2.mp4']
