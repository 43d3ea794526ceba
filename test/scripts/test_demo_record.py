import csv

import cv2
from demo_record import Animation
from demo_record import ANIMATION_RATE
from demo_record import ANIMATION_SECONDS
from demo_record import ANIMATION_SIZE
from demo_record import BestPicture
from demo_record import fit
from demo_record import Table
from demo_record import Video
from demo_view import SeenFace
import numpy as np
from PIL import Image
import pytest

GRAY, WHITE = 100, 255


def plain(value, height=48, width=64):
    return np.full((height, width, 3), value, np.uint8)


def face(number='1', **shares):
    shares = shares or {'happy': 0.7, 'sad': 0.3}
    emotion = max(shares, key=shares.get)
    return SeenFace(number, (1.0, 2.0, 31.0, 42.0), emotion, shares[emotion], shares)


def read_video(path):
    video = cv2.VideoCapture(str(path))
    images = []
    while (got := video.read())[0]:
        images.append(got[1])
    return images, video.get(cv2.CAP_PROP_FPS)


@pytest.mark.parametrize(('height', 'width'), [(48, 64), (10, 64), (100, 3), (1, 1), (200, 300)])
def test_any_size_fits_onto_the_canvas_in_proportion(height, width):
    canvas = fit(plain(WHITE, height, width), 64, 48)

    assert canvas.shape == (48, 64, 3)
    rows, columns = np.nonzero(canvas[:, :, 0])
    inner_height, inner_width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert inner_height == 48 or inner_width == 64
    assert abs(inner_width * height - inner_height * width) <= max(height, width)


def test_the_table_has_a_row_per_face_with_the_whole_distribution(tmp_path):
    table = Table(tmp_path / 'emotions.csv', ['sad', 'happy'])
    table.add((5, 7), 0, [])
    table.add((5, 40), 1, [face('3'), face('4', sad=0.9, happy=0.1)])
    table.close()

    with (tmp_path / 'emotions.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['id'] for row in rows] == ['3', '4']
    assert rows[0]['stamp'] == '5.000000040'
    assert rows[0]['frame'] == '1'
    assert [float(rows[0][side]) for side in ('left', 'top', 'right', 'bottom')] == [1, 2, 31, 42]
    assert [row['emotion'] for row in rows] == ['happy', 'sad']
    assert [float(row['sad']) for row in rows] == [0.3, 0.9]
    assert [float(row['happy']) for row in rows] == [0.7, 0.1]


def test_the_best_picture_is_the_last_of_those_with_the_most_faces(tmp_path):
    best = BestPicture(tmp_path / 'annotated.png')
    for second, faces in enumerate([1, 2, 0, 2, 1]):
        # The image may arrive before the message or after it.
        if second % 2:
            best.add_count((second, 0), faces)
        best.add_image((second, 0), plain(50 * second))
        if not second % 2:
            best.add_count((second, 0), faces)

    assert best.save()
    assert (cv2.imread(str(tmp_path / 'annotated.png')) == 150).all()


def test_without_pictures_there_is_no_best_one(tmp_path):
    best = BestPicture(tmp_path / 'annotated.png')
    best.add_count((1, 0), 3)

    assert not best.save()
    assert not (tmp_path / 'annotated.png').exists()


def test_the_video_has_the_pace_of_the_stamps(tmp_path):
    video = Video(tmp_path / 'annotated.mp4')
    for number in range(15):
        video.add(100 + number / 20, plain(GRAY))
    assert video.close()

    images, rate = read_video(tmp_path / 'annotated.mp4')
    assert rate == pytest.approx(20, rel=0.01)
    assert len(images) == 15


def test_the_last_picture_stands_still_where_frames_are_missing(tmp_path):
    video = Video(tmp_path / 'annotated.mp4')
    for number in [*range(10), *range(20, 30)]:
        video.add(number / 20, plain(WHITE if number > 15 else GRAY))
    assert video.close()

    images, _ = read_video(tmp_path / 'annotated.mp4')
    assert len(images) == 30
    assert abs(int(images[15].mean()) - GRAY) < 10
    assert abs(int(images[25].mean()) - WHITE) < 10


def test_a_pause_of_minutes_is_cut_out_of_the_video(tmp_path):
    video = Video(tmp_path / 'annotated.mp4')
    for time in [0.0, 0.1, 0.2, 600.0, 600.1]:
        video.add(time, plain(GRAY))
    assert video.close()

    assert len(read_video(tmp_path / 'annotated.mp4')[0]) < 10


def test_pictures_of_other_sizes_go_into_the_same_video(tmp_path):
    video = Video(tmp_path / 'annotated.mp4')
    for number, (height, width) in enumerate([(47, 63), (100, 20), (20, 100)]):
        video.add(float(number), plain(GRAY, height, width))
    assert video.close()

    images, _ = read_video(tmp_path / 'annotated.mp4')
    assert {image.shape for image in images} == {(48, 64, 3)}


def test_no_frame_no_video(tmp_path):
    assert not Video(tmp_path / 'annotated.mp4').close()


def test_an_animation_has_few_small_frames_of_the_first_seconds(tmp_path):
    animation = Animation(tmp_path / 'annotated.gif')
    for number in range(400):
        animation.add(7.0 + number / 30, plain(40 + number % 2, 480, 640))

    assert animation.save()

    with Image.open(tmp_path / 'annotated.gif') as image:
        assert image.size == ANIMATION_SIZE
        assert image.info['loop'] == 0
        assert sum(durations(image)) == pytest.approx(1000 * ANIMATION_SECONDS, abs=300)
        assert image.n_frames <= ANIMATION_RATE * ANIMATION_SECONDS


def durations(image):
    """Return the duration of each frame of an animation in milliseconds."""
    for frame in range(image.n_frames):
        image.seek(frame)
        yield image.info['duration']


def test_without_frames_there_is_no_animation(tmp_path):
    assert not Animation(tmp_path / 'annotated.gif').save()
    assert not (tmp_path / 'annotated.gif').exists()
