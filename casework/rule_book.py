"""The rule book in Postgres, for an event loop: the database itself holds that two persons act."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from psycopg import errors

from casework.postgres import KEEP_RULE_SET, PUBLISH, publication_row
from casework.publishing import ApprovedBefore, OwnProposal, UnknownProposal
from casework.values import Approval, Proposal, Publication, PublishedSet
from data_contracts.control import BreakerRecord, ListEntryRecord
from runtime.postgres import AsyncPool, rows

PROPOSE = """
INSERT INTO casework.proposals (rule_set, author, proposed_at, note)
VALUES (%(rule_set)s, %(author)s, %(proposed_at)s, %(note)s)
ON CONFLICT (rule_set) DO NOTHING
"""
APPROVE = """
INSERT INTO casework.approvals (rule_set, author, approver, approved_at, note)
SELECT rule_set, author, %(approver)s, %(approved_at)s, %(note)s
FROM casework.proposals WHERE rule_set = %(rule_set)s
"""
PROPOSALS = """
SELECT rule_set, author, proposed_at, note, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('approver', approver, 'approved_at', approved_at,
        'note', approvals.note) ORDER BY approved_at), '[]')
    FROM casework.approvals WHERE approvals.rule_set = proposals.rule_set
) AS approvals
FROM casework.proposals
WHERE %(rule_set)s::text IS NULL OR rule_set = %(rule_set)s
ORDER BY proposed_at DESC, rule_set LIMIT %(limit)s
"""
CANONICAL = "SELECT canonical FROM casework.rule_sets WHERE rule_set = %(rule_set)s"
PUBLISHED = """
SELECT record || jsonb_build_object('cell', cell, 'position', position) AS published
FROM casework.publications WHERE kind = 'rule-set' ORDER BY cell, position
"""
BREAKERS = """
SELECT cell, record FROM casework.publications WHERE kind = 'breaker' ORDER BY cell, position
"""
ENTRIES = """
SELECT DISTINCT ON (record ->> 'list_id', record ->> 'value') record
FROM casework.publications
WHERE cell = 0 AND kind = 'list-entry'
  AND (%(list_id)s::text IS NULL OR record ->> 'list_id' = %(list_id)s)
ORDER BY record ->> 'list_id', record ->> 'value', position DESC
"""


@dataclass(frozen=True, slots=True)
class PostgresRuleBook:
    """Borrows a pool that its owner opens and closes; psycopg's `OperationalError` when away."""

    pool: AsyncPool

    async def propose(self, proposal: Proposal, canonical: bytes) -> Proposal:
        """Keep a rule set; returns the proposal that stands, which may be an earlier one."""
        given = msgspec.structs.asdict(proposal)
        kept = {"rule_set": proposal.rule_set, "canonical": canonical}
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(KEEP_RULE_SET, kept)
            await connection.execute(PROPOSE, given)
        found = await self.proposal(proposal.rule_set)
        assert found is not None
        return found

    async def approve(self, rule_set: str, approval: Approval) -> None:
        """Write down a second person's yes; the constraints refuse everything else."""
        given = msgspec.structs.asdict(approval) | {"rule_set": rule_set}
        async with self.pool.connection() as connection:
            try:
                cursor = await connection.execute(APPROVE, given)
            except errors.CheckViolation:
                raise OwnProposal(rule_set) from None
            except errors.UniqueViolation:
                raise ApprovedBefore(rule_set) from None
        if cursor.rowcount == 0:
            raise UnknownProposal(rule_set)

    async def proposal(self, rule_set: str) -> Proposal | None:
        """A proposal with its approvals."""
        found = await rows(self.pool, PROPOSALS, {"rule_set": rule_set, "limit": 1})
        return msgspec.convert(found[0], Proposal) if found else None

    async def proposals(self, limit: int) -> Sequence[Proposal]:
        """The newest proposals, newest first."""
        found = await rows(self.pool, PROPOSALS, {"rule_set": None, "limit": limit})
        return msgspec.convert(found, list[Proposal])

    async def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was proposed or published."""
        found = await rows(self.pool, CANONICAL, {"rule_set": rule_set})
        return bytes(found[0]["canonical"]) if found else None

    async def published(self) -> Sequence[PublishedSet]:
        """Every rule set that stood in the log, in order of cell and position."""
        found = await rows(self.pool, PUBLISHED, {})
        return [msgspec.convert(row["published"], PublishedSet) for row in found]

    async def keep(self, publications: Sequence[Publication]) -> None:
        """Write down what was put into the log; alerting, which reads it there, may be first."""
        async with self.pool.connection() as connection, connection.transaction():
            for publication in publications:
                await connection.execute(PUBLISH, publication_row(publication))

    async def breakers(self) -> Sequence[tuple[int, BreakerRecord]]:
        """Every trip and reset with its cell, in order of cell and position."""
        found = await rows(self.pool, BREAKERS, {})
        return [(row["cell"], msgspec.convert(row["record"], BreakerRecord)) for row in found]

    async def entries(self, list_id: str | None = None) -> Sequence[ListEntryRecord]:
        """The newest record of each value of a list, or of all lists, in the first cell."""
        found = await rows(self.pool, ENTRIES, {"list_id": list_id})
        return [msgspec.convert(row["record"], ListEntryRecord) for row in found]
