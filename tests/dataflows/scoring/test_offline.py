"""Scoring without a broker."""

import pytest

from data_contracts import codec
from data_contracts.violation import ContractViolation
from dataflows.connectors import Letter
from dataflows.scoring import offline
from tests.dataflows.scoring.logs import COUNT, a_rule, a_rule_set, decisions, rejections
from tests.factories import NOON, a_transaction

Letters = list[Letter]


def test_the_rule_set_counts_from_the_first_transaction_on_and_no_feature_warms() -> None:
    messages = [codec.encode(a_transaction()) for _ in range(1_500)]
    found: Letters = []

    offline.decide([*messages, b"{}"], a_rule_set(features=(COUNT,)), lambda: NOON, found.extend)

    assert [decision.features["count_1h"] for decision in decisions(found)] == [*range(1, 1_501)]
    assert [decision.position for decision in decisions(found)] == [*range(1, 1_501)]
    assert [letter.offset for letter in rejections(found)] == [1_501]


def test_a_rule_set_that_cannot_be_taken_up_is_refused_before_anything_is_scored() -> None:
    found: Letters = []
    wrong = a_rule_set(a_rule("wrong", when="no_such_field > 1"))

    with pytest.raises(ContractViolation, match="cannot be taken up"):
        offline.decide([codec.encode(a_transaction())], wrong, lambda: NOON, found.extend)

    assert found == []
