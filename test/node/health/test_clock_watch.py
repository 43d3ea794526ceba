from types import SimpleNamespace

from fer_ros.node.health.clock_watch import ClockWatch


class Clock:
    """The ROS clock of a node, and the clock of the machine."""

    def __init__(self, simulated):
        self.ros_time_is_active = simulated
        self.nanoseconds = 0
        self.machine = 50.0

    def now(self):
        return self


def watched(simulated):
    clock = Clock(simulated)
    node = SimpleNamespace(get_clock=lambda: clock)
    return clock, ClockWatch(node, lambda: clock.machine)


def test_a_simulated_clock_is_silent_until_it_advances():
    clock, watch = watched(simulated=True)
    clock.machine += 5
    assert watch.silence() == 5.0

    clock.nanoseconds = 7
    assert watch.silence() == 0.0
    clock.machine += 3
    assert watch.silence() == 3.0

    # A recording that restarts sets the clock back.
    clock.nanoseconds = 1
    assert watch.silence() == 0.0


def test_the_clock_of_the_machine_is_never_silent():
    clock, watch = watched(simulated=False)
    for _ in range(3):
        clock.machine += 100
        assert watch.silence() == 0.0


def test_a_clock_that_becomes_simulated_is_watched_from_then_on():
    clock, watch = watched(simulated=False)
    clock.machine += 100
    watch.silence()

    clock.ros_time_is_active = True
    watch.silence()
    clock.machine += 4

    assert watch.simulated
    assert watch.silence() == 4.0
