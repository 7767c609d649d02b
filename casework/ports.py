"""What the casework needs of a store; `memory.py` is the twin, `postgres.py` the real one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from casework.values import (
    Approval,
    Case,
    FiledAlert,
    KeptLetter,
    Proposal,
    Publication,
    PublishedSet,
    Rejected,
    Silence,
    SilenceKey,
    Watermark,
)
from data_contracts.alert import Alert
from data_contracts.control import BreakerRecord, ListEntryRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """All that one batch of a topic adds, and how far it goes; stored whole or not at all."""

    reached: Watermark
    alerts: Sequence[FiledAlert] = ()
    silences: Collection[Silence] = ()
    rejected: Sequence[Rejected] = ()
    publications: Sequence[Publication] = ()


class Casebook(Protocol):
    """Where alerts are filed, each once, under the open case of their entity."""

    def watermark(self, topic: str, partition: int) -> Watermark | None:
        """How far a partition is applied, or None where nothing of it is."""
        ...

    def file(self, filing: Filing) -> bool:
        """Store a batch with its watermark; False says that this was passed before."""
        ...

    def silences(self, places: Collection[SilenceKey]) -> Mapping[SilenceKey, Silence]:
        """The silences at these places, over or not."""
        ...

    def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was published, by its hash."""
        ...


class Letters(Protocol):
    """The dead letters, for those who mend what was wrong with them."""

    def latest(self, limit: int, *, is_replayed: bool | None = None) -> Sequence[KeptLetter]:
        """The newest ones, newest first."""
        ...

    def find(self, number: int) -> KeptLetter | None:
        """One of them."""
        ...

    def mark_replayed(self, number: int, by: str, at: datetime) -> bool:
        """Write down who sent it again; False says that somebody had before."""
        ...


class Desk(Protocol):
    """What the desk and the API read, from an event loop."""

    async def latest_alerts(
        self, tenant: str, limit: int, *, with_quiet: bool = False
    ) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        ...

    async def open_cases(self, tenant: str, limit: int) -> Sequence[Case]:
        """The cases that are not closed: the gravest first, then the highest score, the newest."""
        ...

    async def alerts_of(self, tenant: str, case_id: str) -> Sequence[Alert]:
        """All alerts of a case, newest first; none where there is no such case."""
        ...

    async def waiting_letters(self) -> int:
        """How many dead letters nobody has sent again."""
        ...


class RuleBook(Protocol):
    """Rule sets on their way into the log and what was published, for an event loop.

    The store itself holds that two persons are at it: `approve` raises `OwnProposal`,
    `UnknownProposal` or `ApprovedBefore`.
    """

    async def propose(self, proposal: Proposal, canonical: bytes) -> Proposal:
        """Keep a rule set; returns the proposal that stands, which may be an earlier one."""
        ...

    async def approve(self, rule_set: str, approval: Approval) -> None:
        """Write down a second person's yes."""
        ...

    async def proposal(self, rule_set: str) -> Proposal | None:
        """A proposal with its approvals."""
        ...

    async def proposals(self, limit: int) -> Sequence[Proposal]:
        """The newest proposals, newest first."""
        ...

    async def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was proposed or published."""
        ...

    async def published(self) -> Sequence[PublishedSet]:
        """Every rule set that stood in the log, in order of cell and position."""
        ...

    async def keep(self, publications: Sequence[Publication]) -> None:
        """Write down what was put into the log, at once; once is enough."""
        ...

    async def breakers(self) -> Sequence[tuple[int, BreakerRecord]]:
        """Every trip and reset with its cell, in order of cell and position."""
        ...

    async def entries(self, list_id: str | None = None) -> Sequence[ListEntryRecord]:
        """The newest record of each value of a list, or of all lists, in the first cell."""
        ...
