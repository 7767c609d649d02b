"""Quiet in a backtest is quiet as alerting files it."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.backtest.quiet import suppressions
from casework.alerts import file
from data_contracts.decision import Decision, ListHit, RuleHit, Severity, Verdict
from rules.model import Suppress
from tests.analytics.backtest.pasts import a_past, seen
from tests.factories import a_decision, a_transaction, minute
from tests.rules.rule_sets import a_rule, a_rule_set

RULE_SET = a_rule_set(
    a_rule("rule-1", suppress=Suppress(by="card_token", for_ms=600_000)),
    a_rule("rule-2", suppress=Suppress(by="account_id", for_ms=1_200_000)),
    a_rule("rule-3"),
)
LISTED = ListHit(list_id="blocked", field="account_id", reason="stolen")

Event = tuple[int, str | None, str, frozenset[str], bool]
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from([None, "card-1", "card-2"]),
        st.sampled_from(["acc-1", "acc-2"]),
        st.frozensets(st.sampled_from(["rule-1", "rule-2", "rule-3"])),
        st.booleans(),
    ),
    max_size=30,
)


def decision_of(position: int, event: Event) -> Decision:
    at, card, account, hits, is_listed = event
    return a_decision(
        position=position,
        verdict=Verdict.REVIEW,
        hits=tuple(a_hit(rule_id) for rule_id in sorted(hits)),
        list_hit=LISTED if is_listed else None,
        transaction=a_transaction(occurred_at=minute(at), card_token=card, account_id=account),
    )


def a_hit(rule_id: str) -> RuleHit:
    return RuleHit(
        rule_id=rule_id,
        version=1,
        typology="velocity",
        severity=Severity.HIGH,
        score=60,
        reason="many",
    )


@given(EVENTS)
def test_the_same_alerts_stay_quiet(events: list[Event]) -> None:
    decisions = [decision_of(position, event) for position, event in enumerate(events)]
    filed, _ = file(decisions, lambda _hash: suppressions(RULE_SET), {})
    past = a_past(
        *(
            seen(
                minute(at),
                Verdict.REVIEW,
                sorted(hits),
                card_token=card,
                account_id=account,
                is_listed=is_listed,
            )
            for at, card, account, hits, is_listed in events
        ),
        rule_set=RULE_SET,
    )
    assert past.rows["is_quiet"].to_list() == [one.quieted_by is not None for one in filed]
