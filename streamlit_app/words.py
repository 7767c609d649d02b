"""How numbers, times and alerts are written for people."""

from datetime import datetime

from data_contracts.alert import Alert
from data_contracts.decision import Severity
from data_contracts.money import Money

SEVERITY_COLOURS = {
    Severity.LOW: "gray",
    Severity.MEDIUM: "blue",
    Severity.HIGH: "orange",
    Severity.CRITICAL: "red",
}
NOTHING_YET = "—"
DAY_SECONDS = 86_400


def rate(per_second: float) -> str:
    """`1,240/s`, `3.2/s`, `0/s`."""
    decimals = 1 if 0 < per_second < 10 else 0  # noqa: PLR2004  (one digit before the point)
    return f"{per_second:,.{decimals}f}/s"


def duration(seconds: float | None) -> str:
    """`84 ms`, `1.2 s`, or a dash where nothing was measured."""
    if seconds is None:
        return NOTHING_YET
    return f"{1_000 * seconds:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def share(part: float | None) -> str:
    """`7 %`, or a dash where nothing was measured."""
    return NOTHING_YET if part is None else f"{part:.0%}".replace("%", " %")


def count(number: int | None) -> str:
    """`1,204`, or a dash where it is not known."""
    return NOTHING_YET if number is None else f"{number:,}"


def some(number: int, one: str, more: str) -> list[str]:
    """`1 rule is held`, `4 rules are held`; nothing where there is none."""
    return [f"{number:,} {one if number == 1 else more}"] if number else []


def memory(size: int) -> str:
    """`184 MB`."""
    return f"{size / 1e6:,.0f} MB"


def since(then: float | None, now: datetime) -> str:
    """How long ago: `12 s`, `4 min`, `3 h`, `2 d`."""
    if then is None:
        return NOTHING_YET
    seconds = max(now.timestamp() - then, 0)
    for length, unit in ((DAY_SECONDS, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def clock(at: datetime, now: datetime) -> str:
    """The time of day; with the date where it is not of today."""
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%d %b %H:%M}"


def light(*, is_on: bool) -> str:
    """A green or a red lamp."""
    return ":green[●]" if is_on else ":red[●]"


def badge(severity: Severity) -> str:
    """The severity on its colour."""
    return f":{SEVERITY_COLOURS[severity]}-badge[{severity}]"


def entity(alert: Alert) -> str:
    """Whom an alert is about; what is no account says what it is."""
    kind = "" if alert.entity_kind == "account" else f"{plain(alert.entity_kind)} "
    return f"{kind}{plain(alert.entity)}"


def amount(alert: Alert) -> str:
    """The money an alert is about, as people write it."""
    if alert.amount_minor is None or alert.currency is None:
        return ""
    return str(Money(alert.amount_minor, alert.currency))


def outcome(alert: Alert) -> str:
    """What was decided, and with which score."""
    return f"{alert.verdict} · {alert.score}" if alert.verdict else ""


def reasons(alert: Alert) -> str:
    """Every reason, one after the other."""
    return "; ".join(plain(reason) for reason in alert.reasons)


def plain(text: str) -> str:
    """The text as it is: what stands in a transaction never becomes markup on a screen."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|<>~$:" else c for c in text)
