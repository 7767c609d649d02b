"""Who came in and who was refused: counted by the minute, so that nobody can fill the audit chain.

A stranger makes only lines of what is refused and why, of which there are few; whose token was
verified makes lines with a name, and past `LINES_MAX` a minute those are counted without it.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from api.noting import kept_writing
from api.ports import Clock
from api.problems import Refusal
from runtime.postgres import AsyncPool

if TYPE_CHECKING:
    from api.authentication import Principal

MINUTE = timedelta(minutes=1)
LINES_MAX = 1_000
CAME_IN = "came-in"
WRITE = "INSERT INTO ledger.audit_notes (kind, actor, body) VALUES ('access', 'api', %s)"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """With a new token, or by which problem and why not; a name only of a verified token."""

    what: str
    detail: str = ""
    tenant: str = ""
    subject: str = ""
    role: str = ""
    count: int = 1


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a note; `others` are those beyond the lines, by what."""

    since: datetime
    until: datetime
    lines: tuple[Line, ...]
    others: dict[str, int]


@dataclass(slots=True, eq=False)
class Access:
    """Counts until a minute is over; at most one minute waits to be written."""

    clock: Clock
    since: datetime | None = None
    lines: Counter[Line] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    waiting: Minute | None = None

    def came_in(self, principal: "Principal") -> None:
        """Someone showed a token for the first time."""
        self._count(_line(CAME_IN, "", principal))

    def refused(self, refusal: Refusal, principal: "Principal | None" = None) -> None:
        """Someone did not get in, or may not do what they came for."""
        self._count(_line(refusal.code, refusal.detail, principal))

    def _count(self, line: Line) -> None:
        if self.since is None:
            self.since = self.clock()
        if line in self.lines or len(self.lines) < LINES_MAX:
            self.lines[line] += 1
        else:
            self.others[line.what] += 1

    def close(self) -> None:
        """What was counted waits to be written, unless something else still does."""
        if self.since is None or self.waiting is not None:
            return
        lines = (msgspec.structs.replace(line, count=n) for line, n in self.lines.items())
        self.waiting = Minute(
            since=self.since, until=self.clock(), lines=tuple(lines), others=dict(self.others)
        )
        self.since, self.lines, self.others = None, Counter(), Counter()

    async def write(self, pool: AsyncPool) -> int:
        """Write a minute that is over."""
        if self.since is not None and self.clock() - self.since >= MINUTE:
            self.close()
        if self.waiting is None:
            return 0
        async with pool.connection() as connection:
            await connection.execute(WRITE, [msgspec.json.encode(self.waiting).decode()])
        self.waiting = None
        return 1

    @asynccontextmanager
    async def written_to(self, pool: AsyncPool) -> AsyncIterator[None]:
        """Within the block minutes are written as they pass, at its end the last one too."""
        async with kept_writing(lambda: self.write(pool)):
            try:
                yield
            finally:
                self.close()


def _line(what: str, detail: str, principal: "Principal | None") -> Line:
    if principal is None:
        return Line(what=what, detail=detail)
    return Line(
        what=what,
        detail=detail,
        tenant=principal.tenant,
        subject=principal.subject,
        role=principal.role,
    )
