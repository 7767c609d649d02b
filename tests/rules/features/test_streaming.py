"""The streaming form answers as the judge does, in every cell."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.features import naive
from tests.rules.features.histories import AGGREGATES, definitions, differences, histories, holds
from tests.rules.features.streams import Stream


@pytest.mark.parametrize("among", AGGREGATES)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.data(),
    history=histories(0, 60),
    cuts=st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=5),
    shards=st.integers(1, 3),
)
def test_streaming_equals_the_judge(
    among: str,
    data: st.DataObject,
    history: list[Transaction],
    cuts: list[tuple[int, bool]],
    shards: int,
) -> None:
    features = data.draw(definitions(AGGREGATES[among]))
    stream, found, begin = Stream(features, shards), [], 0
    for length, is_restarted in [*cuts, (len(history), False)]:
        if batch := history[begin : begin + length]:
            found += stream.observe(batch)
        begin += length
        if is_restarted:
            stream.restart()

    expected = naive.values(features, history, holds)

    assert differences(features, expected, found) == []
