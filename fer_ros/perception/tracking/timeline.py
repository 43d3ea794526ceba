"""Convert timestamps, which may repeat or go backwards, to a time that always increases."""

from __future__ import annotations

# Time assumed between two frames with equal timestamps: the usual period of a camera [s].
USUAL_PERIOD = 1 / 30

# Maximum delay of a frame that arrives out of order [s]. If a frame is older than the newest frame
# by this or more, it is the start of a new recording, or of the same recording again.
LATE = 1.0

# Minimum time between two frames [s]. This time is also assumed for a frame that arrived out of
# order.
SHORTEST = 1e-3

# Maximum time between two frames [s]. This time is also assumed at the start of a new recording.
# The time is longer than every timeout, so that all tracks end.
LONGEST = 3600.0


class Timeline:
    """Convert the timestamps of frames to a time that always increases."""

    def __init__(self) -> None:
        # The newest timestamp so far.
        self._stamp: float | None = None
        self._time = 0.0

    def advance(self, stamp: float) -> float:
        """
        Advance to the next frame.

        :param stamp: timestamp of the frame in seconds, with an arbitrary origin.
        :return: the time in seconds, with an arbitrary origin. It is always later than the time
            that the last call returned.
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
