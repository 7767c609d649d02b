"""Decisions say what the judge of features says, in the very bytes of their struct."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from data_contracts import codec, ids
from data_contracts.decision import Decision
from data_contracts.transaction import Transaction
from dataflows.scoring.scorer import Scorer
from rules.features import naive
from rules.model import Aggregate, FeatureDefinition, Flag
from tests.dataflows.scoring.logs import TOPICS, Log, a_feature, a_rule, a_rule_set
from tests.factories import NOON, a_transaction, minute
from tests.rules.features.histories import definitions, histories, holds

PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
LAST_MERCHANT = a_feature("last_merchant_1h", aggregate=Aggregate.LAST, of="merchant_id")
NORTH = a_feature("most_northern_1h", aggregate=Aggregate.MAX, of="latitude")
FIRST_SEEN = a_feature("first_seen_1h", aggregate=Aggregate.FIRST_SEEN, of="latitude")
SPREAD = a_feature("spread_1h", aggregate=Aggregate.STDDEV, of="amount_minor")


def decisions(log: Log, size: int = 7) -> list[Decision]:
    """What is decided of a log, each in the bytes of its struct and under its own key."""
    scorer, found = Scorer(TOPICS), []
    for batch in log.batches(size):
        for letter in scorer.score(batch).letters:
            decision = codec.decode(letter.value, Decision)
            assert letter.value == codec.encode(decision)
            assert letter.key is not None
            assert decision.event_id == ids.text(letter.key)
            assert decision.decision_id == ids.text(ids.derived_id(letter.key, "decision"))
            found.append(decision)
    return found


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(definitions(list(Aggregate)), histories(1, 40), st.integers(1, 50))
def test_features_of_decisions_are_those_of_the_judge(
    features: list[FeatureDefinition], history: list[Transaction], size: int
) -> None:
    log = Log()
    log.publish(a_rule_set(a_rule("large", when="amount_minor > 5000"), features=features))
    distinct = [
        replace(transaction, transaction_id=f"t-{number}")
        for number, transaction in enumerate(history)
        if transaction.occurred_at <= transaction.received_at
    ]
    log.add(*distinct)

    found = decisions(log, size)

    expected = naive.values(features, distinct, holds)
    for decision, transaction, answers in zip(found, distinct, expected, strict=True):
        values = {name: value for name, (value, _) in answers.items() if value is not None}
        flags = {name: str(flag) for name, (_, flag) in answers.items() if flag is not None}
        assert decision.transaction == transaction
        assert repr(decision.features) == repr(dict(sorted(values.items())))
        assert decision.flags == flags
        assert bool(decision.hits) == (transaction.amount_minor > 5000)


@settings(max_examples=50, deadline=None)
@given(PRINTABLE, PRINTABLE)
def test_texts_are_written_as_they_are(merchant: str, device: str) -> None:
    log = Log()
    rule = a_rule("large", when="amount_minor > 5000", reason="at {last_merchant_1h}")
    rule = replace(rule, features=("last_merchant_1h",))
    log.publish(a_rule_set(rule, features=(LAST_MERCHANT,)))
    changes = {"merchant_id": merchant, "device_id": device, "description": f'"{device}" é\n'}
    log.add(a_transaction(**changes), a_transaction(**changes, amount_minor=6000))

    found = decisions(log)

    if len(found) == 2:  # What looks like a card's number is refused.
        assert [decision.features["last_merchant_1h"] for decision in found] == [merchant] * 2
        assert found[1].hits[0].reason == f"at {merchant}"


def test_values_of_every_kind_and_flags_stand_side_by_side() -> None:
    log = Log()
    log.publish(a_rule_set(features=(NORTH, LAST_MERCHANT)))
    log.add(a_transaction(latitude=-0.25, longitude=1e-07))
    log.publish(a_rule_set(features=(NORTH, LAST_MERCHANT, SPREAD, FIRST_SEEN)))
    late = minute(-25 * 60)
    log.add(
        a_transaction(amount_minor=10**12, latitude=1 / 3, longitude=0.0, received_at=minute(1)),
        a_transaction(occurred_at=late, received_at=NOON),
    )

    first, second, third = decisions(log)

    assert first.features == {"last_merchant_1h": "merchant-1", "most_northern_1h": -0.25}
    assert second.features == {"last_merchant_1h": "merchant-1", "most_northern_1h": 1 / 3}
    assert second.flags == {"first_seen_1h": Flag.WARMING, "spread_1h": Flag.WARMING}
    assert third.features == {}
    assert third.flags == {
        "first_seen_1h": Flag.WARMING,
        "last_merchant_1h": Flag.LATE,
        "most_northern_1h": Flag.LATE,
        "spread_1h": Flag.WARMING,
    }
