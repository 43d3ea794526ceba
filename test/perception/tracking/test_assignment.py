"""
Compare the assignment of minimum cost with all possible assignments, and with SciPy.

SciPy is optional.
"""

from itertools import permutations

import numpy as np
import pytest

from fer_ros.perception.tracking.assignment import assign


def least_sum(costs):
    """Try every assignment of the smaller group, and return the lowest cost."""
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

        pairs = assign(costs.tolist())

        rows, columns = zip(*pairs, strict=True)
        assert len(pairs) == min(shape)
        assert list(rows) == sorted(set(rows))
        assert len(set(columns)) == len(columns)
        assert sum(costs[pair] for pair in pairs) == pytest.approx(least_sum(costs))


def test_two_that_want_the_same_are_both_served():
    # The first row prefers the first column, but the second row can only use this column.
    assert assign([[1.0, 2.0], [1.0, 1e6]]) == [(0, 1), (1, 0)]


def test_equal_costs_are_no_trouble():
    pairs = assign([[1.0] * 4] * 4)

    assert [row for row, _ in pairs] == sorted(column for _, column in pairs) == [0, 1, 2, 3]


@pytest.mark.parametrize('shape', [(0, 3), (3, 0), (0, 0)])
def test_of_nobody_there_are_no_pairs(shape):
    assert assign(np.empty(shape).tolist()) == []


@pytest.mark.parametrize('shape', [(40, 40), (30, 50), (50, 30)])
def test_scipy_finds_nothing_better_in_a_crowd(shape):
    optimize = pytest.importorskip('scipy.optimize')
    random = np.random.default_rng(7)
    for _ in range(10):
        costs = random.random(shape)
        # In a crowd, most pairs are impossible.
        costs[random.random(shape) < 0.8] = 1e6

        pairs = assign(costs.tolist())

        best = costs[optimize.linear_sum_assignment(costs)].sum()
        assert sum(costs[pair] for pair in pairs) == pytest.approx(best)
