"""One batch inside its transaction: load what it touches, store what it changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.rows import TupleRow

from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger import arrays, rows, statements
from ledger.chart import is_own, opened
from ledger.remembered import Kept, Remembered
from ledger.values import Balance, BookKey, Effects, Hold, Movement, Original, Watermark
from ledger.witness import Witness
from runtime.audit.store import NOTE

EXPIRED_MAX = 1_000


class FasterWriter(Exception):
    """Another writer has moved a balance since it was loaded: do the batch again."""


@dataclass(slots=True)
class Writing:
    """A transaction's cursor, and the balances that it has loaded or recalled."""

    cursor: Cursor[TupleRow]
    remembered: Remembered
    bounds: int = -1
    keys: dict[BookKey, int] = field(default_factory=dict)
    balances: dict[BookKey, Balance] = field(default_factory=dict)
    bounded: set[BookKey] = field(default_factory=set)
    recalled: dict[BookKey, Kept] = field(default_factory=dict)
    moved: Mapping[BookKey, tuple[Balance, Balance]] = field(default_factory=dict)

    def begin(self, topic: str, partition: int) -> Watermark:
        """Take the watermark's lock."""
        given = {"topic": topic, "partition": partition}
        ((position, next_offset, self.bounds),) = self.execute(statements.BEGIN_AT, given)
        self.remembered.begin(self.bounds)
        return Watermark(position, next_offset)

    def load(self, wanted: Collection[BookKey], now: datetime) -> None:
        """Have balances, opening what is unknown; the bank's own are locked, and first."""
        own = sorted(key for key in wanted if is_own(key.account_id))
        self._have(own, statements.BALANCES_LOCKED, now)
        customers = [key for key in wanted if not is_own(key.account_id)]
        self.recalled = self.remembered.recall(customers)
        self.keys.update({key: kept.account for key, kept in self.recalled.items()})
        self.balances.update({key: kept.balance for key, kept in self.recalled.items()})
        unknown = [key for key in customers if key not in self.recalled]
        self._have(unknown, statements.BALANCES, now)

    def _have(self, keys: Sequence[BookKey], query: str, now: datetime) -> None:
        self._load(keys, query)
        missing = [key for key in keys if key not in self.keys]
        if missing:
            self._load(self._open(missing, now), query)

    def _load(self, keys: Sequence[BookKey], query: str) -> None:
        if not keys:
            return
        for number, account, may_go_negative, posted, held, version in self.execute(
            query, _names(keys)
        ):
            key = keys[number - 1]
            self.keys[key] = account
            self.balances[key] = Balance(posted, held, version)
            if not may_go_negative:
                self.bounded.add(key)

    def _open(self, keys: Sequence[BookKey], now: datetime) -> list[BookKey]:
        """Those whose account was there before: they are to be loaded again."""
        numbers = self._open_accounts(keys, now)
        new = sorted((numbers[key[:2]], key) for key in keys if key[:2] in numbers)
        if new:
            given = {
                "account_keys": arrays.integers([number for number, _ in new]),
                "currencies": arrays.texts([key.currency for _, key in new]),
            }
            self.execute(statements.FIRST_BALANCES, given)
            self.keys.update({key: number for number, key in new})
            self.balances.update(dict.fromkeys([key for _, key in new], Balance()))
        old = sorted(key for key in keys if key[:2] not in numbers)
        if old:
            self.execute(statements.OPEN_BALANCES, _names(old))
        return old

    def _open_accounts(self, keys: Sequence[BookKey], now: datetime) -> dict[tuple[str, str], int]:
        # The first movement opens an account; in order of name, two writers cannot block.
        first = {key[:2]: opened(key) for key in reversed(keys)}
        accounts = [account for _, account in sorted(first.items())]
        found = self.execute(
            statements.OPEN_ACCOUNTS,
            {
                "tenants": [account.tenant for account in accounts],
                "account_ids": [account.account_id for account in accounts],
                "kinds": [account.kind.value for account in accounts],
                "are_customers": [account.is_customer for account in accounts],
                "currencies": [account.currency for account in accounts],
                "may_go_negative": [account.may_go_negative for account in accounts],
                "opened_at": now,
            },
        )
        return {(tenant, account_id): number for number, tenant, account_id in found}

    def known(self, events: Sequence[bytes]) -> dict[bytes, bytes]:
        """The payload hashes of those of the events that are in the books."""
        if not events:
            return {}
        found = self.execute(statements.KNOWN, [arrays.uuids(events)])
        return {event.bytes: payload_hash for event, payload_hash in found}

    def holds(self, events: Collection[bytes]) -> tuple[dict[bytes, Hold], set[bytes]]:
        """The holds of events, and those of them that have ended."""
        if not events:
            return {}, set()
        found = self.execute(statements.HOLDS, [arrays.uuids(events)])
        holds = {row[0].bytes: _hold(*row[:10]) for row in found}
        return holds, {row[0].bytes for row in found if row[10]}

    def originals(self, events: Collection[bytes]) -> dict[bytes, Original]:
        """Those of the events that are in the books; nobody else corrects them meanwhile."""
        if not events:
            return {}
        locks = sorted(int.from_bytes(event[:8], "big", signed=True) for event in events)
        self.execute(statements.LOCK_ORIGINALS, [arrays.integers(locks)])
        found = self.execute(statements.ORIGINALS, [arrays.uuids(events)])
        return {row[0].bytes: _original(*row) for row in found}

    def expired(self, before: datetime) -> list[bytes]:
        """Events whose holds are too old and open, at most `EXPIRED_MAX` of them."""
        given = {"before": before, "limit": EXPIRED_MAX}
        found = [event.bytes for (event,) in self.execute(statements.EXPIRED, given)]
        if len(found) < EXPIRED_MAX:
            self.execute(statements.EXPIRED_ALL, given)
        return found

    def store(self, effects: Effects, cell: int) -> None:
        """Write all that a batch changes; raises `FasterWriter` and leaves nothing then."""
        self._doubt_refusals(effects)
        self.moved = effects.balances
        witness = Witness()
        self._copy(rows.OUTCOMES, witness.seeing("outcomes", rows.outcomes(effects.settlements)))
        self._copy(
            rows.TRANSFERS,
            witness.seeing("transfers", rows.transfers(effects.transfers, self.keys)),
        )
        self._copy(rows.HOLDS, witness.seeing("holds", rows.holds(effects.holds, self.keys)))
        self._copy(
            rows.RESOLUTIONS, witness.seeing("resolutions", rows.resolutions(effects.resolved))
        )
        self._copy(
            rows.CORRECTIONS, witness.seeing("corrections", rows.corrections(effects.corrections))
        )
        self._copy(rows.CONFLICTS, witness.seeing("conflicts", rows.conflicts(effects.conflicts)))
        self._move(effects.balances)
        counts = effects.counts()
        if counts:
            names, numbers = sorted(counts), [counts[name] for name in sorted(counts)]
            self.execute(statements.ADD_TOTALS, {"cell": cell, "names": names, "counts": numbers})
        if note := witness.told(effects, cell):
            self.execute(NOTE, note)

    def _doubt_refusals(self, effects: Effects) -> None:
        # A refusal moves nothing, so that nothing else would show what it rests on to be stale.
        movements = [
            each.arrival.movement
            for each in effects.settlements
            if each.status is OutcomeStatus.REFUSED
        ]
        if any(each.debit in self.recalled or each.credit in self.recalled for each in movements):
            raise FasterWriter

    def remember(self) -> None:
        """Keep for the next batch what this one, committed by now, has left."""
        left = {
            key: Kept(number, self.moved[key][1] if key in self.moved else self.balances[key])
            for key, number in self.keys.items()
            if key not in self.bounded and not is_own(key.account_id)
        }
        self.remembered.keep(self.bounds, left)

    def _copy(self, statement: str, parts: Iterable[bytes]) -> None:
        """Send part by part: Postgres takes one in while we make the next."""
        each = iter(parts)
        first = next(each, None)
        if first is not None:
            with self.cursor.copy(statement.encode()) as copy:
                copy.write(rows.as_csv(first))
                for part in each:
                    copy.write(rows.as_csv(part))

    def _move(self, balances: Mapping[BookKey, tuple[Balance, Balance]]) -> None:
        if not balances:
            return
        moves = sorted((self.keys[key], key.currency, key) for key in balances)
        before, now = zip(*[balances[key] for _, _, key in moves], strict=True)
        self.execute(
            statements.MOVE_BALANCES,
            {
                "keys": arrays.integers([account for account, _, _ in moves]),
                "currencies": arrays.texts([currency for _, currency, _ in moves]),
                "posted": arrays.integers([balance.posted for balance in now]),
                "held": arrays.integers([balance.held for balance in now]),
                "versions": arrays.integers([balance.version for balance in now]),
                "old_held": arrays.integers([balance.held for balance in before]),
                "old_versions": arrays.integers([balance.version for balance in before]),
            },
        )
        if self.cursor.rowcount != len(moves):
            raise FasterWriter

    def execute(self, query: str, given: Any) -> list[TupleRow]:  # noqa: ANN401  (arrays)
        """The rows of one statement."""
        self.cursor.execute(query.encode(), given)
        return self.cursor.fetchall() if self.cursor.description else []


