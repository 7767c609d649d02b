"""The audit chain laid beside everything that it tells of: its own links, rows, checkpoints."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ledger.auditing import opened
from runtime.audit.chain import Fault, Record, faults
from runtime.audit.checkpoints import Comparison, Keys, read
from runtime.audit.rows import Noted
from runtime.audit.store import LAST, Store

FAULTS_MAX = 20
NOTED = (
    Noted("casework", "proposals", ("proposal",), ("rule_set",)),
    Noted("casework", "approvals", ("approval",), ("rule_set", "approver")),
    Noted(
        *("casework", "publications"),
        ("rule-set", "list-entry", "breaker", "feature-warm"),
        ("cell", "position"),
    ),
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `audit verify` found; `faults` are the first ones, those of records in their order."""

    intact: bool
    records: int
    unsealed: int
    rows: int
    checkpoints: int
    head: str
    fault_count: int
    faults: tuple[Fault, ...] = ()


class Counter:
    """Counts on, and tells how far it is."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        """Nothing is counted yet."""
        self.count = 0
        self._tell = tell

    def __call__(self, more: int) -> None:
        """So many more."""
        self.count += more
        self._tell(self.count)


def verify(
    dsn: str,
    folder: Path,
    keys: Keys,
    span: tuple[int, int] = (1, LAST),
    tell: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Check records from one number to another; all of them: rows without a record are found too.

    `folder` is where the checkpoints are; `tell` is told how many records and rows were looked at.
    """
    found: list[Fault] = []
    seen = Counter(tell)
    with opened(dsn, *span, tick=seen) as books:
        store = Store(books.told)
        comparison = Comparison(read(folder), keys.public, is_whole=span[1] == LAST)
        records = comparison.beside(_counted(store.records(*span), seen), found)
        found.extend(faults(records, keys.sealing, store.link(span[0] - 1)))
        count = seen.count
        found.extend(books.faults())
        for noted in NOTED:
            found.extend(noted.faults(books.rows, *span))
        unsealed, head = store.unsealed(), store.end().hash.hex()
    return Report(
        intact=not found,
        records=count,
        unsealed=unsealed,
        rows=seen.count - count,
        checkpoints=comparison.matched,
        head=head,
        fault_count=len(found),
        faults=tuple(sorted(found, key=_order)[:FAULTS_MAX]),
    )


def _counted(records: Iterator[Record], seen: Counter) -> Iterator[Record]:
    for record in records:
        seen(1)
        yield record


def _order(fault: Fault) -> tuple[bool, int]:
    return fault.seq is None, fault.seq or 0
