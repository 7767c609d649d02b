"""Shares with an interval: Wilson's, which stays within 0 and 1 and is right for few cases too."""

from math import sqrt

from analytics.backtest.values import Proportion, Quality, Ratio

Z_OF_95_PERCENT = 1.959963984540054


def proportion(count: int, of: int) -> Proportion | None:
    """The share `count / of` with its interval, or None where there is nothing to share."""
    if not of:
        return None
    low, high = _wilson(count, of)
    return Proportion(count=count, of=of, share=count / of, low=low, high=high)


def _wilson(count: int, of: int) -> tuple[float, float]:
    z2 = Z_OF_95_PERCENT**2
    middle = (count + z2 / 2) / (of + z2)
    reach = Z_OF_95_PERCENT / (of + z2) * sqrt(count * (of - count) / of + z2 / 4)
    # At the ends the interval touches the end; rounding must not leave a crumb there.
    low = 0.0 if count == 0 else max(0.0, middle - reach)
    high = 1.0 if count == of else min(1.0, middle + reach)
    return low, high


def quality(true_positives: int, false_positives: int, frauds: int) -> Quality:
    """Precision, recall and false positives for each true one."""
    precision = proportion(true_positives, true_positives + false_positives)
    return Quality(
        true_positives=true_positives,
        false_positives=false_positives,
        precision=precision,
        recall=proportion(true_positives, frauds),
        false_positive_ratio=None if precision is None else _ratio(precision),
    )


def _ratio(precision: Proportion) -> Ratio:
    return Ratio(
        ratio=_false_for_each_true(precision.share),
        low=_false_for_each_true(precision.high),
        high=_false_for_each_true(precision.low),
    )


def _false_for_each_true(precision: float) -> float | None:
    return (1 - precision) / precision if precision else None
