import argparse

import numpy as np
import pytest

from photographs import data_path
from training.commands.data_arguments import add_data_arguments
from training.commands.data_arguments import read_selected
from training.commands.data_arguments import selection_from
from training.data.datasets import DataError
from training.data.selection import Selection


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_data_arguments(parser)
    return parser.parse_args(words)


def test_the_words_of_a_command_make_a_selection():
    selection = selection_from(
        parsed(
            *('--group', 'negative=sad, angry', '--group', 'other=fear,disgust'),
            *('--classes', 'happy,negative', '--split-by', 'random', '--fold', '2/5'),
            *('--split-seed', '7', '--clean', '--exclude', 'list.txt'),
        )
    )

    assert selection.groups == {'negative': ('sad', 'angry'), 'other': ('fear', 'disgust')}
    assert selection.classes == ('happy', 'negative')
    assert (selection.split_by, selection.fold, selection.seed) == ('random', (1, 5), 7)
    assert selection.clean
    assert selection.summary()['exclude'] == 'list.txt'


def test_a_recipe_holds_where_nothing_was_said():
    recipe = Selection(classes=('happy', 'sad'), clean=True)

    assert selection_from(parsed(), recipe) == recipe
    assert selection_from(parsed('--classes', 'sad,fear'), recipe).classes == ('sad', 'fear')
    assert Selection().summary() == {}


@pytest.mark.parametrize(
    'words',
    [
        ('--fold', '6/5'),
        ('--fold', '0/5'),
        ('--fold', 'x'),
        ('--group', 'negative'),
        ('--group', '=sad,fear'),
        ('--classes', 'happy,,sad'),
        ('--fractions', 'much'),
        ('--split-by', 'luck'),
    ],
)
def test_words_that_are_written_wrong_are_refused(words):
    with pytest.raises(SystemExit):
        parsed(*words)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('--fold', '1/5'), '--fold needs --split-by'),
        (('--fractions', '.8,.1,.1'), "need split_by 'random', but it is 'official'"),
        (
            ('--group', 'a=sad,fear', '--group', 'a=angry,disgust'),
            '--group has the same name twice',
        ),
    ],
)
def test_words_that_make_no_sense_together_are_refused(words, message):
    with pytest.raises(DataError, match=message):
        selection_from(parsed(*words))


def test_fer2013_with_four_classes_cleaned_keeps_its_whole_test_split(capsys):
    path = str(data_path('fer2013/fer2013.npz'))

    data = read_selected(
        parsed('--data', path, '--classes', 'happy,sad,surprise,neutral', '--clean')
    )

    private = data.of_split('private')
    assert np.bincount(private.labels).tolist() == [879, 594, 416, 626]
    assert len(data.of_split('train')) < 7215 + 4830 + 3171 + 4965
    assert 'also in a test split' in capsys.readouterr().err


def test_another_way_of_splitting_does_not_keep_the_fractions_of_the_recipe():
    recipe = Selection(split_by='random', fractions=(0.7, 0.1, 0.2))

    by_subject = selection_from(parsed('--split-by', 'subject'), recipe)
    same = selection_from(parsed('--split-by', 'random'), recipe)

    assert (by_subject.split_by, by_subject.fractions) == ('subject', None)
    assert same == recipe
