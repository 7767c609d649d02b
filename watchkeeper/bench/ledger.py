"""How fast the books are written: from the bytes of decisions to what Postgres has made lasting."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from secrets import token_urlsafe

import msgspec
import psutil

from data_contracts import ids
from data_contracts.codec import encode
from data_contracts.decision import Decision, FeatureValue, Verdict
from data_contracts.topics import DECISIONS
from data_contracts.transaction import (
    Authentication,
    Channel,
    Direction,
    EntryMode,
    Transaction,
    TransactionType,
)
from dataflows.posting.process import collect_rarely
from ledger.arrivals import parse_decision
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.values import Arrival, Conflict, Postings
from runtime import migrations
from runtime.postgres import connect
from watchkeeper.bench.end_to_end import Machine, machine
from watchkeeper.errors import Failure
from watchkeeper.stack.servers import postgres
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running

TENANT, CURRENCY = "bench", "EUR"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOT = "acc-hot"
# As many as the catalogue has: a decision is mostly features, which posting has to read past.
FEATURES: dict[str, FeatureValue] = {f"card_amount_sum_{n}m": n * 1234.5 for n in range(57)}
REVIEWED, DECLINED = 0.015, 0.005  # What a quiet day of the demo has.
CHECK_SECONDS_MAX = 3600
_REGISTER = """
WITH opened AS (
    INSERT INTO ledger.accounts (tenant, account_id, kind, is_customer, currency, may_go_negative,
                                 opened_at)
    SELECT %(tenant)s, 'acc-' || number, 'liability', true, %(currency)s, true, %(now)s
    FROM generate_series(0, %(accounts)s - 1) AS number
    RETURNING account_key, currency
)
INSERT INTO ledger.balances (account_key, currency) SELECT account_key, currency FROM opened
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be booked; of each kind the first batches only warm up and are not measured."""

    transactions: int
    one_by_one: int
    batch: int
    accounts: int
    warm_up: int
    seed: int


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """What writing some transactions took; `cpu_us` are the writer's and Postgres's together."""

    per_second: float
    writer_us: float
    postgres_us: float
    other_cores: float

    @property
    def cpu_us(self) -> float:
        """Processor time of one transaction."""
        return round(self.writer_us + self.postgres_us, 1)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures, random accounts, then one account in all, then one transaction at a time."""

    batch: int
    accounts: int
    transactions: int
    random_accounts: Speed
    hot_account: Speed
    one_by_one: Speed
    offences: dict[str, int]
    machine: Machine
    transactions_per_second: float
    hot_account_per_second: float
    one_by_one_per_second: float
    invariants_hold: bool


@contextmanager
def own_books(folder: Path) -> Iterator[tuple[str, int]]:
    """Empty books in a durable Postgres of their own, and the number of its process."""
    port, password = free_port(), token_urlsafe()
    program = postgres.prepare(folder / "postgres", port, password)
    with running(program, folder / "postgres.log") as process:
        dsn = postgres.make_database(port, password)
        migrations.upgrade(dsn, "ledger@head", rooms=["ledger"])
        yield dsn, process.pid


@dataclass(slots=True)
class Writer:
    """Books one load after the other, in one log."""

    books: PostgresBooks
    postgres: psutil.Process
    dice: Random
    position: int = 0

    def render(self, count: int, accounts: Sequence[str]) -> list[bytes]:
        """Decisions of card payments as posting finds them in their topic."""
        begin, self.position = self.position, self.position + count
        return [self._decided(position, accounts) for position in range(begin, self.position)]

    def _decided(self, position: int, accounts: Sequence[str]) -> bytes:
        transaction = _transaction(position, self.dice, accounts)
        return encode(_decision(transaction, position, self.dice.random()))

    def measure(self, raw: Sequence[bytes], batch: int, warm_up: int) -> Speed:
        """Book all; what follows the first `warm_up` is measured."""
        collect_rarely()
        self._book(raw[:warm_up], batch)
        measured = raw[warm_up:]
        begun, before, busy = time.perf_counter(), self._used(), _busy()
        self._book(measured, batch)
        seconds, after, busy = time.perf_counter() - begun, self._used(), _busy() - busy
        writer, server = (now - then for now, then in zip(after, before, strict=True))
        return Speed(
            per_second=round(len(measured) / seconds, 1),
            writer_us=round(writer / len(measured) * 1e6, 1),
            postgres_us=round(server / len(measured) * 1e6, 1),
            other_cores=round(max(0.0, busy - writer - server) / seconds, 2),
        )

    def _used(self) -> tuple[float, float]:
        servers = [self.postgres, *self.postgres.children(recursive=True)]
        used = [each.cpu_times() for each in servers]
        return time.process_time(), sum(each.user + each.system for each in used)

    def _book(self, raw: Sequence[bytes], batch: int) -> None:
        for start in range(0, len(raw), batch):
            arrivals = [parse_decision(each, 0, BEGIN) for each in raw[start : start + batch]]
            self.books.post(_postings(arrivals), _expect_no_conflict)


