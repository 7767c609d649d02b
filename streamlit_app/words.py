"""How numbers, times and alerts are written for people."""

from datetime import datetime

from data_contracts.alert import Alert
from data_contracts.money import Money

SEVERITY_COLOURS = {"low": "gray", "medium": "blue", "high": "orange", "critical": "red"}
NOTHING_YET = "—"


def rate(per_second: float) -> str:
    """`1,240/s`, `3.2/s`."""
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:,.1f}/s"  # noqa: PLR2004


def duration(seconds: float | None) -> str:
    """`84 ms`, `1.2 s`, or a dash where nothing was measured."""
    if seconds is None:
        return NOTHING_YET
    return f"{1_000 * seconds:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def share(part: float | None) -> str:
    """`7 %` of a core, or a dash where nothing was measured."""
    return NOTHING_YET if part is None else f"{part:.0%}".replace("%", " %")


def memory(size: int) -> str:
    """`184 MB`."""
    return f"{size / 1e6:,.0f} MB"


def since(then: float | None, now: datetime) -> str:
    """How long ago: `12 s`, `4 min`, `3 h`, `2 d`."""
    if then is None:
        return NOTHING_YET
    seconds = max(now.timestamp() - then, 0)
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def amount(alert: Alert) -> str:
    """The money an alert is about, as people write it."""
    if alert.amount_minor is None or alert.currency is None:
        return ""
    return str(Money(alert.amount_minor, alert.currency))


def headline(alert: Alert) -> str:
    """One line: who, how much, and what came of it."""
    who = f"{alert.entity_kind} **{_plain(alert.entity)}**"
    parts = (who, amount(alert), f"score {alert.score}" if alert.score else "", alert.verdict or "")
    return " · ".join(part for part in parts if part)


def reasons(alert: Alert) -> str:
    """Every reason, as a Markdown list."""
    return "\n".join(f"- {_plain(reason)}" for reason in alert.reasons)


def _plain(text: str) -> str:
    # What stands in a transaction must not become Markdown or HTML on an analyst's screen.
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|<>~$:" else c for c in text)
