"""The figures of a backtest, counted by hand and by other ways."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from analytics.backtest.counting import NothingToCount, backtest
from analytics.backtest.judged import Judged, Span
from analytics.backtest.values import Backtest, Overlap, RuleEffect, Verdicts
from data_contracts.decision import Verdict
from rules.model import Status, Suppress
from tests.analytics.backtest.pasts import TWO_RULES, a_past, seen
from tests.factories import NOON, minute
from tests.rules.rule_sets import a_rule, a_rule_set

REVIEW, DECLINE = Verdict.REVIEW, Verdict.DECLINE
DAY = timedelta(days=1)
IDS = ("rule-1", "rule-2", "rule-3")
THREE_RULES = a_rule_set(*map(a_rule, IDS))


def of_rule(found: Backtest, rule_id: str) -> RuleEffect:
    return next(item for item in found.rules if item.rule_id == rule_id)


def counted() -> Backtest:
    return backtest(
        a_past(
            seen(NOON, REVIEW, ["rule-1"], is_fraud=True),
            seen(minute(1), DECLINE, ["rule-1", "rule-2"], amount_minor=500, is_fraud=True),
            seen(minute(2), account_id="acc-2", is_fraud=False),
            seen(minute(3), shadow_hits=["rule-2"], account_id="acc-2", currency="USD"),
            seen(NOON + 2 * DAY, REVIEW, ["rule-1"], is_fraud=False),
            seen(NOON + 2 * DAY, is_fraud=True),
            labels=True,
        )
    )


def test_the_whole_is_counted() -> None:
    found = counted()
    assert found.transactions == 6
    assert found.verdicts == Verdicts(approve=3, review=2, decline=1)
    assert found.flagged.transactions == 3
    assert found.flagged.amounts == {"EUR": 2_500}
    assert found.flagged.customers == 1


def test_alerts_of_an_account_on_one_day_are_one() -> None:
    found = counted()
    assert found.period.days == 3
    assert found.flagged.alerts == 2
    assert found.flagged.alerts_per_day == pytest.approx(2 / 3)


def test_every_day_is_there_the_silent_ones_too() -> None:
    days = [(item.day, item.transactions, item.flagged, item.alerts) for item in counted().days]
    assert days == [
        (date(2026, 3, 2), 4, 2, 1),
        (date(2026, 3, 3), 0, 0, 0),
        (date(2026, 3, 4), 2, 1, 1),
    ]


def test_a_rule_is_counted() -> None:
    rule = of_rule(counted(), "rule-1")
    assert (rule.hits, rule.shadow, rule.effect.alerts, rule.effect.customers) == (3, 0, 2, 1)
    assert rule.effect.amounts == {"EUR": 2_500}
    assert rule.effect.verdicts == Verdicts(review=2, decline=1)
    assert rule.shared is not None
    assert (rule.shared.count, rule.shared.of) == (1, 3)


def test_a_hit_in_the_shadow_is_a_hit_without_an_alert() -> None:
    rule = of_rule(counted(), "rule-2")
    assert (rule.hits, rule.shadow, rule.effect.alerts) == (2, 1, 1)
    assert rule.effect.amounts == {"EUR": 500, "USD": 1_000}
    assert rule.effect.verdicts == Verdicts(approve=1, decline=1)


def test_rules_that_hit_together_are_a_pair() -> None:
    (pair,) = counted().overlaps
    assert pair == Overlap(
        rule_id="rule-1", other_id="rule-2", both=1, share_of_rule=1 / 3, share_of_other=1 / 2
    )


def test_labels_give_precision_and_recall_and_unlabelled_ones_stay_out() -> None:
    found = counted()
    assert (found.labelled, found.frauds) == (5, 3)
    quality = found.flagged.quality
    assert quality is not None
    assert (quality.true_positives, quality.false_positives) == (2, 1)
    assert quality.recall is not None
    assert (quality.recall.count, quality.recall.of) == (2, 3)
    of_second = of_rule(found, "rule-2").effect.quality
    assert of_second is not None
    assert (of_second.true_positives, of_second.false_positives) == (1, 0)


def test_without_labels_nothing_is_said_of_quality() -> None:
    found = backtest(a_past(seen(NOON, REVIEW, ["rule-1"])))
    assert found.labelled is None
    assert found.flagged.quality is None
    assert found.rules[0].effect.quality is None


def test_a_rule_that_never_hits_is_there_with_noughts() -> None:
    rule = of_rule(backtest(a_past(seen())), "rule-1")
    assert (rule.hits, rule.effect.alerts, rule.effect.amounts, rule.shared) == (0, 0, {}, None)
    assert rule.status is Status.LIVE


def test_a_quiet_alert_is_flagged_and_no_alert() -> None:
    quiet = a_rule_set(a_rule("rule-1", suppress=Suppress(by="card_token", for_ms=3_600_000)))
    found = backtest(
        a_past(
            seen(NOON, REVIEW, ["rule-1"]),
            seen(minute(5), REVIEW, ["rule-1"], account_id="acc-2"),
            rule_set=quiet,
        )
    )
    assert (found.flagged.transactions, found.flagged.alerts, found.quiet) == (2, 1, 1)


def test_a_part_of_the_past_is_counted_with_what_came_before() -> None:
    quiet = a_rule_set(a_rule("rule-1", suppress=Suppress(by="card_token", for_ms=3_600_000)))
    past = a_past(
        seen(NOON, REVIEW, ["rule-1"]),
        seen(minute(30), REVIEW, ["rule-1"]),
        seen(minute(90), REVIEW, ["rule-1"]),
        rule_set=quiet,
    )
    found = backtest(past, past.within(Span(minute(10), minute(80))))
    assert (found.transactions, found.flagged.alerts, found.quiet) == (1, 0, 1)
    assert found.period.first == found.period.last == minute(30)
    assert found.period.history_from == NOON
    assert found.period.is_whole_from == NOON + DAY


def test_a_period_without_transactions_is_refused() -> None:
    past = a_past(seen())
    with pytest.raises(NothingToCount):
        backtest(past, past.within(Span(first=NOON + DAY)))


def pasts() -> SearchStrategy[Judged]:
    row = st.builds(
        lambda minutes, account, verdict, hits, shadow: seen(
            minute(minutes),
            verdict,
            sorted(hits),
            shadow_hits=sorted(shadow - hits),
            account_id=f"acc-{account}",
        ),
        st.integers(0, 5_000),
        st.integers(1, 3),
        st.sampled_from(Verdict),
        st.sets(st.sampled_from(IDS)),
        st.sets(st.sampled_from(IDS)),
    )
    rows = st.lists(row, min_size=1, max_size=25)
    return rows.map(lambda found: a_past(*found, rule_set=THREE_RULES))


@given(pasts())
def test_sums_add_up(past: Judged) -> None:
    found = backtest(past)
    assert found.verdicts.total == found.transactions == sum(day.transactions for day in found.days)
    assert found.flagged.transactions == sum(day.flagged for day in found.days)
    assert found.flagged.alerts == sum(day.alerts for day in found.days)
    assert found.flagged.alerts <= found.flagged.transactions
    for rule in found.rules:
        assert rule.effect.verdicts.total == rule.hits
        assert rule.effect.alerts <= found.flagged.alerts
        assert sum(rule.effect.amounts.values()) == 1_000 * rule.hits


@given(pasts())
def test_overlap_is_what_counting_each_pair_gives(past: Judged) -> None:
    found = backtest(past)
    hit_by = [
        set(hits) | set(shadow) for hits, shadow in past.rows.select("hits", "shadow_hits").rows()
    ]
    expected = {
        (one, other): sum({one, other} <= ids for ids in hit_by)
        for one in IDS
        for other in IDS
        if one < other
    }
    got = {(pair.rule_id, pair.other_id): pair.both for pair in found.overlaps}
    assert got == {pair: both for pair, both in expected.items() if both}
    hits = {rule.rule_id: rule.hits for rule in found.rules}
    for pair in found.overlaps:
        assert pair.share_of_rule * hits[pair.rule_id] == pytest.approx(pair.both)
        assert pair.share_of_other * hits[pair.other_id] == pytest.approx(pair.both)


def test_the_rule_set_is_named() -> None:
    assert backtest(a_past(seen())).rule_set == TWO_RULES.fingerprint()