def _postings(arrivals: Sequence[Arrival]) -> Postings:
    return Postings(
        topic=DECISIONS.name,
        partition=0,
        next_offset=arrivals[-1].movement.position + 1,
        arrivals=arrivals,
        booked_at=BEGIN,
    )


def _expect_no_conflict(conflicts: Sequence[Conflict]) -> None:
    raise Failure(f"{len(conflicts)} conflicts, though every id came once.", "Report this.")


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _transaction(position: int, dice: Random, accounts: Sequence[str]) -> Transaction:
    occurred_at = BEGIN + timedelta(milliseconds=position)
    return Transaction(
        transaction_id=f"bench-{position:09}",
        account_id=dice.choice(accounts),
        type=TransactionType.CARD_PAYMENT,
        direction=Direction.DEBIT,
        amount_minor=dice.randrange(100, 20_000),
        currency=CURRENCY,
        occurred_at=occurred_at,
        channel=Channel.CARD,
        card_token=f"card-{position % 100_000}",
        entry_mode=EntryMode.CONTACTLESS,
        authentication=Authentication.PIN,
        merchant_id=f"merchant-{position % 5_000}",
        merchant_category="5411",
        merchant_country="DE",
        terminal_id=f"terminal-{position % 9_000}",
        country="DE",
        tenant=TENANT,
        received_at=occurred_at,
    )


def _decision(transaction: Transaction, position: int, chance: float) -> Decision:
    event = ids.event_id(TENANT, transaction.transaction_id)
    verdict = Verdict.APPROVE
    if chance < REVIEWED + DECLINED:
        verdict = Verdict.DECLINE if chance < DECLINED else Verdict.REVIEW
    return Decision(
        decision_id=ids.text(ids.derived_id(event, "decision")),
        event_id=ids.text(event),
        cell=0,
        position=position,
        verdict=verdict,
        score=0,
        rule_set="0" * 64,
        features=FEATURES,
        transaction=transaction,
    )


def measure(load: Load, folder: Path) -> Report:
    """Write all three loads into the same new books, then check every invariant of them."""
    accounts = [f"acc-{number}" for number in range(load.accounts)]
    with own_books(folder) as (dsn, number), closing(PostgresBooks.at(dsn, "bench")) as books:
        _register(dsn, load.accounts)
        writer = Writer(books, psutil.Process(number), Random(load.seed))  # noqa: S311  (repeatable)
        count = load.warm_up + load.transactions
        spread = writer.measure(writer.render(count, accounts), load.batch, load.warm_up)
        hot = writer.measure(writer.render(count, [HOT]), load.batch, load.warm_up)
        single = writer.measure(writer.render(load.one_by_one, accounts), 1, 0)
        offences = _offences(dsn)
    return Report(
        batch=load.batch,
        accounts=load.accounts,
        transactions=load.transactions,
        random_accounts=spread,
        hot_account=hot,
        one_by_one=single,
        offences=offences,
        machine=machine(),
        transactions_per_second=spread.per_second,
        hot_account_per_second=hot.per_second,
        one_by_one_per_second=single.per_second,
        invariants_hold=not any(offences.values()),
    )


def _register(dsn: str, accounts: int) -> None:
    given = {"tenant": TENANT, "currency": CURRENCY, "accounts": accounts, "now": BEGIN}
    with connect(dsn, "bench") as connection:
        connection.execute(_REGISTER, given)
        connection.execute("VACUUM ANALYZE ledger.accounts, ledger.balances")


def _offences(dsn: str) -> dict[str, int]:
    with connect(dsn, "bench", statement_seconds=CHECK_SECONDS_MAX) as connection:
        return {finding.invariant.number: finding.count for finding in check(connection)}
