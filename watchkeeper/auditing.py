"""The audit chain laid beside everything that it tells of: its own links, rows, checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ledger.auditing import opened
from runtime.audit.chain import Fault, Link, Record, faults
from runtime.audit.checkpoints import Keys
from runtime.audit.comparison import Comparison
from runtime.audit.places import Place
from runtime.audit.ports import LAST
from runtime.audit.rows import Noted
from runtime.audit.store import Store
from watchkeeper.audit_archive import Archived

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
    """What `audit verify` found; `faults` are the first ones, those of records in their order.

    `checkpoints` are those that agree, and `places` where they are.
    """

    intact: bool
    records: int
    unsealed: int
    rows: int
    checkpoints: int
    places: dict[str, int] = {}
    is_whole: bool = True
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to verify: records from one number to another, and what stands outside of the database.

    Of all records: rows without a record are found too. `archive` tells which row was changed.
    """

    places: Sequence[Place]
    keys: Keys
    archive: Path
    first: int = 1
    last: int = LAST

    def until(self, end: Link) -> int:
        """The number of the last record that must be there."""
        if self.last != LAST:
            return self.last
        return max(end.count, self.first) if self.first > 1 else end.count


def verify(dsn: str, asked: Asked, tell: Callable[[int], None] = lambda _count: None) -> Report:
    """Check what is asked; `tell` is told how many records and rows were looked at."""
    found: list[Fault] = []
    seen, keys, span = Counter(tell), asked.keys, (asked.first, asked.last)
    with opened(dsn, *span, tick=seen, others=Archived(asked.archive)) as books:
        store = Store(books.told)
        before, until = store.link(span[0] - 1), asked.until(store.end())
        records = _counted(store.records(*span), seen)
        comparisons = {
            place.name: Comparison(place.found(), keys.public, before, asked.last == LAST)
            for place in asked.places
        }
        for comparison in comparisons.values():
            records = comparison.beside(records, found)
        found.extend(faults(records, keys.sealing, before, until))
        count = seen.count
        found.extend(books.faults())
        for noted in NOTED:
            found.extend(noted.faults(books.rows, *span))
        unsealed, head = store.unsealed(), store.end().hash.hex()
    agreeing = {name: each.matched for name, each in comparisons.items()}
    return Report(
        intact=not found,
        records=count,
        unsealed=unsealed,
        rows=seen.count - count,
        checkpoints=sum(agreeing.values()),
        places=agreeing,
        is_whole=span == (1, LAST),
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
