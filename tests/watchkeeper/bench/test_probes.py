import msgspec
import numpy as np
import pytest

from data_contracts.codec import encode
from tests.factories import a_decision, a_transaction
from watchkeeper.bench.probes import Decided, Marks, Probe


def decision(transaction_id: str, position: int) -> bytes:
    return encode(
        a_decision(transaction=a_transaction(transaction_id=transaction_id), position=position)
    )


def test_a_decision_is_noted_under_the_number_of_its_transaction() -> None:
    decided = Decided.of("abc", 3)
    decided.note(decision("abc-00000001", 77), 5.0)
    assert decided.positions.tolist() == [-1, 77, -1]
    assert decided.moments[1] == 5.0
    assert np.isnan(decided.moments[0])


def test_a_decision_that_comes_twice_is_counted_and_keeps_its_first_moment() -> None:
    decided = Decided.of("abc", 1)
    for moment in (1.0, 2.0):
        decided.note(decision("abc-00000000", 7), moment)
    assert (decided.repeated, decided.moments[0]) == (1, 1.0)


def test_decisions_of_other_runs_are_none_of_ours() -> None:
    decided = Decided.of("abc", 1)
    decided.note(decision("xyz-00000000", 7), 1.0)
    assert decided.positions.tolist() == [-1]


def test_only_a_watermark_that_moved_is_kept() -> None:
    marks = Marks()
    for position, moment in ((4, 1.0), (4, 2.0), (9, 3.0)):
        marks.note(position, moment)
    assert (marks.positions, marks.moments) == ([4, 9], [1.0, 3.0])


def test_what_goes_wrong_while_looking_ends_the_run() -> None:
    def look() -> None:
        raise msgspec.DecodeError("no decision")

    def watch() -> None:
        with Probe(look, lambda: None):
            pass

    with pytest.raises(msgspec.DecodeError, match="no decision"):
        watch()
