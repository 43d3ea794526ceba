from dataclasses import replace
from functools import partial
import io

from tiny_recipe import TINY
from training.data import progress_bar
from training.learning.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_tells_the_speed_and_when_it_ends():
    times = iter([0.0, 30.0])
    written = io.StringIO()
    progress = Progress(
        replace(TINY, epochs=2, sides=()), 0, steps=4, clock=lambda: next(times), stream=written
    )

    progress.on_train_batch_end(1, {'loss': 1.25})

    # Two of eight steps took 30 s. The other six take 90 s, which is rounded to 2 minutes.
    assert written.getvalue() == ('epoch 1/2 16x16 step 2/4 1 pictures/s loss 1.2500 ETA 2 min\n')


def test_a_terminal_shows_a_bar_until_the_epoch_ends(monkeypatch):
    # tqdm itself draws at most ten times a second.
    monkeypatch.setattr(progress_bar, 'tqdm', partial(progress_bar.tqdm, mininterval=0))
    times = iter([0.0, 15.0, 30.0])
    screen = Terminal()
    progress = Progress(
        replace(TINY, epochs=2, sides=()), 0, steps=4, clock=lambda: next(times), stream=screen
    )

    progress.on_train_batch_end(0, {'loss': 1.5})
    progress.on_train_batch_end(1, {'loss': 1.25})
    shown = screen.getvalue().rsplit('\r', 1)[1].rstrip()
    progress.on_epoch_end(0)

    assert shown.startswith('epoch 1/2 16x16:  50%')
    assert shown.endswith('| 2/4, 1 pictures/s loss 1.2500 ETA 2 min')
    assert screen.getvalue().rsplit('\r', 2)[1].strip() == ''
