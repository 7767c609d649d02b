from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import polars as pl

from data_contracts import codec
from data_contracts.decision import Decision
from dataflows.archiving import columns
from dataflows.archiving.archiver import Archiver, Store, above
from dataflows.archiving.buffer import Patience
from dataflows.archiving.columns import Message, Read
from runtime.archive import Archive, Housekeeping, Mark, active_files
from tests.factories import NOON, a_decision, a_transaction

PATIENCE = Patience(longest=timedelta(seconds=5))


def an_archiver(folder: Path) -> Archiver:
    archive = Archive.open(folder / "transactions")
    store = Store(archive, Housekeeping.of(archive, NOON), Lock())
    return Archiver.open(store, 0, folder / "ids", PATIENCE)


def give(archiver: Archiver, decisions: Sequence[Decision], now: datetime = NOON) -> None:
    start = archiver.next_offset
    archiver.take(
        [
            Message(start + number, 0, codec.encode(decision))
            for number, decision in enumerate(decisions)
        ],
        start + len(decisions),
        now,
    )


def stored(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(active_files(folder / "transactions")).sort("position")


def decided(*positions: int) -> list[Decision]:
    return [a_decision(position=position) for position in positions]


def test_rows_are_stored_once_they_are_due(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)

    give(archiver, decided(0, 1), NOON)
    assert active_files(tmp_path / "transactions") == []

    give(archiver, [], NOON + timedelta(seconds=1))
    assert stored(tmp_path)["position"].to_list() == [0, 1]
    assert archiver.store.archive.mark(0) == Mark(1, 2)


def test_a_restart_begins_behind_what_was_stored(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)
    give(archiver, decided(0, 1, 2))
    archiver.flush()
    give(archiver, decided(3, 4))  # Killed before these are stored.

    again = an_archiver(tmp_path)
    assert again.next_offset == 3
    give(again, decided(3, 4, 5))
    again.flush()

    assert stored(tmp_path)["position"].to_list() == [0, 1, 2, 3, 4, 5]


def test_decisions_that_are_sent_twice_are_stored_once(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)
    same = decided(*range(6))
    give(archiver, same[:4])
    archiver.flush()

    give(archiver, [*same[2:], *same[1:]])
    archiver.flush()

    assert stored(tmp_path)["position"].to_list() == [0, 1, 2, 3, 4, 5]
    assert archiver.store.archive.mark(0) == Mark(5, 13)


def test_a_later_copy_points_to_the_first(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)
    twice = a_transaction()
    give(archiver, [a_decision(position=3, transaction=twice), *decided(4)])
    archiver.flush()
    give(archiver, [a_decision(position=position, transaction=twice) for position in (8, 9)])
    archiver.flush()
    restarted = an_archiver(tmp_path)
    give(restarted, [a_decision(position=12, transaction=twice), *decided(13)])
    restarted.flush()

    assert dict(stored(tmp_path).select("position", "duplicate_of").iter_rows()) == {
        3: None,
        4: None,
        8: 3,
        9: 3,
        12: 3,
        13: None,
    }


def test_a_lost_index_is_made_again_from_the_archive(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)
    twice = a_transaction()
    give(archiver, [a_decision(position=1, transaction=twice)])
    archiver.flush()
    for file in (tmp_path / "ids").rglob("*.npy"):
        file.unlink()

    again = an_archiver(tmp_path)
    give(again, [a_decision(position=2, transaction=twice)])
    again.flush()

    assert stored(tmp_path)["duplicate_of"].to_list() == [None, 1]


def test_an_unreadable_message_is_passed_over_and_the_mark_moves(tmp_path: Path) -> None:
    archiver = an_archiver(tmp_path)

    archiver.take([Message(0, 0, b"nonsense")], 1, NOON)
    archiver.flush()

    assert archiver.store.archive.mark(0) == Mark(-1, 1)
    assert an_archiver(tmp_path).next_offset == 1


def test_only_rising_positions_are_above() -> None:
    rows = [columns.row(decision) for decision in decided(4, 5, 5, 3, 7, 6, 8)]

    kept = above(Read(rows, list(range(7)), []), position=4)

    assert [row.position for row in kept.rows] == [5, 7, 8]
    assert list(kept.made_ms) == [1, 4, 6]
