"""The values of the casework: what is filed, and what is read back."""

from datetime import datetime
from enum import StrEnum

import msgspec

from data_contracts.alert import Alert
from data_contracts.control import ControlKind, Publishing
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Severity

SEVERITIES = tuple(Severity)


class CaseStatus(StrEnum):
    """Where the work on a case stands."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    AWAITING_APPROVAL = "awaiting_approval"
    CLOSED = "closed"


class Watermark(msgspec.Struct, frozen=True):
    """How far a partition of a topic is applied, and where to read it on.

    `position` is the highest position of the log that was met; -1 where none was.
    """

    topic: str
    partition: int
    position: int
    next_offset: int


class Silence(msgspec.Struct, frozen=True):
    """A rule raises no further loud alert for a key until then."""

    tenant: str
    rule_id: str
    by: str
    key: str
    until: datetime

    @property
    def place(self) -> "SilenceKey":
        """What there is one silence of at a time."""
        return (self.tenant, self.rule_id, self.by, self.key)


SilenceKey = tuple[str, str, str, str]


class FiledAlert(msgspec.Struct, frozen=True):
    """An alert on its way to the file; `quieted_by` names the silent rule that keeps it quiet."""

    alert: Alert
    quieted_by: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The human work on the alerts of one entity; `quiet_count` of them were raised in silence."""

    case_id: str
    tenant: str
    entity_kind: str
    entity: str
    status: CaseStatus
    severity: Severity
    score: int
    alert_count: int
    quiet_count: int
    first_alert_at: datetime
    last_alert_at: datetime


class KeptLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dead letter with the number that people call it by, and who sent it again, if anybody."""

    number: int
    letter: DeadLetter
    rejected_at: datetime
    replayed_at: datetime | None = None
    replayed_by: str | None = None


class Rejected(msgspec.Struct, frozen=True):
    """A dead letter on its way to the file."""

    letter: DeadLetter
    rejected_at: datetime


class Publication(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A control record of the log; of a rule set the canonical bytes are kept apart."""

    cell: int
    position: int
    kind: ControlKind
    record: dict[str, object]
    logged_at: datetime
    rule_set: str | None = None
    canonical: bytes | None = None


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A second person's yes to a rule set."""

    approver: str
    approved_at: datetime
    note: str = ""


class Proposal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule set that its author wants to be published, and who has said yes to it so far."""

    rule_set: str
    author: str
    proposed_at: datetime
    note: str = ""
    approvals: tuple[Approval, ...] = ()


class PublishedSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule set at its place in the log: how it came there, by whom, with whose approval."""

    cell: int
    position: int
    rule_set: str
    published_by: str
    published_at: datetime
    author: str | None = None
    approved_by: str | None = None
    act: Publishing = Publishing.APPLY
    reason: str | None = None
