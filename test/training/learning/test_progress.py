from dataclasses import replace
import io

from tiny_recipe import TINY
from training.learning.progress import Progress


def test_progress_tells_the_speed_and_when_it_ends():
    times = iter([0.0, 30.0])
    written = io.StringIO()
    progress = Progress(
        replace(TINY, epochs=2, sides=()), 0, steps=4, clock=lambda: next(times), stream=written
    )

    progress.on_train_batch_end(1, {'loss': 1.25})

    # Two of eight steps took 30 s. The other six take 90 s, which is rounded to 2 minutes.
    assert written.getvalue() == ('epoch 1/2 16x16 step 2/4 1 pictures/s loss 1.2500 ETA 2 min\n')
