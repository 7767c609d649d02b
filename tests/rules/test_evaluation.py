"""What a rule set says of a transaction: scores, verdicts, lists, breakers, canaries, bands."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.control import BreakerRecord, ListEntryRecord
from data_contracts.decision import Severity, Verdict
from rules.evaluation import NOTHING, Judgement, band_at, canary_share, compile_rule_set
from rules.instants import epoch_ms
from rules.model import Band, Breaker, ListKind, RuleSet, Status, Suppress
from tests.factories import NOON, a_transaction
from tests.rules.rule_sets import a_list, a_rule, a_rule_set

FEW, MANY = (900.0, 2), (900.0, 3)  # The mean and the count.


def an_entry(value: str = "acc-1", **changes: object) -> ListEntryRecord:
    fields = {"owner": "desk", "reason": "told by phone", "recorded_at": NOON} | changes
    return ListEntryRecord(list_id="block_list", value=value, **fields)  # type: ignore[arg-type]


def a_trip(*, is_tripped: bool = True) -> BreakerRecord:
    return BreakerRecord(
        rule_id="rule-1", is_tripped=is_tripped, reason="too many", recorded_at=NOON
    )


def judged(rule_set: RuleSet, values: tuple[object, ...] = MANY, **changes: object) -> Judgement:
    return compile_rule_set(rule_set).judge(a_transaction(**changes), values)  # type: ignore[arg-type]


def test_nothing_is_said_where_no_rule_is_true() -> None:
    assert judged(a_rule_set(), FEW) is NOTHING


def test_a_hit_says_which_rule_and_why() -> None:
    (hit,) = judged(a_rule_set(a_rule(version=7, typology="card-testing"))).hits
    assert (hit.rule_id, hit.version, hit.typology, hit.severity, hit.score, hit.reason) == (
        "rule-1",
        7,
        "card-testing",
        Severity.HIGH,
        60,
        "3 payments",
    )


@pytest.mark.parametrize(
    ("scores", "score", "verdict"),
    [
        ((49,), 49, Verdict.APPROVE),
        ((50,), 50, Verdict.REVIEW),
        ((60, 29), 89, Verdict.REVIEW),
        ((60, 30), 90, Verdict.DECLINE),
        ((80, 80), 100, Verdict.DECLINE),
    ],
)
def test_the_score_is_the_capped_sum_of_the_hits(
    scores: tuple[int, ...], score: int, verdict: Verdict
) -> None:
    found = [a_rule(f"rule-{number}", score=each) for number, each in enumerate(scores)]
    judgement = judged(a_rule_set(*found))
    assert (judgement.score, judgement.verdict) == (score, verdict)


def test_an_unknown_feature_is_no_hit_and_its_opposite_is_none_either() -> None:
    opposite = a_rule("rule-2", when="NOT card_count_10m >= 3")
    assert judged(a_rule_set(a_rule(), opposite), (None, None)) is NOTHING


def test_a_rule_in_shadow_is_recorded_without_effect() -> None:
    judgement = judged(a_rule_set(a_rule(status=Status.SHADOW)))
    assert judgement.verdict is Verdict.APPROVE
    assert judgement.hits == ()
    assert [hit.rule_id for hit in judgement.shadow_hits] == ["rule-1"]


def test_a_tripped_breaker_puts_that_rule_alone_into_shadow_until_it_is_reset() -> None:
    evaluator = compile_rule_set(a_rule_set(a_rule(), a_rule("rule-2", score=50)))
    transaction = a_transaction()
    evaluator.take(a_trip())
    tripped = evaluator.judge(transaction, MANY)
    evaluator.take(a_trip(is_tripped=False))
    reset = evaluator.judge(transaction, MANY)
    assert [hit.rule_id for hit in tripped.hits] == ["rule-2"]
    assert [hit.rule_id for hit in tripped.shadow_hits] == ["rule-1"]
    assert [hit.rule_id for hit in reset.hits] == ["rule-1", "rule-2"]


def test_a_canary_counts_for_its_share_of_accounts_and_always_for_the_same() -> None:
    rule = a_rule(status=Status.CANARY, canary_percent=30)
    evaluator = compile_rule_set(a_rule_set(rule))
    accounts = [a_transaction(account_id=f"acc-{number}") for number in range(1_000)]
    counted = [bool(evaluator.judge(each, MANY).hits) for each in accounts]
    again = [bool(evaluator.judge(each, MANY).hits) for each in accounts]
    assert counted == again
    assert 250 < sum(counted) < 350


def test_another_canary_counts_for_other_accounts() -> None:
    accounts = [a_transaction(account_id=f"acc-{number}") for number in range(100)]
    shares = [[canary_share(rule, each) for each in accounts] for rule in ("rule-1", "rule-2")]
    assert shares[0] != shares[1]


def test_a_block_list_declines_and_keeps_the_hits() -> None:
    judgement = judged(a_rule_set(lists=(a_list(ListKind.BLOCK, "acc-1"),)))
    assert (judgement.verdict, judgement.score) == (Verdict.DECLINE, 100)
    assert [hit.rule_id for hit in judgement.hits] == ["rule-1"]
    assert judgement.list_hit is not None
    assert judgement.list_hit.list_id == "block_list"
    assert judgement.list_hit.field == "account_id"


def test_an_allow_list_approves_and_moves_the_hits_to_the_shadow() -> None:
    judgement = judged(a_rule_set(lists=(a_list(ListKind.ALLOW, "acc-1"),)))
    assert (judgement.verdict, judgement.score, judgement.hits) == (Verdict.APPROVE, 0, ())
    assert [hit.rule_id for hit in judgement.shadow_hits] == ["rule-1"]
    assert judgement.list_hit is not None


def test_block_comes_before_allow() -> None:
    both = (a_list(ListKind.ALLOW, "acc-1"), a_list(ListKind.BLOCK, "acc-1"))
    assert judged(a_rule_set(lists=both)).verdict is Verdict.DECLINE


def test_an_allowance_ends_at_its_cap() -> None:
    capped = a_rule_set(lists=(a_list(ListKind.ALLOW, "acc-1", amount_minor_max=1_000),))
    assert judged(capped, amount_minor=1_000).list_hit is not None
    assert judged(capped, amount_minor=1_001).list_hit is None
    assert judged(capped, amount_minor=1_001).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("offset_ms", "is_valid"), [(-1, False), (0, True), (999, True), (1_000, False)]
)
def test_an_entry_counts_from_its_beginning_until_before_its_end(
    offset_ms: int, *, is_valid: bool
) -> None:
    start = epoch_ms(NOON)
    entries = a_list(ListKind.BLOCK, "acc-1", valid_from_ms=start, expires_at_ms=start + 1_000)
    at = NOON + timedelta(milliseconds=offset_ms)
    judgement = judged(a_rule_set(lists=(entries,)), FEW, occurred_at=at)
    assert (judgement.list_hit is not None) is is_valid


@pytest.mark.parametrize("kind", [ListKind.REFERENCE])
def test_a_reference_list_is_only_asked_by_rules(kind: ListKind) -> None:
    lists = (a_list(kind, "DE"),)
    rule = a_rule(when="country IN reference_list")
    assert judged(a_rule_set(rule, lists=lists), FEW, country="DE").hits
    assert judged(a_rule_set(rule, lists=lists), FEW, country="FR") is NOTHING
    assert judged(a_rule_set(rule, lists=lists), FEW, country=None) is NOTHING
    opposite = a_rule(when="country NOT IN reference_list")
    assert judged(a_rule_set(opposite, lists=lists), FEW, country=None) is NOTHING
    assert judged(a_rule_set(opposite, lists=lists), FEW, country="FR").hits


def test_an_expired_entry_of_a_reference_list_is_none() -> None:
    lists = (a_list(ListKind.REFERENCE, "DE", expires_at_ms=epoch_ms(NOON)),)
    rule = a_rule(when="country IN reference_list")
    assert judged(a_rule_set(rule, lists=lists), FEW, country="DE") is NOTHING


def test_an_entry_is_added_and_removed_while_running() -> None:
    evaluator = compile_rule_set(a_rule_set(lists=(a_list(ListKind.BLOCK),)))
    transaction = a_transaction()
    before = evaluator.judge(transaction, FEW)
    evaluator.take(an_entry())
    added = evaluator.judge(transaction, FEW)
    evaluator.take(an_entry(removed=True))
    removed = evaluator.judge(transaction, FEW)
    assert before is removed is NOTHING
    assert added.list_hit is not None
    assert added.list_hit.reason == "told by phone"


def test_changes_outlive_the_rule_set() -> None:
    lists = (a_list(ListKind.BLOCK, "acc-2"),)
    evaluator = compile_rule_set(a_rule_set(lists=lists))
    evaluator.take(an_entry("acc-1"))
    evaluator.take(an_entry("acc-2", removed=True))
    evaluator.take(a_trip())
    later = compile_rule_set(a_rule_set(a_rule(version=2), lists=lists), evaluator.changes())
    assert later.judge(a_transaction(account_id="acc-1"), FEW).list_hit is not None
    assert later.judge(a_transaction(account_id="acc-2"), FEW) is NOTHING
    assert later.judge(a_transaction(account_id="acc-3"), MANY).hits == ()


def test_an_entry_for_a_list_that_comes_later_is_kept_for_it() -> None:
    evaluator = compile_rule_set(a_rule_set())
    evaluator.take(an_entry())
    assert evaluator.judge(a_transaction(), FEW) is NOTHING
    later = compile_rule_set(a_rule_set(lists=(a_list(ListKind.BLOCK),)), evaluator.changes())
    assert later.judge(a_transaction(), FEW).list_hit is not None


def test_an_entry_that_came_and_went_leaves_nothing_behind() -> None:
    evaluator = compile_rule_set(a_rule_set(lists=(a_list(ListKind.BLOCK),)))
    evaluator.take(an_entry())
    evaluator.take(an_entry(removed=True))
    assert evaluator.changes().entries == ()


BANDS = (
    Band(below=5, score=10),
    Band(at_least=5, below=8, score=40, reason="{card_count_10m} payments, and more"),
    Band(at_least=8, score=90),
)


@pytest.mark.parametrize(
    ("count", "score", "reason"),
    [
        (4, 10, "4 payments"),
        (5, 40, "5 payments, and more"),
        (7, 40, "7 payments, and more"),
        (8, 90, "8 payments"),
    ],
)
def test_a_band_gives_the_score_and_its_own_reason(count: int, score: int, reason: str) -> None:
    rule = a_rule(bands=BANDS, band_of="card_count_10m")
    (hit,) = judged(a_rule_set(rule), (None, count)).hits
    assert (hit.score, hit.reason) == (score, reason)


def test_a_rule_with_bands_of_an_unknown_value_does_not_hit() -> None:
    rule = a_rule(when="amount_minor >= 1", bands=BANDS, band_of="card_count_10m")
    assert judged(a_rule_set(rule), (None, None)) is NOTHING


def test_bands_may_divide_a_field() -> None:
    bands = (Band(below=1_000, score=10), Band(at_least=1_000, score=70))
    rule = a_rule(when="card_count_10m >= 1", bands=bands, band_of="amount_minor")
    assert judged(a_rule_set(rule), FEW, amount_minor=999).score == 10
    assert judged(a_rule_set(rule), FEW, amount_minor=1_000).score == 70


@given(st.floats(allow_nan=False))
def test_every_value_is_in_exactly_one_band(value: float) -> None:
    assert band_at(a_rule(bands=BANDS, band_of="card_count_10m"), value) in BANDS


def test_hits_are_sorted_by_rule_id() -> None:
    found = [a_rule(f"rule-{letter}", score=1) for letter in "abc"]
    hits = judged(a_rule_set(*found)).hits
    assert [hit.rule_id for hit in hits] == ["rule-a", "rule-b", "rule-c"]


def test_a_rule_set_without_rules_approves() -> None:
    rule_set = RuleSet(policy=a_rule_set().policy)
    assert compile_rule_set(rule_set).judge(a_transaction(), ()) is NOTHING


def test_two_hundred_rules_are_told_apart() -> None:
    found = [a_rule(f"rule-{n:03}", when=f"card_count_10m = {n}", score=1) for n in range(200)]
    evaluator = compile_rule_set(a_rule_set(*found))
    (hit,) = evaluator.judge(a_transaction(), (None, 150)).hits
    assert hit.rule_id == "rule-150"


def test_quiet_and_a_breaker_that_never_tripped_change_no_decision() -> None:
    quiet = Suppress(by="card_token", for_ms=3_600_000)
    loud = a_rule(suppress=quiet, breaker=Breaker(max_hits_per_hour=1))
    evaluator = compile_rule_set(a_rule_set(loud))
    expected = judged(a_rule_set(a_rule()))
    assert [evaluator.judge(a_transaction(), MANY) for _ in range(9)] == [expected] * 9
