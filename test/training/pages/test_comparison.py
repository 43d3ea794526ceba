import pytest
import yaml

from training.pages.comparison import chosen
from training.pages.comparison import merge
from training.pages.comparison import merge_robustness
from training.pages.comparison import read_results
from training.pages.comparison import read_sources
from training.pages.comparison import RESULTS_PAGE
from training.pages.comparison import results_page
from training.pages.comparison import ROBUSTNESS
from training.pages.comparison import write_results
from training.recipes.library import recipe_files

SOURCES = [
    {'recipe': 'small', 'accuracy': 50.0, 'measured_on': 'validation', 'source': 'S', 'note': 'n'},
    {'recipe': 'faces', 'accuracy': 99.0, 'measured_on': 'test', 'split_by': 'random'},
    {'recipe': 'large', 'accuracy': 60.0, 'accuracy_to': 62.0, 'measured_on': 'test'},
]


def row(recipe, validation=0.5, test=0.4, **more):
    def figures(accuracy, pictures):
        return {
            'pictures': pictures,
            'accuracy': accuracy,
            'ci95': [accuracy - 0.02, accuracy + 0.02],
            'balanced_accuracy': accuracy,
            'macro_f1': accuracy - 0.1,
        }

    return {
        'recipe': recipe,
        'head': 'labels',
        'command': f'python -m training train {recipe}',
        'selection': {},
        'seed': 0,
        'engine': 'Keras 3',
        'machine': 'a machine',
        'epochs': 12,
        'chosen_epoch': 9,
        'seconds': 600.0,
        'parameters': 1234567,
        'train': figures(0.9, 5000),
        'validation': figures(validation, 100),
        'test': figures(test, 200),
        **more,
    }


def line_of(page, recipe, heading):
    table = page.split(f'## {heading}', 1)[1].split('\n## ', 1)[0]
    return next(line for line in table.splitlines() if line.startswith(f'| `{recipe}`'))


def test_ours_is_set_against_the_source_on_the_split_that_it_measured():
    page = results_page(SOURCES, [row('small', 0.52, 0.47)], ['small', 'faces', 'large'])

    line = line_of(page, 'small', 'Comparison with the sources')
    assert '52.00 % validation' in line
    assert '+2.00' in line
    assert '47.00 % (45.0 to 49.0; 200 pictures)' in line


def test_what_was_not_run_is_said_in_both_places():
    page = results_page(SOURCES, [row('small')], ['small', 'faces', 'large', 'other'])

    assert 'not run' in line_of(page, 'large', 'Comparison with the sources')
    assert '60.00 to 62.00 %' in line_of(page, 'large', 'Comparison with the sources')
    assert '`faces`, `large`, `other`' in page.split('## Recipes without figures')[1]
    assert '`small`' not in page.split('## Recipes without figures')[1]


def test_a_run_by_the_protocol_of_a_source_needs_no_test_split():
    without = row('faces_source', 0.98, selection={'split_by': 'random'})
    del without['test']
    sources = [{**SOURCES[1], 'measured_on': 'validation'}, SOURCES[0]]

    page = results_page(sources, [without], [])

    line = line_of(page, 'faces_source', 'Protocols of the sources')
    assert line == '| `faces_source` | 99.00 % validation | 98.00 % | -1.00 |'
    assert 'not run' in line_of(page, 'small_source', 'Protocols of the sources')
    assert 'no test split' in line_of(page, 'faces_source', 'All runs')


def test_a_leaky_split_stands_beside_the_sound_one():
    rows = [
        row('faces', 1.0, 0.99, selection={'split_by': 'random'}, command='a'),
        row('faces', 0.9, 0.85, selection={'split_by': 'subject', 'fold': [0, 10]}, command='b'),
    ]

    line = line_of(results_page(SOURCES, rows, []), 'faces', 'Comparison with the sources')

    assert '99.00 % test | +0.00 | 85.00 %' in line


def test_the_first_of_ten_folds_counts_though_its_summary_does_not_name_it():
    named = {'split_by': 'subject', 'fold': [1, 10]}
    folds = [
        row('faces', test=0.9, selection={'split_by': 'subject'}, command='a'),
        row('faces', test=0.9, selection=named, command='b'),
    ]

    assert '2 of 10 folds, split by subject' in results_page(SOURCES, folds, [])


def test_folds_are_summed_up_over_pictures_and_seeds_averaged():
    folds = [
        row('faces', test=t, selection={'split_by': 'subject', 'fold': [k, 2]}, command=str(k))
        for k, t in enumerate((0.9, 0.8))
    ]
    folds[1]['test']['pictures'] = 600
    seeds = [row('small', test=t, seed=k, command=f'c{k}') for k, t in enumerate((0.40, 0.42))]

    page = results_page(SOURCES, folds + seeds, [])

    assert (
        '2 of 2 folds, split by subject: 82.50 % accuracy on all 800 tested pictures; '
        '80.00 to 90.00 %'
    ) in page
    assert '2 runs with a mean test accuracy of 41.00 %, standard deviation 1.41' in page


def test_the_run_that_validation_prefers_stands_for_its_recipe():
    rows = [row('small', 0.50, 0.60, command='a'), row('small', 0.55, 0.40, command='b')]

    assert chosen(rows, 'official')['command'] == 'b'
    assert chosen(rows, 'subject') is None


