"""Format figures for pages and the terminal."""

from __future__ import annotations

from collections.abc import Sequence


def percent(value: float, digits: int = 2) -> str:
    """
    Format a share as per cent.

    :param value: share from 0 to 1.
    :param digits: digits after the decimal point.
    :return: text such as '70.56 %'.
    """
    return f'{100 * value:.{digits}f} %'


def percent_interval(limits: Sequence[float], digits: int = 2) -> str:
    """
    Format an interval of shares as per cent.

    :param limits: lower and upper limit, from 0 to 1.
    :param digits: digits after the decimal point.
    :return: text such as '69.01 to 72.10 %'.
    """
    return f'{interval([100 * limit for limit in limits], digits)} %'


def interval(limits: Sequence[float], digits: int = 3) -> str:
    """
    Format an interval.

    :param limits: lower and upper limit.
    :param digits: digits after the decimal point.
    :return: text such as '0.631 to 0.670'.
    """
    lower, upper = limits
    return f'{lower:.{digits}f} to {upper:.{digits}f}'


def thousands(count: int) -> str:
    """Format a count with a comma between thousands, such as '3,589'."""
    return f'{count:,}'
