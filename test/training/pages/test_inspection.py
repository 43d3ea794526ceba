from dataclasses import replace
import re

import numpy as np

from training.data.inspection import inspect_data
from training.pages.inspection import mosaic
from training.pages.inspection import report_page
from training.pages.plots import draw_histogram
from training.pages.plots import plot


def test_the_page_shows_copies_with_their_labels_splits_and_names(made_up):
    data = made_up(14)
    images, split = data.images.copy(), data.split.astype('<U7')
    images[12] = images[3]
    split[12] = 'private'
    data = replace(data, images=images, split=split)

    page = report_page(data, inspect_data(data))

    assert 'Copies with conflicting labels: 1' in page
    assert '<b>surprise</b> test<small>made_up/12</small>' in page
    assert '1 test pictures are also training pictures' in page


def test_the_page_shows_what_was_skipped_and_how_large_pictures_were(made_up):
    skipped = {'the file is empty': ('sad/<b>.jpg',)}
    data = replace(made_up(14), skipped=skipped, sizes=np.full((14, 2), 400))

    page = report_page(data, inspect_data(data))

    assert 'the file is empty' in page
    assert 'sad/&lt;b&gt;.jpg' in page
    assert '384 to 767' in page


def test_each_class_has_its_histograms_in_the_page(made_up):
    data = made_up(14)

    page = report_page(data, inspect_data(data))

    found = re.findall(r'alt="brightness and contrast of (\w+)" src="data:image/svg\+xml;', page)
    assert tuple(found) == data.label_names


def test_a_bar_of_a_histogram_is_as_high_as_its_count():
    with plot(2, 1) as (_, (axes,)):
        draw_histogram(axes, 'brightness', [3, 0, 5, 1], 256, 'black')

    assert [bar.get_height() for bar in axes.patches] == [3, 0, 5, 1]
    assert [bar.get_x() for bar in axes.patches] == [0, 64, 128, 192]
    assert [label.get_text() for label in axes.get_xticklabels()] == ['0', '255']


def test_a_mosaic_has_all_pictures_and_white_where_there_is_none():
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)

    laid = mosaic(images, columns=2)

    assert laid.shape == (8, 8)
    assert [laid[0, 0], laid[0, 4], laid[4, 0], laid[4, 4]] == [0, 1, 2, 255]
