"""A batch of the log is read as each message alone would be at the door."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts import codec
from data_contracts.dead_letter import DeadLetter
from data_contracts.door import parse_stored
from data_contracts.violation import ContractViolation
from dataflows.connectors import LogBatch, Logged
from dataflows.scoring.intake import Accepted, Intake
from tests.data_contracts.requests import ACCEPTED, REFUSALS
from tests.data_contracts.strategies import transactions
from tests.dataflows.scoring.logs import TOPICS
from tests.factories import a_transaction

Read = tuple[int, bytes | str]
"""A position, with the canonical bytes or the code of the refusal."""


def taken(raws: Sequence[bytes]) -> list[Read]:
    """What intake makes of messages, copies left out."""
    messages = [Logged(position, raw) for position, raw in enumerate(raws)]
    work = Intake(TOPICS.log, TOPICS.rejected).take(LogBatch(0, messages)).work
    assert isinstance(work, Accepted)
    rows = enumerate(work.positions)
    found: list[Read] = [(position, work.messages.canonical(row)) for row, position in rows]
    letters = [codec.decode(letter.value, DeadLetter) for letter in work.rejections]
    found += [(letter.offset, letter.code) for letter in letters]
    return sorted(found, key=lambda item: item[0])


def alone(raws: Sequence[bytes]) -> list[Read]:
    """What the door makes of each, copies left out."""
    found, seen = list[Read](), set[tuple[str, str]]()
    for position, raw in enumerate(raws):
        try:
            transaction, canonical = parse_stored(raw)
        except ContractViolation as violation:
            found.append((position, violation.code))
            continue
        name = transaction.tenant, transaction.transaction_id
        if name not in seen:
            found.append((position, canonical))
        seen.add(name)
    return found


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A transaction as we write it, or with something wrong in it."""
    raw = codec.encode(draw(transactions()))
    if draw(st.booleans()):
        return raw
    begin = draw(st.integers(0, len(raw) - 1))
    return raw[:begin] + draw(st.binary(max_size=2)) + raw[begin + draw(st.integers(0, 2)) :]


@settings(deadline=None)  # The first call may compile.
@given(st.lists(written(), min_size=1, max_size=8))
def test_a_batch_is_read_as_message_by_message(raws: list[bytes]) -> None:
    assert taken(raws) == alone(raws)


@pytest.mark.parametrize(
    "raw",
    [*ACCEPTED.values(), *(raw for raw, _, _ in REFUSALS.values())],
    ids=[*ACCEPTED, *REFUSALS],
)
def test_an_unusual_message_changes_no_other(raw: bytes) -> None:
    unusual = raw[:-1] + b',"tenant":"demo","received_at":"2026-03-02T12:00:00Z"}'
    plain = codec.encode(a_transaction())

    raws = [plain, unusual, plain, unusual]

    assert taken(raws) == alone(raws)
