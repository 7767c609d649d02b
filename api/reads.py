"""Who looked at whose data: noted one by one, written off the request's way every second."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from api.authentication import Principal
from api.noting import kept_writing
from api.permissions import Action
from api.problems import retry_later
from runtime.postgres import AsyncPool

PERSONAL = frozenset(
    {Action.READ_TRANSACTION, Action.READ_BALANCE, Action.READ_STATEMENT, Action.READ_ALERTS}
)
WAITING_MAX = 10_000
WRITE_MAX = 1_000
WRITE = """
INSERT INTO ledger.audit_notes (kind, actor, body)
SELECT 'read', actor, body FROM unnest(%s::text[], %s::text[]) AS note (actor, body)
"""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a note: who asked for what, in which role, and when."""

    subject: str
    tenant: str
    role: str
    action: str
    target: str
    at: datetime


@dataclass(slots=True, eq=False)
class Reads:
    """Notes that wait to be written; where too many do, personal data is not shown any more."""

    waiting: deque[Read] = field(default_factory=deque)

    def note(self, principal: Principal, action: Action, target: str, at: datetime) -> None:
        """Remember that someone who may do so asks for personal data; other reads are nobody's."""
        if action not in PERSONAL:
            return
        if len(self.waiting) >= WAITING_MAX:
            raise retry_later("books-away", "who reads personal data cannot be written down now")
        self.waiting.append(
            Read(
                subject=principal.subject,
                tenant=principal.tenant,
                role=principal.role,
                action=action,
                target=target,
                at=at,
            )
        )

    async def write(self, pool: AsyncPool) -> int:
        """Write some of what waits; where Postgres is away, all goes on waiting."""
        some = [self.waiting[number] for number in range(min(len(self.waiting), WRITE_MAX))]
        if some:
            actors = [each.subject for each in some]
            bodies = [msgspec.json.encode(each).decode() for each in some]
            async with pool.connection() as connection:
                await connection.execute(WRITE, [actors, bodies])
            for _ in some:
                self.waiting.popleft()
        return len(some)

    @asynccontextmanager
    async def written_to(self, pool: AsyncPool) -> AsyncIterator[None]:
        """Within the block notes are written as they come, at its end the rest of them."""
        async with kept_writing(lambda: self.write(pool)):
            yield
