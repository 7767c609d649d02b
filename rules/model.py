"""The values of a rule set: what stands in its canonical form and travels in the log.

The canonical form is JSON with the fields in the order below, absent where they have their
default; its SHA-256 is the rule set's name. Fields are only ever added, with a default.
"""

from enum import StrEnum
from hashlib import sha256

import msgspec

from data_contracts.decision import Severity
from data_contracts.money import Money

FORMAT = 1
CAPACITY_DEFAULT = 4_096
DISTINCT_CAPACITY_DEFAULT = 1_024
LATENESS_MS_MAX = 24 * 3_600_000
EXACT_WINDOW_MS_MAX = 3_600_000  # Longer windows are made of whole tiles.


class Aggregate(StrEnum):
    """What is made of the events in the window."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"
    DISTINCT = "distinct"
    FIRST_SEEN = "first_seen"
    LAST = "last"


class Flag(StrEnum):
    """Why a feature's value is null."""

    LATE = "late"
    SATURATED = "saturated"
    WARMING = "warming"


class Status(StrEnum):
    """Where a rule stands in its life."""

    DRAFT = "draft"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"


class FeatureDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number (or a last value) about a key's past; `by` and `at` name transaction fields.

    `of` is None only for `count`. Windows and tiles are milliseconds; `tile_ms` is None for exact
    windows (up to an hour). `where` is the text of an SQL condition over transaction fields.
    `first_seen` is the epoch in milliseconds of the earliest event of the population.
    """

    name: str
    aggregate: Aggregate
    of: str | None = None
    by: tuple[str, ...]
    at: tuple[str, ...]
    window_ms: int
    tile_ms: int | None = None
    where: str | None = None
    is_current_included: bool = True
    capacity: int = CAPACITY_DEFAULT
    distinct_capacity: int = DISTINCT_CAPACITY_DEFAULT

    def fingerprint(self) -> str:
        """The hash under which its state is kept: everything but the name."""
        return sha256(msgspec.json.encode(msgspec.structs.replace(self, name=""))).hexdigest()


class Band(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A half-open range of a feature or field, `at_least <= x < below`, with its own score."""

    at_least: float | None = None
    below: float | None = None
    score: int
    reason: str | None = None


class Suppress(msgspec.Struct, frozen=True, kw_only=True):
    """Quiet further alerts of the rule for the same key (a transaction field) for a while."""

    by: str
    for_ms: int


class Breaker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Past so many hits an hour, or such a share of declines, the rule goes to shadow."""

    max_hits_per_hour: int | None = None
    max_decline_share: float | None = None
    least_decisions: int = 100


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One testable suspicion; `features` names those that `when` or `reason` use.

    Either `score`, or `band_of` (a feature or field) with `bands`. Past `alert_budget_per_day`
    alerts a day on average, `rules plan` fails.
    """

    id: str
    version: int
    title: str
    typology: str
    severity: Severity
    owner: str
    status: Status
    features: tuple[str, ...] = ()
    when: str
    score: int | None = None
    band_of: str | None = None
    bands: tuple[Band, ...] = ()
    reason: str
    suppress: Suppress | None = None
    breaker: Breaker | None = None
    canary_percent: int = 10
    runbook: str
    references: tuple[str, ...] = ()
    alert_budget_per_day: int | None = None


class ListKind(StrEnum):
    """What an entry of a list does."""

    BLOCK = "block"
    ALLOW = "allow"
    REFERENCE = "reference"


class ListEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value on a list, good for `valid_from <= occurred_at < expires_at` (epochs in ms)."""

    value: str
    owner: str
    reason: str
    valid_from_ms: int | None = None
    expires_at_ms: int | None = None
    amount_minor_max: int | None = None


class EntityList(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list over one transaction field; a reference list is only used by name in expressions."""

    id: str
    kind: ListKind
    field: str | None = None
    entries: tuple[ListEntry, ...] = ()


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Scores from which a transaction is reviewed or declined; block > allow > rules.

    Past `alert_budget_per_day` alerts a day on average, `rules plan` fails. `minutes_per_alert` and
    what an `analyst_hour` costs make hours and money of alerts. None of them changes a decision.
    """

    review_at: int
    decline_at: int
    alert_budget_per_day: int | None = None
    minutes_per_alert: int | None = None
    analyst_hour: Money | None = None


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that decides: rules sorted by id, features by name, lists by id."""

    format: int = FORMAT
    rules: tuple[Rule, ...] = ()
    features: tuple[FeatureDefinition, ...] = ()
    lists: tuple[EntityList, ...] = ()
    policy: Policy

    def canonical(self) -> bytes:
        """The one form that is hashed, stored and sent."""
        return msgspec.json.encode(self)

    def fingerprint(self) -> str:
        """The SHA-256 of the canonical form, in hex."""
        return sha256(self.canonical()).hexdigest()
