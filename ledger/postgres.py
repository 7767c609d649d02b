"""The books in Postgres: one transaction per batch, whatever its size.

A batch is settled by pure functions between one read and one write: what it touches is loaded in
a few set-based queries, and the new rows are copied straight into the tables. No lock is taken on
a customer's balance: it is moved only where it is still what was loaded, or the whole batch is
done again. The bank's own balances, which every batch touches, are locked first, so that several
writers take turns there instead of failing each other.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

import psycopg

from data_contracts.outcome import OutcomeStatus
from ledger import arrays, statements
from ledger.booking import above, book, corrected, expire, resolve, touched
from ledger.page import event_of
from ledger.ports import RaiseConflicts
from ledger.remembered import Remembered
from ledger.values import Arrival, Effects, Expiry, Postings, Resolutions, Standing, Watermark
from ledger.writing import FasterWriter, Writing
from runtime import postgres
from runtime.postgres import Connection, Unreachable

TRIES_MAX = 10
MONTHS_AHEAD = 2
DOUBTED_BATCHES = 1_000

# Batches look up a few thousand rows by key in tables that grow from nothing: with statistics that
# are stale or absent, the planner would scan, or join by hash, and take a hundred times as long.
SESSION = {
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

# What it looks like when another writer has booked something of ours since we looked.
OUTRUN = (FasterWriter, psycopg.errors.UniqueViolation)

Result = TypeVar("Result")


class Outrun(RuntimeError):
    """Other writers moved what this batch was computed from, `TRIES_MAX` times in a row."""


class PostgresBooks:
    """The writer of the books; it connects when it has to, and again after a failure."""

    def __init__(
        self, connect: Callable[[], Connection], remembered: Remembered | None = None
    ) -> None:
        """Remember how to connect, with the `SESSION` settings; nothing is opened yet."""
        self._connect = connect
        self._remembered = remembered or Remembered()
        self._connection: Connection | None = None
        self._month: date | None = None
        self._doubted = 0

    @classmethod
    def at(cls, dsn: str, name: str, remembered: Remembered | None = None) -> "PostgresBooks":
        """The books in a database; `name` is how Postgres shows us."""
        return cls(lambda: postgres.connect(dsn, name, **SESSION), remembered)

    def close(self) -> None:
        """Leave; what is not committed never was."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def watermark(self, topic: str, partition: int) -> Watermark:
        """How far a partition has been applied."""
        given = {"topic": topic, "partition": partition}
        return self._within(
            lambda connection: _watermark(
                connection.execute(statements.WATERMARK, given).fetchone()
            )
        )

    def statuses(self, events: Collection[bytes]) -> Mapping[bytes, OutcomeStatus]:
        """The outcomes of those of the events that have one."""
        wanted = arrays.uuids(events)
        found = self._within(
            lambda connection: connection.execute(statements.STATUSES, [wanted]).fetchall()
        )
        return {event.bytes: OutcomeStatus(status) for event, status in found}

    def post(self, postings: Postings, raise_conflicts: RaiseConflicts) -> Effects:
        """Settle what stands above the watermark, and move the watermark with it."""
        self.make_months(postings.booked_at)

        def write(writing: Writing) -> Effects:
            mark = writing.begin(postings.topic, postings.partition)
            fresh = list(above(mark.position, postings.arrivals))
            known = self._known(writing, fresh)
            originals = writing.originals(corrected(fresh))
            writing.load(touched(fresh, known, originals), postings.booked_at)
            standing = Standing(
                known=known,
                balances=writing.balances,
                bounded=writing.bounded,
                holds=writing.holds(originals)[0],
                originals=originals,
            )
            effects = book(fresh, standing, postings.booked_at)
            writing.store(effects, postings.partition)
            _end(writing, postings, fresh[-1].movement.position if fresh else mark.position)
            if effects.conflicts:
                raise_conflicts(effects.conflicts)
            return effects

        return self._write(write)

    def resolve(self, resolutions: Resolutions) -> Effects:
        """End holds, each by its first resolution; every event must have been held."""
        self.make_months(resolutions.booked_at)

        def write(writing: Writing) -> Effects:
            mark = writing.begin(resolutions.topic, resolutions.partition)
            if mark.next_offset >= resolutions.next_offset:
                return Effects()
            standing = _standing(writing, map(event_of, resolutions.resolutions), resolutions)
            effects = resolve(resolutions.resolutions, standing, resolutions.booked_at)
            writing.store(effects, resolutions.partition)
            _end(writing, resolutions, resolutions.next_offset - 1)
            return effects

        return self._write(write)

    def expire(self, expiry: Expiry) -> Effects:
        """End what has been held for too long, some of it if it is much."""
        self.make_months(expiry.booked_at)

        def write(writing: Writing) -> Effects:
            standing = _standing(writing, writing.expired(expiry.before), expiry)
            holds = standing.holds.values()
            effects = expire(holds, expiry.reason, standing, expiry.booked_at)
            writing.store(effects, cell=0)
            return effects

        return self._write(write)

    def make_months(self, now: datetime) -> None:
        """See to it that this month's transfers have their partition, and those to come."""
        first = now.date().replace(day=1)
        if first != self._month:
            given = {"first": first, "months": MONTHS_AHEAD + 1}
            self._within(lambda connection: connection.execute(statements.MAKE_MONTHS, given))
            self._month = first

    def _known(self, writing: Writing, fresh: Sequence[Arrival]) -> Mapping[bytes, bytes]:
        # Hardly ever is one of them booked before, and then its row shows it: looking each up
        # would be a tenth of the database's work. Where one was, more may follow.
        if not self._doubted:
            return {}
        self._doubted -= 1
        return writing.known([arrival.event_id for arrival in fresh])

    def _write(self, write: Callable[[Writing], Result]) -> Result:
        def once(connection: Connection) -> Result:
            with connection.transaction(), connection.cursor(binary=True) as cursor:
                writing = Writing(cursor, self._remembered)
                try:
                    result = write(writing)
                except OUTRUN:
                    self._remembered.forget(writing.keys)
                    raise
            writing.remember()
            return result

        for _ in range(TRIES_MAX):
            try:
                return self._within(once)
            except OUTRUN as error:
                outrun = error
                if isinstance(error, psycopg.errors.UniqueViolation):
                    self._doubted = DOUBTED_BATCHES
        raise Outrun("the books are written by too many at once") from outrun

    def _within(self, use: Callable[[Connection], Result]) -> Result:
        if self._connection is None:
            self._connection = self._connect()
        try:
            return use(self._connection)
        except Unreachable:
            self.close()
            raise


def _watermark(row: tuple[int, int] | None) -> Watermark:
    return Watermark(*row) if row else Watermark()


def _standing(writing: Writing, events: Iterable[bytes], batch: Resolutions | Expiry) -> Standing:
    """What ending the holds of events touches."""
    holds, ended = writing.holds(list(events))
    movements = [hold.movement for hold in holds.values()]
    keys = {key for movement in movements for key in (movement.debit, movement.credit)}
    writing.load(keys, batch.booked_at)
    return Standing(balances=writing.balances, holds=holds, ended=ended)


def _end(writing: Writing, batch: Postings | Resolutions, position: int) -> None:
    writing.execute(
        statements.END_AT,
        {
            "topic": batch.topic,
            "partition": batch.partition,
            "position": position,
            "next_offset": batch.next_offset,
        },
    )
