"""Small data, and runs that break."""

from dataclasses import replace
import json
import math
import multiprocessing

import numpy as np
from own_data import write_folders
import pytest

from tiny_recipe import eagerly
from tiny_recipe import TINY
from training.__main__ import main
from training.learning import loop
from training.learning.loop import DivergedError
from training.learning.loop import train
from training.runs.checkpoints import read_state
from training.runs.files import BEST
from training.runs.files import CHECKPOINT
from training.runs.files import LOG
from training.runs.files import PENDING
from training.runs.lock import locked
from training.runs.run import load_run

SHORT = replace(TINY, epochs=2, sides=(), warmup_epochs=0)

# The recipe of `write_recipe` with the labels of the data.
OF_DATA = "average=0.9, heads={'labels': 1.0}"


@pytest.fixture(name='command')
def _command(tmp_path, write_recipe, eager):
    """Return a function that runs `train` on folders of pictures, and returns the exit status."""
    file = write_recipe('small')
    file.write_text(file.read_text().replace('average=0.9', OF_DATA))

    def run(*words, count=1):
        data = tmp_path / f'data_{count}'
        if not data.exists():
            write_folders(data, count=count)
        folder = tmp_path / 'run'
        options = ['--data', str(data), '--output', str(folder)]
        return main(['train', str(file), *options, *words])

    return run


def test_a_few_pictures_are_taken_as_they_are(tmp_path, command, capsys):
    # 7 training pictures, of which none can be drawn for validation.
    assert command(count=1) == 1
    assert 'no validation pictures' in capsys.readouterr().err

    assert command('--batch-size', '128', count=2) == 0

    told = capsys.readouterr()
    assert '7 training, 7 validation, 14 test' in told.err
    assert 'a batch has 7 pictures instead of 128' in told.out
    assert load_run(tmp_path / 'run').recipe.batch_size == 7


def test_a_smoke_test_takes_what_there_is_of_every_label(tmp_path, command):
    assert command('--smoke', count=3) == 0

    run = load_run(tmp_path / 'run')
    assert run.state['pictures'] == 14
    assert run.labels['labels'][0] == 'angry'


def test_labels_in_one_split_only_are_reported_before_training(tmp_path, command, capsys):
    data = write_folders(tmp_path / 'data_2', count=2)
    (data / 'train' / 'sad').rename(data / 'train' / 'crying')

    assert command('--strict', count=2) == 1

    told = capsys.readouterr().err
    assert "'sad' has 2 test pictures, but none for training or validation, so the net" in told
    assert "'crying' has 1 training and 1 validation pictures, but none for test" in told
    assert '--labels' in told


def test_an_output_that_cannot_be_written_is_refused_before_the_data_is_read(
    tmp_path, command, capsys
):
    (tmp_path / 'file').write_text('')

    assert command('--output', str(tmp_path / 'file' / 'run'), '--data', 'nowhere') == 1

    assert 'is a file, and no folder' in capsys.readouterr().err


@pytest.mark.parametrize('broken', ['loss', 'validation'])
def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_epoch(
    tmp_path, made_up, eager, monkeypatch, broken
):
    data = made_up(16), made_up(7, 'public')
    train(SHORT, *data, tmp_path, stop_after=1)
    kept = {path.name: path.read_bytes() for path in tmp_path.glob('*.*')}
    if broken == 'validation':
        monkeypatch.setattr(loop, 'validate', lambda *_: ({'fer2013': 0.1}, math.nan))
    else:
        monkeypatch.setattr(loop, 'compile_model', diverging(loop.compile_model))

    with pytest.raises(DivergedError, match=r'diverged in epoch 2: .*nan.* keeps epoch 1\. Train'):
        train(SHORT, *data, tmp_path, resume=True)

    for name in (BEST, CHECKPOINT, LOG):
        assert (tmp_path / name).read_bytes() == kept[name]


def diverging(compile_model):
    """Return a function that compiles a model with a loss that is not a number."""

    def compiled(model, recipe, steps):
        compile_model(model, recipe, steps)
        nan = {head: lambda truth, logits: math.nan * logits[:, 0] for head in recipe.heads}
        model.compile(optimizer=model.optimizer, loss=nan)

    return compiled


@pytest.fixture(scope='module')
def finished(tmp_path_factory, made_up):
    """Return the folder of a run with one epoch, for tests that do not change it."""
    folder = tmp_path_factory.mktemp('finished')
    with eagerly():
        train(replace(SHORT, epochs=1), made_up(16), made_up(7, 'public'), folder)
    return folder


