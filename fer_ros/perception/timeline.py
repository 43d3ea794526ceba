"""From stamps, which may stand still or run backwards, to a time that only runs forward."""

from __future__ import annotations

# What passes between two frames when their stamps do not tell: a camera's usual period [s].
USUAL_PERIOD = 1 / 30

# A frame a little older than the last one was overtaken on its way; one much older begins another
# recording, or the same one again [s].
LATE = 1.0

# What is let pass when a recording begins anew: longer than any track or hold lasts [s].
NEW_RECORDING = 3600.0


class Timeline:
    """Turns the stamps of the frames into a time that the tracker can trust."""

    def __init__(self) -> None:
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
        self._stamp = stamp
        if elapsed <= -LATE:
            elapsed = NEW_RECORDING
        elif elapsed <= 0:
            elapsed = USUAL_PERIOD
        self._time += elapsed
        return self._time
