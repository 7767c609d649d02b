"""Budgets, hours and money of a plan, and what it tells."""

import msgspec

from analytics.backtest import plan_report
from analytics.backtest.comparison import compared
from analytics.backtest.counting import backtest
from analytics.backtest.planning import Breach, Checks, Effort, Plan, Work, planned, work
from data_contracts.decision import Verdict
from data_contracts.money import Money
from rules.costs import Costs
from rules.difference import difference
from rules.model import Policy, RuleSet
from tests.analytics.backtest.pasts import a_past, seen
from tests.factories import NOON, minute
from tests.rules.rule_sets import a_rule, a_rule_set

COSTS = Policy(review_at=50, decline_at=90, minutes_per_alert=30, analyst_hour=Money(5_500, "EUR"))
EFFORT = Effort(Costs((), 1, 1), Costs((), 1, 2))
CHECKS = Checks(rules=2, warnings=1, tests=5)


def with_budgets(whole: int | None, of_rule: int | None) -> RuleSet:
    base = a_rule_set(a_rule("rule-1", alert_budget_per_day=of_rule), a_rule("rule-2"))
    policy = msgspec.structs.replace(COSTS, alert_budget_per_day=whole)
    return msgspec.structs.replace(base, policy=policy)


def plan(then: RuleSet, now: RuleSet | None = None) -> Plan:
    """Two alerts a day, of which rule-1 raises one, where nothing was before."""
    old = now or a_rule_set(a_rule("rule-2"))
    quiet = [seen(NOON), seen(minute(1), account_id="acc-2")]
    loud = [
        seen(NOON, Verdict.REVIEW, ["rule-1"]),
        seen(minute(1), Verdict.REVIEW, ["rule-2"], account_id="acc-2"),
    ]
    before = a_past(*(loud if now == then else quiet), rule_set=old)
    after = a_past(*loud, rule_set=then)
    comparison = compared(before, after, backtest(before), backtest(after))
    return planned(then, CHECKS, difference(old, then), comparison, EFFORT)


def test_as_many_alerts_as_the_budget_are_within_it() -> None:
    assert plan(with_budgets(2, 1)).is_within_budget


def test_one_alert_more_than_the_budget_is_a_breach() -> None:
    found = plan(with_budgets(1, None))
    assert found.breaches == (Breach(rule_id=None, budget=1, alerts_per_day=2.0),)
    assert not found.is_within_budget
    assert plan_report.verdict(found) == "✗ Past the budget: 2.00 alerts per day of 1."


def test_a_rule_has_a_budget_of_its_own() -> None:
    then = with_budgets(None, 1)
    louder = a_past(
        seen(NOON, Verdict.REVIEW, ["rule-1"]),
        seen(minute(1), Verdict.REVIEW, ["rule-1"], account_id="acc-2"),
        rule_set=then,
    )
    found = planned(
        then, CHECKS, (), compared(louder, louder, backtest(louder), backtest(louder)), EFFORT
    )
    assert found.breaches == (Breach(rule_id="rule-1", budget=1, alerts_per_day=2.0),)


def test_alerts_cost_hours_and_hours_cost_money() -> None:
    found = plan(with_budgets(None, None))
    assert found.work_now == Work(
        alerts_per_day=0.0, hours_per_day=0.0, cost_per_day=Money(0, "EUR")
    )
    assert found.work_then == Work(
        alerts_per_day=2.0, hours_per_day=1.0, cost_per_day=Money(5_500, "EUR")
    )


def test_without_minutes_in_the_policy_nothing_is_said_of_hours() -> None:
    past = a_past(seen(NOON, Verdict.REVIEW, ["rule-1"]))
    silent = Policy(review_at=50, decline_at=90)
    assert work(backtest(past), silent) == Work(alerts_per_day=1.0)


def test_a_plan_tells_its_verdict_first_and_the_hash_last() -> None:
    then = with_budgets(5, None)
    text = plan_report.paper(plan(then), "a file").markdown()
    _, first, *rest = text.split("\n\n")
    assert first == "**✓ 2.00 alerts per day (+2.00); 2 decisions of 2 would change.**"
    assert "| alerts per day (budget 5) | 0.00 | 2.00 | +2.00 |" in text
    assert "| approve | review | 2 | 2 | 20 EUR |" in text
    assert "+ rule rule-1" in text
    assert f"rules approve {then.fingerprint()}" in rest[-1]


def test_the_plan_of_the_set_that_counts_says_that_nothing_changes() -> None:
    then = with_budgets(5, None)
    found = plan(then, now=then)
    assert found.is_nothing
    assert found.comparison.flips == ()
    assert found.changes == ()
    assert plan_report.verdict(found).startswith("✓ Nothing changes")
