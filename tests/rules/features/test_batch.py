"""The batch form answers as the judge does, in every cell."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.features import naive
from tests.rules.features.batches import answers
from tests.rules.features.histories import AGGREGATES, definitions, differences, histories, holds


@pytest.mark.parametrize("among", AGGREGATES)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), history=histories(0, 60))
def test_batch_equals_the_judge(
    among: str, data: st.DataObject, history: list[Transaction]
) -> None:
    features = data.draw(definitions(AGGREGATES[among]))

    expected = naive.values(features, history, holds)

    assert differences(features, expected, answers(features, history)) == []
