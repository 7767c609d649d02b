from datetime import timedelta

from dataflows.archiving.buffer import Buffer, Patience
from dataflows.archiving.columns import Message
from tests.factories import NOON


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


def message(size: int = 10) -> Message:
    return Message(offset=0, made_ms=0, value=b"x" * size)


def a_buffer(rows_max: int = 100, bytes_max: int = 1_000) -> Buffer:
    return Buffer(Patience(longest=second(5), rows_max=rows_max, bytes_max=bytes_max))


def test_an_empty_buffer_is_never_due() -> None:
    buffer = a_buffer()
    buffer.add([], NOON)

    assert not buffer.is_due(NOON + second(60))


def test_a_steady_stream_waits_for_the_longest_time() -> None:
    buffer = a_buffer()
    for step in range(10):
        buffer.add([message()], NOON + second(step / 2))
        assert not buffer.is_due(NOON + second(step / 2))

    assert buffer.is_due(NOON + second(5))


def test_a_stream_gone_quiet_does_not_wait() -> None:
    buffer = a_buffer()
    buffer.add([message()], NOON)

    assert not buffer.is_due(NOON + second(0.9))
    assert buffer.is_due(NOON + second(1))


def test_what_is_as_much_as_fits_does_not_wait() -> None:
    many, large = a_buffer(rows_max=3), a_buffer(bytes_max=50)
    many.add([message()] * 3, NOON)
    large.add([message(50)], NOON)

    assert many.is_due(NOON)
    assert large.is_due(NOON)


def test_after_taking_nothing_waits_and_the_clock_starts_anew() -> None:
    buffer = a_buffer()
    buffer.add([message()], NOON)

    assert len(buffer.take()) == 1
    assert not buffer.is_due(NOON + second(9))

    buffer.add([message()], NOON + second(9))
    assert not buffer.is_due(NOON + second(9.5))
    assert buffer.size == 10
