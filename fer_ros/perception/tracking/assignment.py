"""Pairs of two groups at the least cost in all."""

from __future__ import annotations

from collections.abc import Sequence
import math


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """
    Pair rows with columns, as many as there can be, so that the sum of the costs is the least.

    This is the Hungarian method by shortest augmenting paths (Jonker and Volgenant 1987,
    doi:10.1007/BF02278710), as `scipy.optimize.linear_sum_assignment` has it.  SciPy's own would
    do; but importing it takes 50 MiB and longer than the rest of the node, for a few faces.  There
    are few, so that plain numbers are faster than arrays.

    :param costs: N rows of M finite numbers.
    :return: min(N, M) pairs of a row and a column, the rows growing.
    """
    if not costs:
        return []
    count, others = len(costs), len(costs[0])
    if count > others:
        return sorted((row, column) for column, row in assign([*zip(*costs, strict=True)]))
    row_prices, column_prices = [0.0] * count, [0.0] * others
    row_of, column_of = [-1] * others, [-1] * count
    for row in range(count):
        # The shortest way from this row to a free column; each step costs what the prices leave.
        distances, before = [math.inf] * others, [-1] * others
        reached: list[int] = []
        left = [*range(others)]
        here, way = row, 0.0
        while True:
            so_far = way - row_prices[here]
            for column in left:
                through = so_far + costs[here][column] - column_prices[column]
                if through < distances[column]:
                    distances[column], before[column] = through, here
            column = min(left, key=distances.__getitem__)
            way = distances[column]
            if row_of[column] < 0:
                break
            left.remove(column)
            reached.append(column)
            here = row_of[column]
        # With these prices every pair that is made costs nothing, and no other less than that.
        row_prices[row] += way
        for column_passed in reached:
            share = way - distances[column_passed]
            row_prices[row_of[column_passed]] += share
            column_prices[column_passed] -= share
        while column >= 0:
            # The free column goes to the row before it, whose own column becomes free.
            here = before[column]
            row_of[column] = here
            column, column_of[here] = (column_of[here] if here != row else -1), column
    return [*enumerate(column_of)]
