from dataclasses import replace

import numpy as np

from training.data.inspection import inspect_data
from training.pages.inspection import mosaic
from training.pages.inspection import report_page


def test_the_page_shows_copies_with_their_labels_splits_and_names(made_up):
    data = made_up(14)
    images, split = data.images.copy(), data.split.astype('<U7')
    images[12] = images[3]
    split[12] = 'private'
    data = replace(data, images=images, split=split)

    page = report_page(data, inspect_data(data))

    assert 'Copies with conflicting labels: 1' in page
    assert '<b>surprise</b> private<small>made_up/12</small>' in page
    assert '1 of private are in train' in page


def test_the_page_shows_what_was_skipped_and_how_large_pictures_were(made_up):
    skipped = {'the file is empty': ('sad/<b>.jpg',)}
    data = replace(made_up(14), skipped=skipped, sizes=np.full((14, 2), 400))

    page = report_page(data, inspect_data(data))

    assert 'the file is empty' in page
    assert 'sad/&lt;b&gt;.jpg' in page
    assert '384 to 767' in page


def test_a_mosaic_has_all_pictures_and_white_where_there_is_none():
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)

    laid = mosaic(images, columns=2)

    assert laid.shape == (8, 8)
    assert [laid[0, 0], laid[0, 4], laid[4, 0], laid[4, 4]] == [0, 1, 2, 255]
