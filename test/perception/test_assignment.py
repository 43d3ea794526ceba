"""Pairs at the least cost, against all there are, and against SciPy where it is installed."""

from itertools import permutations

import numpy as np
import pytest

from fer_ros.perception.assignment import assign


def least_sum(costs):
    """Try every way to pair all of the smaller group."""
    if costs.shape[0] > costs.shape[1]:
        costs = costs.T
    rows = np.arange(len(costs))
    ways = permutations(range(costs.shape[1]), len(rows))
    return min(costs[rows, list(chosen)].sum() for chosen in ways)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (5, 1), (3, 3), (4, 6), (6, 4), (5, 5)])
def test_no_other_way_of_pairing_costs_less(shape):
    random = np.random.default_rng(sum(shape))
    for _ in range(20):
        costs = random.normal(size=shape)

        rows, columns = assign(costs)

        assert len(rows) == min(shape)
        assert rows.tolist() == sorted(set(rows.tolist()))
        assert len(set(columns.tolist())) == len(columns)
        assert costs[rows, columns].sum() == pytest.approx(least_sum(costs))


def test_two_that_want_the_same_are_both_served():
    # The first row alone would take the first column, which the second cannot do without.
    costs = np.array([[1.0, 2.0], [1.0, 1e6]])

    rows, columns = assign(costs)

    assert rows.tolist() == [0, 1]
    assert columns.tolist() == [1, 0]


def test_equal_costs_are_no_trouble():
    rows, columns = assign(np.ones((4, 4)))

    assert sorted(columns.tolist()) == rows.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize('shape', [(0, 3), (3, 0), (0, 0)])
def test_of_nobody_there_are_no_pairs(shape):
    rows, columns = assign(np.empty(shape))

    assert len(rows) == len(columns) == 0


@pytest.mark.parametrize('shape', [(40, 40), (30, 50), (50, 30)])
def test_scipy_finds_nothing_better_in_a_crowd(shape):
    optimize = pytest.importorskip('scipy.optimize')
    random = np.random.default_rng(7)
    for _ in range(10):
        costs = random.random(shape)
        # Most pairs of a crowd are impossible.
        costs[random.random(shape) < 0.8] = 1e6

        rows, columns = assign(costs)

        best = costs[optimize.linear_sum_assignment(costs)].sum()
        assert costs[rows, columns].sum() == pytest.approx(best)
