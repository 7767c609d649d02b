"""Rules over the operation: what of the traffic itself is worth a person's attention.

A rule judges what was measured over a window that has closed. "Usual" is what the same hour of the
week held, else the same hour of the day; with too little history there is no usual, and a rule that
needs it keeps still.
"""

from enum import StrEnum

import msgspec

from data_contracts.decision import Severity
from rules.forms import duration_text
from rules.instants import from_epoch_ms

SECONDS_SHOWN_MS_MAX = 120_000


class Kind(StrEnum):
    """What a rule looks at."""

    VOLUME_DROP = "volume-drop"
    VOLUME_SURGE = "volume-surge"
    SILENCE = "silence"
    DECLINE_RATIO = "decline-ratio"
    REFUSAL_RATIO = "refusal-ratio"
    SCORING_LAG = "scoring-lag"


class Usual(StrEnum):
    """What a window is held against."""

    HOUR = "hour"
    RECENT = "recent"


class OperationRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule; a threshold that its kind does not know keeps its default.

    `history` is how many windows must have closed before there is a usual; `least` the smallest
    number (usual for a drop or silence, counted for the others) from which it is more than chance.
    """

    id: str
    version: int
    title: str
    kind: Kind
    severity: Severity
    owner: str
    reason: str
    runbook: str
    window_ms: int = 0
    every_ms: int = 0
    usual: Usual = Usual.HOUR
    history: int = 0
    times: float = 1.0
    above: float = 0.0
    least: int = 1
    older_than_ms: int = 0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one entity did in a window: `part` of the `whole` was declined or refused.

    `usual_whole` and `usual_part` are what is usual for a window as long, None without history;
    `windows` is how many windows that usual was made of. Of a lag: how many wait, and how long.
    """

    whole: int
    part: int = 0
    usual_whole: float | None = None
    usual_part: float = 0.0
    windows: float = 0.0
    age_ms: int = 0

    @property
    def ratio(self) -> float:
        """The part among the whole; 0 where there is nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def usual_ratio(self) -> float:
        """The part that is usual among the whole."""
        return self.usual_part / self.usual_whole if self.usual_whole else 0.0


def is_hit(rule: OperationRule, measured: Measured) -> bool:
    """Whether the rule fires on what was measured."""
    if rule.kind is Kind.SCORING_LAG:
        return measured.whole >= rule.least and measured.age_ms > rule.older_than_ms
    usual = measured.usual_whole if measured.windows >= rule.history else None
    if rule.kind in {Kind.DECLINE_RATIO, Kind.REFUSAL_RATIO}:
        floor = rule.times * measured.usual_ratio if usual is not None else 0.0
        return measured.whole >= rule.least and measured.ratio > max(rule.above, floor)
    return usual is not None and _is_unusual(rule, measured.whole, usual)


def _is_unusual(rule: OperationRule, count: int, usual: float) -> bool:
    if rule.kind is Kind.VOLUME_SURGE:
        return count >= rule.least and count > rule.times * usual
    if rule.kind is Kind.SILENCE:
        return usual >= rule.least and count == 0
    return usual >= rule.least and count < rule.times * usual


PLACES = ("entity", "count", "part", "usual", "ratio", "usual_ratio", "age", "window", "until")


def reason(rule: OperationRule, entity: str, measured: Measured, until_ms: int) -> str:
    """The rule's reason with the numbers filled in."""
    return rule.reason.format(
        entity=entity,
        count=f"{measured.whole:,}",
        part=f"{measured.part:,}",
        usual="unknown" if measured.usual_whole is None else f"{measured.usual_whole:,.0f}",
        ratio=f"{measured.ratio:.1%}",
        usual_ratio="unknown" if measured.usual_whole is None else f"{measured.usual_ratio:.1%}",
        age=_rounded(measured.age_ms),
        window=duration_text(rule.window_ms),
        until=f"{from_epoch_ms(until_ms):%H:%M} UTC",
    )


def _rounded(age_ms: int) -> str:
    unit = 1_000 if age_ms < SECONDS_SHOWN_MS_MAX else 60_000
    return duration_text(age_ms // unit * unit)
