"""Checkpoints outside of the database: signed, appended, and laid beside the chain."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from runtime.audit.chain import Fault, Link, Note, Record, chained
from runtime.audit.checkpoints import FILE, Checkpoint, Keys, append, is_signed, read
from runtime.audit.comparison import Comparison
from runtime.audit.places import File, Found

KEYS = Keys.of("only-for-tests-only-for-tests-only")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def chain(count: int, word: str = "body") -> list[Record]:
    notes = [
        Note(source="ledger", kind="postings", actor="a", noted_at=NOON, body=f"{word} {number}")
        for number in range(count)
    ]
    return list(chained(notes, Link(), NOON, KEYS.sealing))


def signed(records: list[Record]) -> Checkpoint:
    return KEYS.sign(Link(records[-1].seq, records[-1].hash), NOON)


def compared(records: list[Record], checkpoints: list[Checkpoint]) -> tuple[int, list[Fault]]:
    return laid_beside(records, [Found("somewhere", each) for each in checkpoints])


def laid_beside(records: list[Record], stand: Iterable[Found]) -> tuple[int, list[Fault]]:
    found: list[Fault] = []
    comparison = Comparison(iter(stand), KEYS.public)
    assert list(comparison.beside(records, found)) == records
    return comparison.matched, found


def test_a_signature_is_of_its_checkpoint_only() -> None:
    checkpoint = signed(chain(2))
    assert is_signed(checkpoint, KEYS.public)
    assert not is_signed(msgspec.structs.replace(checkpoint, count=1), KEYS.public)
    assert not is_signed(checkpoint, Keys.of("another" * 6).public)


def test_keys_come_from_the_secret_and_the_two_differ() -> None:
    assert Keys.of("a" * 32).public_pem == Keys.of("a" * 32).public_pem
    assert Keys.of("a" * 32).public_pem != Keys.of("b" * 32).public_pem
    assert Keys.of("a" * 32).sealing != Keys.of("a" * 32).signing.private_bytes_raw()


def test_lines_are_added_and_a_torn_one_is_taken_away(tmp_path: Path) -> None:
    records = chain(3)
    append(tmp_path, signed(records[:1]))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"count":2,"he')
    assert [each.count for each in read(tmp_path)] == [1]
    append(tmp_path, signed(records))
    assert [each.count for each in read(tmp_path)] == [1, 3]


def test_every_checkpoint_of_an_intact_chain_matches() -> None:
    records = chain(5)
    assert compared(records, [signed(records[:2]), signed(records[:2]), signed(records)]) == (3, [])


def test_a_tail_that_is_gone_is_missed() -> None:
    records = chain(5)
    matched, (fault,) = compared(records[:3], [signed(records[:2]), signed(records)])
    assert matched == 1
    assert fault.seq == 4
    assert "the tail is cut off" in fault.what


def test_a_chain_that_was_wholly_rewritten_with_the_key_is_told() -> None:
    _, (fault,) = compared(chain(4, "forged"), [signed(chain(4))])
    assert fault.seq == 4
    assert "rewritten" in fault.what


def test_a_line_that_somebody_else_wrote_is_told(tmp_path: Path) -> None:
    records = chain(2)
    append(tmp_path, signed(records))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b"no checkpoint\n")
    _, (fault,) = laid_beside(records, File(tmp_path).found())
    assert fault == Fault(None, f"line 2 of {FILE} is not signed by this stack")