@pytest.fixture(name='copied')
def _copied(finished, tmp_path):
    """Return a copy of the run."""
    folder = tmp_path / 'copied'
    folder.mkdir()
    for path in finished.glob('*.*'):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_run_is_continued_with_more_epochs(copied, made_up, eager, capsys):
    data = made_up(16), made_up(7, 'public')

    train(replace(SHORT, epochs=3), *data, copied, resume=True)

    assert 'resumed after epoch 1 of 3' in capsys.readouterr().out
    run = load_run(copied)
    assert (run.state['epoch'], run.recipe.epochs) == (3, 3)
    with pytest.raises(ValueError, match='already has 3 epochs'):
        train(replace(SHORT, epochs=2), *data, copied, resume=True)


@pytest.mark.parametrize('size', [0, 100, 5000])
def test_a_truncated_checkpoint_is_refused_in_one_sentence(copied, made_up, eager, size):
    path = copied / CHECKPOINT
    path.write_bytes(path.read_bytes()[:size])

    for use in (
        lambda: load_run(copied),
        lambda: train(
            replace(SHORT, epochs=1), made_up(16), made_up(7, 'public'), copied, resume=True
        ),
    ):
        with pytest.raises(ValueError, match=r'checkpoint\.npz is damaged or incomplete'):
            use()


def test_a_pointer_of_git_lfs_is_recognised(copied):
    (copied / CHECKPOINT).write_text('version https://git-lfs.github.com/spec/v1\n')

    with pytest.raises(ValueError, match='git lfs pull'):
        load_run(copied)


def test_truncated_weights_are_refused_in_one_sentence(copied):
    (copied / BEST).write_bytes((copied / BEST).read_bytes()[:3000])

    with pytest.raises(ValueError, match=r'best\.weights\.h5 is damaged'):
        _ = load_run(copied).model


def train_in(folder, told):
    """Train in a folder in another process, and tell the outcome."""
    try:
        with locked(folder):
            told.put('locked')
    except ValueError as error:
        told.put(str(error))


def test_a_second_process_in_the_folder_of_a_run_is_refused(tmp_path):
    context = multiprocessing.get_context('fork')
    told = context.Queue()
    with locked(tmp_path):
        process = context.Process(target=train_in, args=(tmp_path, told))
        process.start()
        assert 'another process' in told.get(timeout=60)
        process.join()
    process = context.Process(target=train_in, args=(tmp_path, told))
    process.start()
    assert told.get(timeout=60) == 'locked'
    process.join()


def test_a_training_locks_the_folder_of_its_run(tmp_path, made_up, eager):
    with locked(tmp_path), pytest.raises(ValueError, match='another process'):
        train(SHORT, made_up(16), made_up(7, 'public'), tmp_path)


def after(function, count):
    """Return a function that is interrupted after some calls of another one."""
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) > count:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


@pytest.mark.parametrize('stage', ['weights', 'checkpoint'])
def test_an_interruption_leaves_weights_and_checkpoint_of_one_epoch(
    tmp_path, made_up, eager, monkeypatch, stage
):
    recipe, data = replace(SHORT, monitor='loss'), (made_up(16), made_up(7, 'public'))
    # Every epoch is the best.
    losses = iter([3.0, 2.0, 1.0])
    monkeypatch.setattr(loop, 'validate', lambda *_: ({'fer2013': 0.1}, next(losses)))
    train(recipe, *data, tmp_path, stop_after=1)
    before = (tmp_path / BEST).read_bytes()

    name = {'weights': 'save_checkpoint', 'checkpoint': 'settle_best'}[stage]
    # Resuming settles the weights once.
    monkeypatch.setattr(loop, name, after(getattr(loop, name), stage == 'checkpoint'))
    with pytest.raises(KeyboardInterrupt):
        train(recipe, *data, tmp_path, resume=True)

    assert (tmp_path / PENDING).is_file()
    with np.load(tmp_path / CHECKPOINT) as saved:
        assert read_state(saved)['epoch'] == (1 if stage == 'weights' else 2)
    pending = (tmp_path / PENDING).read_bytes()
    run = load_run(tmp_path)
    assert (tmp_path / BEST).read_bytes() == (before if stage == 'weights' else pending)
    assert json.dumps(run.state['best_epoch']) == ('1' if stage == 'weights' else '2')
