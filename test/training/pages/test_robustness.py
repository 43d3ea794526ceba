from training.pages.robustness import command_of
from training.pages.robustness import robustness_lines

ROW = {
    'pictures': 900,
    'accuracy': 0.6543,
    'macro_f1': 0.6,
    'wrong_and_sure': 0.125,
    'ece': 0.0314,
    'answered': 0.9,
    'right_of_these': 0.7,
}


def report(model, **changes):
    return {
        'model': model,
        'pictures': 1000,
        'found': 900,
        'score': 0.6543,
        'score_to_choose_by': 0.64,
        'means': ROW,
        'ci95': {'score': [0.64, 0.67], 'score_to_choose_by': [0.63, 0.65]},
        'min_confidence': 0.4,
        'conditions': {'through the real path': ROW | changes, 'dark': ROW},
    }


def measured(*models):
    return {'split': 'public', 'limit': None, 'detector': 'yunet', 'models': list(models)}


def test_models_stand_side_by_side_in_a_row_for_each_condition():
    lines = list(robustness_lines(measured(report('one'), report('two', pictures=800, ece=0.2))))

    assert '| condition | pictures | `one` | `two` |' in lines
    assert (
        '| through the real path | 900 / 800 | 65.4 · 0.600 · 12.5 · 0.031 '
        '| 65.4 · 0.600 · 12.5 · 0.200 |'
    ) in lines
    assert '| dark | 900 | 65.4 · 0.600 · 12.5 · 0.031 | 65.4 · 0.600 · 12.5 · 0.031 |' in lines
    assert '| dark | 90.0 · 70.0 | 90.0 · 70.0 |' in lines
    assert '1,000 pictures of the split public; yunet detects 900' in lines[0]


def test_the_command_names_what_was_measured():
    assert command_of(measured(report('one'), report('two'))) == (
        'python -m training evaluate --robustness --split public --model one two'
    )
    assert '--limit 50' in command_of(measured(report('one')) | {'limit': 50})
