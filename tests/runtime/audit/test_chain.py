"""The pure chain: whatever is changed in it is found, and named."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audit.chain import Fault, Link, Note, Record, chained, faults, hash_of, seal_of

KEY = b"k" * 32
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def notes(bodies: Sequence[str]) -> list[Note]:
    return [
        Note(source="ledger", kind="postings", actor="posting", noted_at=NOON, body=body)
        for body in bodies
    ]


def chain(count: int) -> list[Record]:
    return list(chained(notes([f"body {number}" for number in range(count)]), Link(), NOON, KEY))


def first(records: Sequence[Record], key: bytes = KEY) -> Fault:
    return next(faults(records, key))


@given(st.lists(st.text(), max_size=8), st.integers(0, 8))
def test_a_chain_made_in_one_go_or_in_two_is_the_same_and_intact(
    bodies: list[str], cut: int
) -> None:
    whole = chained(notes(bodies), Link(), NOON, KEY)
    begun = chained(notes(bodies[:cut]), Link(), NOON, KEY)
    end = Link(begun[-1].seq, begun[-1].hash) if begun else Link()
    assert [*begun, *chained(notes(bodies[cut:]), end, NOON, KEY)] == whole
    assert list(faults(whole, KEY)) == []


CHANGES = {
    "source": "casework",
    "kind": "ends",
    "actor": "somebody",
    "noted_at": NOON + timedelta(microseconds=1),
    "body": "another",
}


@given(st.integers(1, 5), st.sampled_from(sorted(CHANGES)))
def test_a_change_of_any_field_of_a_note_is_found_at_its_record(seq: int, field: str) -> None:
    records = chain(5)
    changed = msgspec.structs.replace(records[seq - 1].note, **{field: CHANGES[field]})
    records[seq - 1] = msgspec.structs.replace(records[seq - 1], note=changed)
    assert first(records) == Fault(seq, "its content is not what was sealed: the hash differs")


@pytest.mark.parametrize("field", ["hash", "previous", "sealed_at", "seal"])
def test_a_change_of_any_field_beside_the_note_is_found(field: str) -> None:
    records = chain(5)
    other = NOON + timedelta(seconds=1) if field == "sealed_at" else b"x" * 32
    records[4] = msgspec.structs.replace(records[4], **{field: other})
    assert first(records).seq == 5


@given(st.lists(st.integers(1, 6), min_size=2, max_size=2, unique=True))
def test_two_records_that_changed_places_are_found(pair: list[int]) -> None:
    records, (one, other) = chain(6), sorted(pair)
    a, b = records[one - 1], records[other - 1]
    records[one - 1] = msgspec.structs.replace(b, seq=one)
    records[other - 1] = msgspec.structs.replace(a, seq=other)
    assert first(records).seq == one


@given(st.integers(1, 4), st.integers(1, 2))
def test_a_gap_in_the_middle_is_found_and_its_ends_are_named(begin: int, length: int) -> None:
    records = chain(8)
    del records[begin - 1 : begin - 1 + length]
    found = first(records)
    assert found.seq == begin + length
    assert f"{begin}" in found.what
    assert "missing" in found.what


def test_a_gap_that_was_closed_by_new_numbers_is_found() -> None:
    records = chain(5)
    records[2:] = [msgspec.structs.replace(each, seq=each.seq - 1) for each in records[3:]]
    assert first(records).seq == 3


def test_a_forged_record_is_told_by_its_seal() -> None:
    records = chain(3)
    end = Link(3, records[-1].hash)
    records += chained(notes(["forged"]), end, NOON, b"another key" * 3)
    assert first(records) == Fault(
        4, "its seal was not made with this stack's key: somebody else wrote it"
    )


def test_one_record_that_was_rewritten_with_the_key_is_told_by_the_one_behind_it() -> None:
    records = chain(4)
    before = Link(1, records[0].hash)
    (records[1],) = chained(notes(["rewritten"]), before, NOON, KEY)
    assert list(faults(records, KEY)) == [
        Fault(3, "it does not follow record 2: that had another hash when it was sealed")
    ]


def test_a_chain_rewritten_without_the_key_is_told_from_its_first_record() -> None:
    rewritten = list(chained(notes(["a", "b", "c"]), Link(), NOON, b"guessed" * 5))
    assert first(rewritten).seq == 1


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_text_cannot_wander_from_one_field_into_the_next(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    def made(pair: tuple[str, str]) -> bytes:
        note = Note(source="s", kind=pair[0], actor=pair[1], noted_at=NOON, body="")
        return hash_of(1, note, NOON, bytes(32))

    assert (made(one) == made(other)) == (one == other)


def test_the_hash_is_the_same_in_every_version_for_ever() -> None:
    (record,) = chained(notes(["{}"]), Link(), NOON, KEY)
    assert record.hash.hex() == FROZEN_HASH
    assert record.seal == seal_of(KEY, record.hash)


FROZEN_HASH = "90148aad0f95b1bb32cd437ab18307153d38c22e868f0cf7e09adef736f94315"
