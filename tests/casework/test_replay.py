import pytest

from casework.memory import MemoryCasebook
from casework.ports import Filing
from casework.replay import NotReplayable, replay
from casework.values import KeptLetter, Rejected, Watermark
from tests.factories import NOON, a_dead_letter, minute


def a_casebook(value: bytes = b"{", topic: str = "transactions.v1") -> MemoryCasebook:
    letter = a_dead_letter(value, topic=topic)
    casebook = MemoryCasebook()
    casebook.file(Filing(reached=Watermark("rejected", 0, 5, 1), rejected=[Rejected(letter, NOON)]))
    return casebook


def first(casebook: MemoryCasebook) -> KeptLetter:
    return casebook.latest(1)[0]


def test_the_original_is_sent_once_and_who_did_it_is_kept() -> None:
    casebook, sent = a_casebook(), list[bytes]()

    def send(kept: KeptLetter) -> None:
        sent.append(kept.letter.value)

    assert replay(first(casebook), casebook, send, "ops-1", minute(1))
    assert not replay(first(casebook), casebook, send, "ops-2", minute(2))

    assert sent == [b"{"]
    assert first(casebook).replayed_by == "ops-1"


@pytest.mark.parametrize(
    ("casebook", "said"),
    [
        (a_casebook(b'{"card_token": "4111111111111111"}'), "its original is not kept"),
        (a_casebook(topic="decisions.v1"), "only messages of transactions.v1"),
    ],
)
def test_what_is_not_the_original_is_never_sent(casebook: MemoryCasebook, said: str) -> None:
    def send(kept: KeptLetter) -> None:
        pytest.fail(f"{kept.number} was sent")

    with pytest.raises(NotReplayable, match=said):
        replay(first(casebook), casebook, send, "ops-1", minute(1))

    assert first(casebook).replayed_at is None


def test_a_send_that_fails_marks_nothing() -> None:
    casebook = a_casebook()

    def send(_kept: KeptLetter) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        replay(first(casebook), casebook, send, "ops-1", minute(1))

    assert first(casebook).replayed_at is None
