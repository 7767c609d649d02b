"""Alerts per day as bars: one a day, or one for some days where there are many."""

from collections.abc import Sequence
from datetime import date

from analytics.backtest.values import Day

BARS_MAX = 31
STEPS = (1, 7, 28, 91)
WIDTH = 40
EIGHTHS = " ▏▎▍▌▋▊▉"
FULL = "█"


def alerts_by_day(days: Sequence[Day], before: Sequence[Day] = ()) -> tuple[str, ...]:
    """A line for each bar, with the figure; `before` is the same time under another rule set."""
    step = _step(len(days))
    means = _means(days, step)
    others = _means(before, step)
    highest = max([*means, *others], default=0.0)
    figures = [f"{mean:,.1f}" for mean in means]
    width = max(map(len, figures), default=0)
    unit = "each day" if step == 1 else f"a day, mean of {step} days"
    head = f"{unit}{', in brackets: now' if before else ''}"
    lines = [
        f"{days[number * step].day.isoformat()}  {figure:>{width}}{_beside(others, number)}  "
        f"{bar(means[number], highest)}".rstrip()
        for number, figure in enumerate(figures)
    ]
    return (head, *lines)


def bar(value: float, highest: float, width: int = WIDTH) -> str:
    """A bar of up to `width` characters; whatever is more than nothing can be seen."""
    if value <= 0 or highest <= 0:
        return ""
    eighths = max(1, round(value / highest * width * 8))
    whole, rest = divmod(eighths, 8)
    return FULL * whole + (EIGHTHS[rest] if rest else "")


def _step(days: int) -> int:
    return next((step for step in STEPS if days <= step * BARS_MAX), STEPS[-1])


def _means(days: Sequence[Day], step: int) -> list[float]:
    parts = [days[first : first + step] for first in range(0, len(days), step)]
    return [sum(day.alerts for day in part) / len(part) for part in parts]


def _beside(others: Sequence[float], number: int) -> str:
    return f" ({others[number]:,.1f})" if others else ""


def day_text(day: date) -> str:
    """`1 April 2018`."""
    return f"{day.day} {day:%B %Y}"
