"""Assign the members of two groups to each other at the lowest total cost."""

from __future__ import annotations

from collections.abc import Sequence
import math


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """
    Assign as many rows to columns as possible, so that the sum of the costs is minimal.

    The algorithm is the Hungarian method with shortest augmenting paths (Jonker and Volgenant
    1987, doi:10.1007/BF02278710), as in `scipy.optimize.linear_sum_assignment`. SciPy is not used,
    because its import takes 50 MiB of memory and more time than the imports of the rest of the
    node. For a few faces, plain Python numbers are faster than arrays.

    :param costs: N rows of M finite numbers.
    :return: min(N, M) pairs of a row and a column, sorted by row.
    """
    if not costs:
        return []
    count, others = len(costs), len(costs[0])
    if count > others:
        return sorted((row, column) for column, row in assign([*zip(*costs, strict=True)]))
    row_prices, column_prices = [0.0] * count, [0.0] * others
    row_of, column_of = [-1] * others, [-1] * count
    for row in range(count):
        # Search the shortest path from this row to a free column. The length of a step is the
        # cost minus the prices of its row and its column.
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
        # After this update, the cost minus the prices is 0 for every assigned pair, and not
        # negative for any other pair.
        row_prices[row] += way
        for column_passed in reached:
            share = way - distances[column_passed]
            row_prices[row_of[column_passed]] += share
            column_prices[column_passed] -= share
        while column >= 0:
            # Assign the free column to the previous row of the path. The former column of that
            # row becomes free.
            here = before[column]
            row_of[column] = here
            column, column_of[here] = (column_of[here] if here != row else -1), column
    return [*enumerate(column_of)]
