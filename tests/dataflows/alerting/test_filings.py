from casework.memory import MemoryCasebook
from casework.ports import Filing
from casework.values import Watermark
from data_contracts import codec
from data_contracts.control import ControlKind
from data_contracts.decision import Decision, Verdict
from dataflows.alerting import filings
from dataflows.alerting.messages import Message, Messages
from rules.model import Suppress
from tests.casework.published import RULE_SET, a_record
from tests.factories import (
    NOON,
    a_dead_letter,
    a_decision,
    a_hit,
    a_transaction,
    an_operational_alert,
    minute,
)

QUIET = {"card-burst": Suppress(by="card_token", for_ms=3_600_000)}


def messages(*values: bytes, topic: str = "decisions.v1", kind: str | None = None) -> Messages:
    found = [
        Message(topic=topic, partition=0, offset=offset, value=value, made_at=NOON, kind=kind)
        for offset, value in enumerate(values)
    ]
    return Messages(topic=topic, partition=0, next_offset=len(values), found=found)


def a_review(position: int, at: float = 0) -> Decision:
    return a_decision(
        position=position,
        verdict=Verdict.REVIEW,
        hits=(a_hit(),),
        transaction=a_transaction(occurred_at=minute(at)),
    )


def of_decisions(*values: bytes, position: int = -1) -> Filing:
    return filings.of_decisions(
        messages(*values), MemoryCasebook(), position, lambda _hash, _cell, _position: QUIET
    )


def test_only_what_crossed_the_line_is_filed() -> None:
    found = of_decisions(codec.encode(a_decision(position=3)), codec.encode(a_review(4)))

    assert [filed.alert.position for filed in found.alerts] == [4]
    assert found.reached == Watermark("decisions.v1", 0, position=4, next_offset=2)


def test_positions_that_were_met_are_left_out() -> None:
    values = [codec.encode(a_review(position)) for position in (4, 5, 6, 5, 6, 7)]

    found = of_decisions(*values, position=5)

    assert [filed.alert.position for filed in found.alerts] == [6, 7]
    assert found.reached.position == 7


def test_a_batch_that_was_met_whole_keeps_its_position_and_moves_on() -> None:
    found = of_decisions(codec.encode(a_review(4)), position=9)

    assert found.alerts == []
    assert found.reached == Watermark("decisions.v1", 0, position=9, next_offset=1)


def test_silences_reach_over_batches() -> None:
    casebook = MemoryCasebook()

    def file(position: int, at: float) -> Filing:
        found = filings.of_decisions(
            messages(codec.encode(a_review(position, at))),
            casebook,
            position - 1,
            lambda _hash, _cell, _position: QUIET,
        )
        casebook.kept_silences |= {silence.place: silence for silence in found.silences}
        return found

    assert file(1, at=0).alerts[0].quieted_by is None
    assert file(2, at=59).alerts[0].quieted_by == "card-burst"
    assert file(3, at=60).alerts[0].quieted_by is None


def test_what_is_no_decision_becomes_a_dead_letter() -> None:
    found = of_decisions(b"{", codec.encode(a_review(1)))

    (rejected,) = found.rejected
    assert (rejected.letter.topic, rejected.letter.offset) == ("decisions.v1", 0)
    assert rejected.letter.value == b"{"
    assert rejected.rejected_at == NOON
    assert len(found.alerts) == 1


def test_operational_alerts_are_filed_as_they_come() -> None:
    alert = an_operational_alert()

    found = filings.of_operations(messages(codec.encode(alert), b"nothing", topic="alerts.v1"))

    assert [filed.alert for filed in found.alerts] == [alert]
    assert [rejected.letter.offset for rejected in found.rejected] == [1]


def test_rejections_are_filed_and_so_are_those_that_are_none() -> None:
    letter = a_dead_letter(b"{ 4111 1111 1111 1111", offset=17)

    found = filings.of_rejections(messages(codec.encode(letter), b"?", topic="rejected.v1"))

    assert [rejected.letter.topic for rejected in found.rejected] == [
        "transactions.v1",
        "rejected.v1",
    ]
    assert found.rejected[0].letter == letter
    assert found.reached.position == 17


def test_control_records_are_filed_and_broken_ones_left_to_the_scorer() -> None:
    found = filings.of_controls(messages(a_record(), b"{}", topic="t", kind="rule-set"))

    assert [publication.kind for publication in found.publications] == [ControlKind.RULE_SET]
    assert found.publications[0].rule_set == RULE_SET.fingerprint()
    assert found.reached == Watermark("t", 0, position=1, next_offset=2)
