"""From what counts now to what would count then, counted by hand."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analytics.backtest.comparison import Comparison, Flip, RuleChange, compared
from analytics.backtest.counting import backtest
from data_contracts.decision import Verdict
from tests.analytics.backtest.pasts import a_past, seen
from tests.factories import NOON, minute
from tests.rules.rule_sets import a_rule, a_rule_set

APPROVE, REVIEW, DECLINE = Verdict.APPROVE, Verdict.REVIEW, Verdict.DECLINE
NOW = a_rule_set(a_rule("rule-1"))
THEN = a_rule_set(a_rule("rule-1"), a_rule("rule-2"))


def comparison(
    now: list[dict[str, Any]], then: list[dict[str, Any]], *, labels: bool = False
) -> Comparison:
    before = a_past(*now, rule_set=NOW, labels=labels)
    after = a_past(*then, rule_set=THEN, labels=labels)
    return compared(before, after, backtest(before), backtest(after))


def found() -> Comparison:
    one, two, three = (
        dict[str, Any]({"account_id": f"acc-{number}", "is_fraud": number == 2})
        for number in (1, 2, 3)
    )
    return comparison(
        [
            seen(NOON, REVIEW, ["rule-1"], **one),
            seen(minute(1), APPROVE, **two),
            seen(minute(2), APPROVE, amount_minor=700, **three),
            seen(minute(3), REVIEW, ["rule-1"], **one),
        ],
        [
            seen(NOON, DECLINE, ["rule-1", "rule-2"], **one),
            seen(minute(1), REVIEW, ["rule-2"], **two),
            seen(minute(2), REVIEW, ["rule-2"], amount_minor=700, **three),
            seen(minute(3), APPROVE, **one),
        ],
        labels=True,
    )


def test_each_way_of_deciding_otherwise_is_counted_with_its_money() -> None:
    assert found().flips == (
        Flip(
            now=APPROVE,
            then=REVIEW,
            transactions=2,
            customers=2,
            amounts={"EUR": 1_700},
            frauds=1,
        ),
        Flip(
            now=REVIEW, then=APPROVE, transactions=1, customers=1, amounts={"EUR": 1_000}, frauds=0
        ),
        Flip(
            now=REVIEW, then=DECLINE, transactions=1, customers=1, amounts={"EUR": 1_000}, frauds=0
        ),
    )


def test_customers_are_newly_touched_or_no_longer() -> None:
    assert (found().customers_newly_touched, found().customers_no_longer_touched) == (2, 0)


def test_rules_that_hit_otherwise_are_named_with_both_figures() -> None:
    assert found().rules == (
        RuleChange(
            rule_id="rule-1",
            hits_now=2,
            hits_then=1,
            alerts_per_day_now=1.0,
            alerts_per_day_then=1.0,
        ),
        RuleChange(
            rule_id="rule-2",
            hits_now=None,
            hits_then=3,
            alerts_per_day_now=0.0,
            alerts_per_day_then=3.0,
        ),
    )


VERDICTS = st.lists(st.sampled_from(Verdict), min_size=1, max_size=20)


def rows(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    return [
        seen(minute(number), verdict, account_id=f"acc-{number % 4}")
        for number, verdict in enumerate(verdicts)
    ]


@given(VERDICTS)
def test_without_a_change_nothing_changes(verdicts: list[Verdict]) -> None:
    past = a_past(*rows(verdicts))
    same = compared(past, past, backtest(past), backtest(past))
    assert same.is_nothing
    assert (same.customers_newly_touched, same.customers_no_longer_touched) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.sampled_from(Verdict)), min_size=1))
def test_flips_explain_the_difference_of_the_verdicts(
    pairs: list[tuple[Verdict, Verdict]],
) -> None:
    got = comparison(rows([now for now, _ in pairs]), rows([then for _, then in pairs]))
    for verdict in Verdict:
        came = sum(flip.transactions for flip in got.flips if flip.then is verdict)
        went = sum(flip.transactions for flip in got.flips if flip.now is verdict)
        change = got.then.verdicts.count(verdict) - got.now.verdicts.count(verdict)
        assert came - went == change
    assert all(flip.now is not flip.then for flip in got.flips)
