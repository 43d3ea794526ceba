"""Pairs of two groups at the least cost in all."""

from __future__ import annotations

import numpy as np


def assign(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Pair rows with columns, as many as there can be, so that the sum of the costs is the least.

    This is the Hungarian method by shortest augmenting paths (Jonker and Volgenant 1987,
    doi:10.1007/BF02278710), as `scipy.optimize.linear_sum_assignment` has it.  SciPy's own would
    do; but importing it takes 50 MiB and longer than the rest of the node, for a few faces.

    :param costs: (N, M) float64, finite.
    :return: the rows, growing, and the column of each; both (min(N, M),) int.
    """
    count, others = costs.shape
    if count > others:
        columns, rows = assign(costs.T)
        order = np.argsort(rows)
        return rows[order], columns[order]
    if count == 1:
        # The usual case, one face, needs no method.
        return np.zeros(1, int), np.array([np.argmin(costs[0])])
    row_prices, column_prices = np.zeros(count), np.zeros(others)
    row_of, column_of = np.full(others, -1), np.full(count, -1)
    for row in range(count):
        # The shortest way from this row to a free column; each step costs what the prices leave.
        distances, before = np.full(others, np.inf), np.full(others, -1)
        reached = np.zeros(others, bool)
        here, way = row, 0.0
        while True:
            through = way + costs[here] - row_prices[here] - column_prices
            better = ~reached & (through < distances)
            distances[better] = through[better]
            before[better] = here
            column = int(np.argmin(np.where(reached, np.inf, distances)))
            way = float(distances[column])
            if row_of[column] < 0:
                break
            reached[column] = True
            here = int(row_of[column])
        # With these prices every pair that is made costs nothing, and no other less than that.
        shares = way - distances[reached]
        row_prices[row] += way
        row_prices[row_of[reached]] += shares
        column_prices[reached] -= shares
        while column >= 0:
            # The free column goes to the row before it, whose own column becomes free.
            here = int(before[column])
            row_of[column] = here
            column, column_of[here] = (int(column_of[here]) if here != row else -1), column
    return np.arange(count), column_of
