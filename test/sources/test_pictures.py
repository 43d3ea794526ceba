from itertools import islice

import numpy as np
import pytest

from fer_ros.sources.base import SourceError
from fer_ros.sources.opening import open_source
from fer_ros.sources.pictures import list_pictures
from gray_images import gray
from gray_images import images_of
from gray_images import levels_of
from gray_images import write


def test_a_folder_plays_in_the_order_people_count(tmp_path, told):
    for level, name in [(30, 'b2.png'), (40, 'b10.png'), (10, 'A1.png'), (20, 'b01.png')]:
        write(tmp_path / name, gray(level))

    source = open_source(str(tmp_path), tell=told.append)

    assert levels_of(images_of(source)) == [10, 20, 30, 40]
    assert (source.skipped, told, source.endless) == (0, [], False)


def scenes_of(source, count=9):
    return [source.scene for _ in islice(source, count)]


def test_each_picture_of_a_folder_is_a_scene_of_its_own(tmp_path):
    for number in (1, 2, 10):
        write(tmp_path / f'{number}.png', gray(number))
    (tmp_path / '2.png').write_bytes(b'broken')

    source = open_source(str(tmp_path), loop=True, tell=lambda _: None)

    # The number of a scene does not depend on which files are readable.
    assert scenes_of(source, 4) == ['picture_1', 'picture_3'] * 2


def test_the_pictures_of_a_sequence_and_a_single_picture_are_one_scene(tmp_path):
    for number in (1, 2):
        write(tmp_path / f'{number}.png', gray(number))

    assert scenes_of(open_source(str(tmp_path), sequence=True)) == ['', '']
    assert scenes_of(open_source(str(tmp_path / '1.png'))) == ['']


def test_names_of_digits_and_letters_only_have_an_order(tmp_path):
    names = ['10.png', '9.png', 'nine.png', '9a.png', 'ä.png', '²3.png']
    for name in names:
        write(tmp_path / name, gray(0))

    pictures, _ = list_pictures(tmp_path)
    assert [path.name for path in pictures][:3] == ['9.png', '9a.png', '10.png']


def test_pictures_of_a_folder_keep_their_sizes(tmp_path):
    write(tmp_path / '1.png', gray(1, 64, 48))
    write(tmp_path / '2.png', gray(2, 30, 90))

    shapes = [image.shape for image in images_of(open_source(str(tmp_path)))]

    assert shapes == [(48, 64, 3), (90, 30, 3)]


def test_every_kind_of_picture_comes_as_three_channels_of_bytes(tmp_path):
    write(tmp_path / '1.png', np.full((8, 8), 51, np.uint8))
    write(tmp_path / '2.png', np.full((8, 8, 4), 51, np.uint8))

    white = np.full((8, 8, 3), 51 * 257, np.uint16)
    white[0, 0] = 65535
    write(tmp_path / '3.png', white)

    for image in images_of(open_source(str(tmp_path))):
        assert (image.shape, image.dtype) == ((8, 8, 3), np.uint8)
        assert (image[1:] == 51).all()


@pytest.mark.parametrize('ending', ['png', 'tiff'])
def test_pictures_with_fewer_significant_bits_are_as_bright_as_others(tmp_path, told, ending):
    for number in (1, 2):
        write(tmp_path / f'{number}.{ending}', np.full((8, 8), 2047, np.uint16))

    dark = images_of(open_source(str(tmp_path), tell=told.append))
    bright = images_of(open_source(str(tmp_path), tell=told.append, bit_depth=12))

    assert levels_of(dark) == [127, 127]
    assert levels_of(bright) == [127, 127]
    (line,) = told
    assert f'1.{ending} has values from 2047 to 2047, so 0 is shown as black, and 4095' in line
    assert 'bit_depth sets another' in line


def test_a_dark_picture_alone_is_told_once(tmp_path, told):
    path = write(tmp_path / 'one.png', np.full((8, 8), 2047, np.uint16))

    images_of(open_source(str(path), loop=True, tell=told.append), 3)

    assert len(told) == 1


