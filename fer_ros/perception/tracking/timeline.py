"""Convert timestamps, some of which may be wrong, to a time that always increases."""

from __future__ import annotations

import math

# Time assumed between two frames with equal timestamps: the usual period of a camera [s].
USUAL_PERIOD = 1 / 30

# Maximum delay of a frame that arrives out of order [s]. If a timestamp is older than the newest
# one by this or more, it is wrong, or it belongs to another recording.
LATE = 1.0

# A gap of up to this many periods of the camera is plausible, however long it is.
MOST_PERIODS = 3

# Minimum time between two frames [s]. This time is also assumed for a frame that arrived out of
# order.
SHORTEST = 1e-3

# Maximum time between two frames [s]. This time is also assumed at the start of a new recording.
# The time is longer than every timeout, so that all tracks end.
LONGEST = 3600.0


class Timeline:
    """
    Convert the timestamps of frames to a time that always increases.

    A timestamp far from the expected one is doubted: its frame gets the expected time. If the
    timestamp of the next frame agrees with the doubted one, both belong to a new recording.
    """

    def __init__(self) -> None:
        self._time = 0.0
        # The newest timestamp of the recording, and its time. The period is the time between the
        # newest timestamp and the one before it.
        self._stamp: float | None = None
        self._stamp_time = 0.0
        self._period = USUAL_PERIOD
        # Whether all timestamps of the recording were equal so far.
        self._unconfirmed = True
        # The timestamp of the last frame, if it is doubted.
        self._doubted: float | None = None
        # If the newest timestamp came after a gap: the timestamp and the period before the gap.
        self._before_gap: tuple[float, float] | None = None
        self._resumed = False

    def resume(self) -> None:
        """Accept the next timestamp without doubt, because the camera was not observed."""
        self._resumed = True

    def advance(self, stamp: float, longest_gap: float, new_recording: bool = False) -> float:
        """
        Advance to the next frame.

        :param stamp: timestamp of the frame in seconds, with an arbitrary origin.
        :param longest_gap: longest plausible time without a frame, in seconds. A timestamp that is
            later by more is doubted, unless the camera is slow.
        :param new_recording: True if the frame is known to be the first of a new recording.
        :return: the time in seconds, with an arbitrary origin. The returned time is always later
            than that of the last call.
        """
        if self._stamp is None:
            self._stamp, self._resumed = stamp, False
            return self._time
        elapsed = stamp - self._stamp
        longest = max(longest_gap, MOST_PERIODS * self._period)
        if self._resumed:
            longest = math.inf
        if new_recording or (self._resumed and elapsed <= -LATE):
            self._begin(stamp, LONGEST)
            self._unconfirmed = True
        elif self._before_gap is not None and self._is_before_gap(stamp, *self._before_gap):
            # The newest timestamp was wrong, and the recording goes on as before the gap.
            self._begin(stamp, self._before_gap[1])
        elif -LATE < elapsed <= longest:
            self._continue(stamp, elapsed)
        elif self._doubted is not None and self._confirms(stamp, self._doubted, longest):
            # If the recording has a single timestamp, that one was wrong, and nothing else.
            later = stamp - self._doubted
            self._begin(max(stamp, self._doubted), later if self._unconfirmed else LONGEST)
        else:
            self._doubted = stamp
            self._time += max(self._period, SHORTEST)
        self._resumed = False
        return self._time

    def _begin(self, stamp: float, elapsed: float) -> None:
        """Relate the time to another timestamp, and let some seconds elapse."""
        self._time += min(max(elapsed, SHORTEST), LONGEST)
        self._stamp, self._stamp_time = stamp, self._time
        self._period = elapsed if SHORTEST < elapsed < LONGEST else USUAL_PERIOD
        self._unconfirmed = False
        self._doubted = self._before_gap = None

    def _continue(self, stamp: float, elapsed: float) -> None:
        """Advance by the seconds between the newest timestamp and a plausible one."""
        self._doubted = None
        if elapsed < 0:
            self._time += SHORTEST
            return
        if elapsed == 0:
            self._stamp_time = self._time = self._time + USUAL_PERIOD
            return
        time = self._stamp_time + min(elapsed, LONGEST)
        assert self._stamp is not None
        self._before_gap = (self._stamp, self._period) if elapsed > LATE else None
        self._time = max(time, self._time + SHORTEST)
        self._stamp, self._stamp_time = stamp, self._time
        self._period, self._unconfirmed = elapsed, False

    def _is_before_gap(self, stamp: float, last: float, period: float) -> bool:
        """Check whether a timestamp follows the last one before the gap, and not the newest."""
        assert self._stamp is not None
        return 0 < stamp - last <= max(LATE, MOST_PERIODS * period) and stamp < self._stamp

    def _confirms(self, stamp: float, doubted: float, longest: float) -> bool:
        """
        Check whether a timestamp agrees with a doubted one.

        Two equal timestamps do not agree, because the time of a recording does not stand still.
        """
        assert self._stamp is not None
        later = stamp - doubted
        return later != 0 and -LATE < later <= max(longest, MOST_PERIODS * (doubted - self._stamp))
