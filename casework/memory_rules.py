"""The twin of the rule book: it lives as long as the process, and refuses what Postgres refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from casework.publishing import ApprovedBefore, OwnProposal, UnknownProposal
from casework.values import Approval, Proposal, Publication, PublishedSet
from data_contracts.control import BreakerRecord, ControlKind, ListEntryRecord


@dataclass(slots=True)
class MemoryRuleBook:
    """Dictionaries by hash, and publications by cell and position."""

    sets: dict[str, bytes] = field(default_factory=dict)
    proposed: dict[str, Proposal] = field(default_factory=dict)
    kept: dict[tuple[int, int], Publication] = field(default_factory=dict)

    async def propose(self, proposal: Proposal, canonical: bytes) -> Proposal:
        """Keep a rule set; returns the proposal that stands."""
        self.sets.setdefault(proposal.rule_set, canonical)
        return self.proposed.setdefault(proposal.rule_set, proposal)

    async def approve(self, rule_set: str, approval: Approval) -> None:
        """Write down a second person's yes."""
        found = self.proposed.get(rule_set)
        if found is None:
            raise UnknownProposal(rule_set)
        if found.author.lower() == approval.approver.lower():
            raise OwnProposal(rule_set)
        if approval.approver.lower() in {known.approver.lower() for known in found.approvals}:
            raise ApprovedBefore(rule_set)
        self.proposed[rule_set] = msgspec.structs.replace(
            found, approvals=(*found.approvals, approval)
        )

    async def proposal(self, rule_set: str) -> Proposal | None:
        """A proposal with its approvals."""
        return self.proposed.get(rule_set)

    async def proposals(self, limit: int) -> Sequence[Proposal]:
        """The newest proposals, newest first."""
        found = sorted(self.proposed.values(), key=lambda each: each.proposed_at, reverse=True)
        return found[:limit]

    async def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was proposed or published."""
        return self.sets.get(rule_set)

    async def published(self) -> Sequence[PublishedSet]:
        """Every rule set that stood in the log, in order of cell and position."""
        return [
            msgspec.convert(
                {**each.record, "cell": each.cell, "position": each.position}, PublishedSet
            )
            for each in self._of(ControlKind.RULE_SET)
        ]

    async def keep(self, publications: Sequence[Publication]) -> None:
        """Write down what was put into the log, at once; once is enough."""
        for each in publications:
            self.kept.setdefault((each.cell, each.position), each)

    async def breakers(self) -> Sequence[tuple[int, BreakerRecord]]:
        """Every trip and reset with its cell, in order of cell and position."""
        return [
            (each.cell, msgspec.convert(each.record, BreakerRecord))
            for each in self._of(ControlKind.BREAKER)
        ]

    async def entries(self, list_id: str | None = None) -> Sequence[ListEntryRecord]:
        """The newest record of each value of a list, or of all lists, in the first cell."""
        found = [
            msgspec.convert(each.record, ListEntryRecord)
            for each in self._of(ControlKind.LIST_ENTRY)
            if each.cell == 0
        ]
        newest = {
            (record.list_id, record.value): record
            for record in found
            if list_id in {None, record.list_id}
        }
        return [record for _, record in sorted(newest.items())]

    def _of(self, kind: ControlKind) -> list[Publication]:
        return [each for _, each in sorted(self.kept.items()) if each.kind is kind]
