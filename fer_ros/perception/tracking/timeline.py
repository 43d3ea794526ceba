"""From stamps, which may stand still or run backwards, to a time that only runs forward."""

from __future__ import annotations

# What passes between two frames when their stamps stand still: a camera's usual period [s].
USUAL_PERIOD = 1 / 30

# A frame a little older than the newest one was overtaken on its way; one much older begins
# another recording, or the same one again [s].
LATE = 1.0

# What is let pass at least, and for a frame that was overtaken, whose time has passed [s].
SHORTEST = 1e-3

# What is let pass when a recording begins anew, and at most: longer than anything lasts [s].
LONGEST = 3600.0


class Timeline:
    """Turns the stamps of the frames into a time that the tracker can trust."""

    def __init__(self) -> None:
        # The newest so far.
        self._stamp: float | None = None
        self._time = 0.0

    def advance(self, stamp: float) -> float:
        """
        Go on to the next frame.

        :param stamp: of the frame, in seconds since any moment.
        :return: in seconds since any moment; always later than what the last call returned.
        """
        if self._stamp is None:
            self._stamp = stamp
            return self._time
        elapsed = stamp - self._stamp
        if elapsed == 0:
            elapsed = USUAL_PERIOD
        elif elapsed <= -LATE:
            elapsed = LONGEST
        self._stamp = max(stamp, self._stamp) if elapsed < 0 else stamp
        self._time += min(max(elapsed, SHORTEST), LONGEST)
        return self._time