def test_a_run_done_again_takes_the_place_of_the_first(tmp_path):
    rows = merge([row('small', 0.5), row('large')], [row('small', 0.6)])

    assert [r['recipe'] for r in rows] == ['large', 'small']
    assert rows[1]['validation']['accuracy'] == 0.6
    assert merge(rows, []) == rows

    write_results(rows, tmp_path / 'results.json')
    assert read_results(tmp_path / 'results.json') == rows


def test_the_robustness_of_a_split_is_replaced_and_the_public_one_comes_first():
    old = {'split': 'public', 'models': ['old']}
    new = [{'split': 'private', 'models': []}, {'split': 'public', 'models': ['new']}]

    assert merge_robustness([old], new) == [new[1], new[0]]


def test_robustness_has_a_section_for_each_split_with_its_command():
    figures = {
        'pictures': 9,
        'accuracy': 0.5,
        'macro_f1': 0.4,
        'wrong_and_sure': 0.1,
        'ece': 0.05,
        'answered': 0.8,
        'right_of_these': 0.6,
    }
    report = {
        'model': 'small',
        'pictures': 10,
        'found': 9,
        'score': 0.5,
        'score_to_choose_by': 0.5,
        'means': figures,
        'ci95': {'score': [0.4, 0.6], 'score_to_choose_by': [0.4, 0.6]},
        'min_confidence': 0.4,
        'conditions': {'dark': figures},
    }
    measured = {'split': 'public', 'limit': None, 'detector': 'yunet', 'models': [report]}

    page = results_page(SOURCES, [row('small')], [], [measured])

    part = page.split('## Robustness')[1]
    assert (
        '### public\n\n`python -m training evaluate --robustness --split public --model small`'
    ) in part
    assert '| dark | 9 | 50.0 · 0.400 · 10.0 · 0.050 |' in part
    assert '## Robustness' not in results_page(SOURCES, [row('small')], [])
    marked = results_page(SOURCES, [row('small')], [], [{**measured, 'remark': 'Old weights.'}])
    assert '--model small`\n\nOld weights.\n\n' in marked


def test_no_results_are_no_error(tmp_path):
    assert read_results(tmp_path / 'none.json') == []
    assert 'No run has been measured yet' in results_page(SOURCES, [], ['small'])


def test_the_page_in_the_repository_is_what_the_command_writes():
    recipes = [*recipe_files()]

    assert RESULTS_PAGE.read_text(encoding='utf-8') == results_page(
        read_sources(), read_results(), recipes, read_results(ROBUSTNESS)
    )


def test_no_line_of_the_page_is_longer_than_a_reader_can_follow():
    lines = RESULTS_PAGE.read_text(encoding='utf-8').splitlines()

    assert [line for line in lines if len(line) > 150] == []


# All accuracies of the five documents, typed from their text, in per cent.
FIGURES = {
    ('csce633_fnn1', 'validation'): 47.34,
    ('csce633_fnn2', 'validation'): 45.44,
    ('csce633_fnn3', 'validation'): 46.95,
    ('csce633_fnn4', 'validation'): 45.31,
    ('csce633_fnn5', 'validation'): 44.78,
    ('csce633_fnn1', 'test'): 47.28,
    ('csce633_cnn1', 'validation'): 57.37,
    ('csce633_cnn2', 'validation'): 55.87,
    ('csce633_cnn3', 'validation'): 42.71,
    ('csce633_cnn1', 'test'): 58.12,
    ('csce633_tuned', 'validation'): 59.26,
    ('csce633_tuned', 'test'): 59.40,
    ('csce633_ft1', 'validation'): 31.04,
    ('csce633_ft2', 'validation'): 42.30,
    ('csce633_ft3', 'validation'): 43.22,
    ('csce633_ft3', 'test'): 42.35,
    ('csce633_augmentation1', 'test'): 16.77,
    ('gr5243_mobilenet', 'validation'): 26.50,
    ('gr5243_resnet50', 'validation'): 47.60,
    ('gr5243_vgg19', 'validation'): 45.12,
    ('gr5243_improved', 'validation'): 54.08,
    ('fed_model1', 'test'): 67.97,
    ('fed_model2', 'test'): 75.78,
    ('fed_model3', 'test'): 75.78,
    ('fed_model4', 'test'): 69.53,
    ('com3528_vgg', 'validation'): 68.95,
    ('ckplus_resnet101', 'validation'): 99.49,
}


def test_every_figure_of_the_documents_is_listed_on_its_split():
    sources = read_sources()

    assert len(sources) == len(FIGURES)
    assert {(s['recipe'], s['measured_on']): s['accuracy'] for s in sources} == FIGURES


@pytest.mark.parametrize('source', read_sources(), ids=lambda source: source['recipe'])
def test_a_source_says_what_its_figure_is_of(source):
    assert source['measured_on'] in ('validation', 'test')
    assert 0 < source['accuracy'] <= 100
    assert set(source) <= {
        'recipe',
        'source',
        'accuracy',
        'accuracy_to',
        'measured_on',
        'of',
        'split_by',
        'note',
    }
    assert yaml.safe_load(yaml.safe_dump(source)) == source
