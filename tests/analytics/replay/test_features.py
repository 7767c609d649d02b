"""Features computed again from a part of the history are what the judge says of all of it."""

import numpy as np
import polars as pl

from analytics.replay.course import Course
from analytics.replay.features import computed, fields_of
from casework.in_force import Published
from data_contracts import codec
from data_contracts.transaction import Transaction
from rules.features import naive
from rules.predicates import holds
from tests.dataflows.scoring.logs import AVERAGE, COUNT, INFLOW, MERCHANTS, RICH
from tests.dataflows.scoring.traffic import a_traffic
from tests.factories import a_transaction, minute
from tests.rules.features.batches import a_frame

DEFINITIONS = (COUNT, MERCHANTS, INFLOW, AVERAGE)
DAYS = 24 * 60


def a_history(transactions: list[Transaction]) -> pl.DataFrame:
    frame = a_frame(transactions).select(fields_of(DEFINITIONS))
    return frame.with_columns(position=pl.int_range(1, len(frame) + 1, dtype=pl.Int64))


def are_as_judged(transactions: list[Transaction], rows: list[int]) -> bool:
    positions = np.array(rows) + 1
    found = computed(DEFINITIONS, a_history(transactions), positions)
    expected = naive.values(DEFINITIONS, transactions, holds)
    rules = Course([Published(0, RICH)], first=1).at(1)
    return all(
        found.seen(row + 1, rules).features.get(name) == value
        and found.seen(row + 1, rules).flags.get(name) == flag
        for row in rows
        for name, (value, flag) in expected[row].items()
    )


def stored(transaction: Transaction) -> Transaction:
    return codec.decode(codec.encode(transaction), Transaction)


def test_a_few_decisions_see_what_was_remembered_under_their_keys() -> None:
    traffic = {each.transaction_id: stored(each) for each in a_traffic(300)}

    assert are_as_judged(list(traffic.values()), [0, 17, 200, len(traffic) - 1])


def test_a_key_is_forgotten_by_the_clock_of_the_whole_log() -> None:
    """Late news of an account: only strangers moved the clock, so far that it begins anew."""
    first, last = a_transaction(account_id="a"), a_transaction(account_id="a")
    stranger = a_transaction(account_id="b", merchant_id="m-b", received_at=minute(9 * DAYS))

    assert are_as_judged([first, last, stranger], [1])
    assert are_as_judged([first, stranger, last], [2])
    assert last_features([first, stranger, last]) != last_features([first, last])


def last_features(history: list[Transaction]) -> object:
    return naive.values(DEFINITIONS, history, holds)[-1]
