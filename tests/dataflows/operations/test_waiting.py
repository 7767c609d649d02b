"""What waits for a decision, against a list of every transaction."""

from hypothesis import given
from hypothesis import strategies as st

from dataflows.operations.observations import Waiting
from dataflows.operations.waiting import SECONDS_MAX, Backlog

steps = st.lists(
    st.one_of(
        st.integers(1, 5).map(lambda n: ("arrive", n)),
        st.integers(0, 200).map(lambda p: ("settle", p)),
    ),
    max_size=60,
)


@given(steps)
def test_the_oldest_that_waits_and_whether_any_does_are_exact(
    history: list[tuple[str, int]],
) -> None:
    backlog, every = Backlog(), list[tuple[int, int]]()
    position, settled = -1, -1
    for number, (step, value) in enumerate(history):
        at_ms = number * 1_000
        if step == "arrive":
            position += value
            every += [(at_ms, position - value + 1 + index) for index in range(value)]
            backlog.arrive(Waiting(first_ms=at_ms, last_position=position, count=value))
        else:
            settled = max(settled, value)
            backlog.settle(value)
        waits = [at for at, place in every if place > settled]
        lag = backlog.lag()
        assert (lag is None) is (not waits)
        if lag is not None:
            assert lag.oldest_ms == min(waits)
            assert len(waits) <= lag.waiting <= len(waits) + 4


def test_a_decision_that_is_read_before_its_transaction_leaves_nothing_waiting() -> None:
    backlog = Backlog()
    backlog.settle(10)
    backlog.arrive(Waiting(first_ms=0, last_position=10, count=11))
    assert backlog.lag() is None


def test_a_scorer_that_stands_still_for_days_does_not_fill_the_memory() -> None:
    backlog = Backlog()
    for second in range(3 * SECONDS_MAX):
        backlog.arrive(Waiting(first_ms=second * 1_000, last_position=second, count=1))
    assert len(backlog.seconds) == SECONDS_MAX
    lag = backlog.lag()
    assert lag is not None
    assert lag == (3 * SECONDS_MAX, 0)
    backlog.settle(3 * SECONDS_MAX - 1)
    assert backlog.lag() is None