def test_the_bit_depth_does_not_change_pictures_of_8_bits(tmp_path, told):
    picture = write(tmp_path / '1.tiff', gray(3))

    (image,) = images_of(open_source(str(picture), tell=told.append, bit_depth=12))

    assert (image == 3).all()
    assert told == []


def test_a_picture_that_cannot_be_read_is_skipped_with_one_sentence(tmp_path, told):
    (tmp_path / '1.jpg').write_bytes(b'no picture')
    write(tmp_path / '2.png', gray(2))
    (tmp_path / '3.png').write_bytes((tmp_path / '2.png').read_bytes()[:40])
    write(tmp_path / '4.png', gray(4))

    source = open_source(str(tmp_path), loop=True, tell=told.append)

    assert levels_of(images_of(source, 6)) == [2, 4, 2, 4, 2, 4]
    assert source.skipped == 2
    assert len(told) == 2
    assert '1.jpg' in told[0]
    assert '3.png' in told[1]


def test_files_that_are_no_pictures_are_counted_and_named_once(tmp_path, told):
    write(tmp_path / '1.png', gray(1))
    for name in ('IMG_1.HEIC', 'notes.txt', *(f'{number}.dng' for number in range(9))):
        (tmp_path / name).write_bytes(b'no picture')
    (tmp_path / 'broken.png').write_bytes(b'no picture')

    source = open_source(str(tmp_path), loop=True, tell=told.append)

    assert levels_of(images_of(source, 3)) == [1, 1, 1]
    assert source.skipped == 12
    assert len(told) == 2
    assert '11 files left out that OpenCV cannot read as pictures' in told[0]
    assert '(0.dng, 1.dng, 2.dng, 3.dng, 4.dng, ...)' in told[0]
    assert 'save .dng, .heic files as JPEG' in told[0]


def test_hidden_files_and_folders_are_passed_over(tmp_path, told):
    write(tmp_path / '1.png', gray(1))
    (tmp_path / '.hidden.png').write_bytes(b'')
    (tmp_path / 'folder.png').mkdir()
    # This file has the content of a picture, but not its suffix.
    write(tmp_path / '2.png', gray(2)).rename(tmp_path / '2.picture')

    source = open_source(str(tmp_path), tell=told.append)

    assert levels_of(images_of(source)) == [1, 2]
    assert (source.skipped, told) == (0, [])


def test_a_picture_is_shown_once_or_for_ever(tmp_path):
    path = str(write(tmp_path / 'one.png', gray(7)))

    assert levels_of(images_of(open_source(path))) == [7]
    assert levels_of(images_of(open_source(path, loop=True), 4)) == [7] * 4


@pytest.mark.parametrize(('rate', 'period'), [(0.0, 1.0), (4.0, 0.25)])
def test_pictures_come_once_a_second_or_as_asked(tmp_path, rate, period):
    write(tmp_path / 'one.png', gray(7))

    assert next(iter(open_source(str(tmp_path), rate)))[1] == period


def test_pictures_that_go_away_end_with_a_sentence(tmp_path, told):
    path = write(tmp_path / 'one.png', gray(7))
    images = iter(open_source(str(tmp_path), loop=True, tell=told.append))
    next(images)
    path.unlink()

    with pytest.raises(SourceError, match='neither OpenCV nor'):
        next(images)


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / 'photo.heic').write_text('nothing')

    with pytest.raises(SourceError, match=r'contains no pictures: 1 file .*photo\.heic.* as JPEG'):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match=r'photo\.heic cannot be read: .* as JPEG'):
        open_source(str(tmp_path / 'photo.heic'))


def test_a_folder_of_broken_pictures_is_refused(tmp_path, told):
    for name in ('1.png', '2.jpg'):
        (tmp_path / name).write_bytes(b'broken')

    with pytest.raises(SourceError, match='cannot read any of the 2 pictures'):
        open_source(str(tmp_path), tell=told.append)

    assert len(told) == 2