def _names(keys: Sequence[BookKey]) -> dict[str, str]:
    return {
        "tenants": arrays.texts([key.tenant for key in keys]),
        "account_ids": arrays.texts([key.account_id for key in keys]),
        "currencies": arrays.texts([key.currency for key in keys]),
    }


def _original(*row: Any) -> Original:  # noqa: ANN401  (the columns of `ORIGINALS`)
    event, tenant, account_id, kind, direction, amount, currency, status, ended = row[:9]
    debit, credit, given_back = row[9:]
    is_booked = debit is not None
    return Original(
        event_id=event.bytes,
        customer=BookKey(tenant, account_id, currency),
        type=TransactionType(kind),
        direction=Direction(direction),
        amount_minor=amount,
        status=OutcomeStatus(status),
        sides=(BookKey(tenant, debit, currency), BookKey(tenant, credit, currency))
        if is_booked
        else None,
        ended=ResolutionKind(ended) if ended else None,
        given_back=given_back,
    )


def _hold(*row: Any) -> Hold:  # noqa: ANN401  (the columns of `HOLDS`)
    event, cell, position, amount, currency, occurred_at, booked_at, tenant, debit, credit = row
    movement = Movement(
        event_id=event.bytes,
        cell=cell,
        position=position,
        debit=BookKey(tenant, debit, currency),
        credit=BookKey(tenant, credit, currency),
        amount_minor=amount,
        occurred_at=occurred_at,
    )
    return Hold(movement=movement, booked_at=booked_at)
