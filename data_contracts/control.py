"""Control records: what changes decisions stands in the log, in order, between two transactions.

A message of `transactions.v1` without the header `kind` is a transaction; with it, one of these.
"""

from enum import StrEnum

import msgspec

from data_contracts.transaction import Instant

KIND_HEADER = "kind"
RULE_SET_BYTES_MAX = 4 * 1024 * 1024


class ControlKind(StrEnum):
    """The value of the header `kind`."""

    RULE_SET = "rule-set"
    LIST_ENTRY = "list-entry"
    BREAKER = "breaker"
    FEATURE_WARM = "feature-warm"


class Publishing(StrEnum):
    """How a rule set came into the log: by a person's wish, back to an earlier one, or at first."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    BOOTSTRAP = "bootstrap"


class RuleSetRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole rule set taken up: its canonical JSON, zstd-compressed, and its SHA-256 in hex."""

    rule_set: str
    document: bytes
    published_by: str
    published_at: Instant
    approved_by: str | None = None
    author: str | None = None
    act: Publishing = Publishing.APPLY
    reason: str | None = None


class ListEntryRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry added to a block or allow list, or removed from it."""

    list_id: str
    value: str
    removed: bool = False
    reason: str
    owner: str
    recorded_at: Instant
    valid_from: Instant | None = None
    expires_at: Instant | None = None
    amount_minor_max: int | None = None
    recorded_by: str | None = None


class BreakerRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that fired too often is put into shadow, or let back.

    `since` is of a trip: when the reset was recorded after which hits were counted, absent before
    the first. A trip that names another reset than the rule's last is a late copy without effect.
    """

    rule_id: str
    is_tripped: bool
    reason: str
    recorded_at: Instant
    recorded_by: str | None = None
    since: Instant | None = None


class FeatureWarmRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A feature has seen all the history that its window needs: it counts from here on."""

    feature: str
    definition: str


Control = RuleSetRecord | ListEntryRecord | BreakerRecord | FeatureWarmRecord

RECORDS: dict[ControlKind, type[Control]] = {
    ControlKind.RULE_SET: RuleSetRecord,
    ControlKind.LIST_ENTRY: ListEntryRecord,
    ControlKind.BREAKER: BreakerRecord,
    ControlKind.FEATURE_WARM: FeatureWarmRecord,
}
