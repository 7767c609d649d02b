"""What differs between two rule sets."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rules.difference import Act, Change, Part, difference, rules_touched
from rules.model import ListKind, Policy, RuleSet, Suppress
from tests.rules.rule_sets import AVERAGE, COUNT, a_list, a_rule, a_rule_set

BASE = a_rule_set(a_rule("rule-1"), a_rule("rule-2"), lists=(a_list(ListKind.BLOCK, "a", "b"),))


def lines(before: RuleSet, after: RuleSet) -> list[str]:
    return [line for change in difference(before, after) for line in change.lines()]


def test_the_same_set_differs_in_nothing() -> None:
    assert difference(BASE, BASE) == ()


def test_rules_are_added_and_removed_by_name() -> None:
    after = msgspec.structs.replace(BASE, rules=(a_rule("rule-2"), a_rule("rule-3")))
    assert lines(BASE, after) == ["- rule rule-1", "+ rule rule-3"]


def test_a_changed_rule_shows_each_field_before_and_after() -> None:
    quiet = Suppress(by="card_token", for_ms=3_600_000)
    changed = a_rule("rule-1", version=2, score=70, when="card_count_10m >= 4", suppress=quiet)
    after = msgspec.structs.replace(BASE, rules=(changed, a_rule("rule-2")))
    assert lines(BASE, after) == [
        "~ rule rule-1",
        "    version: 1 -> 2",
        "    when: card_count_10m >= 3 -> card_count_10m >= 4",
        "    score: 60 -> 70",
        '    suppress: nothing -> {"by":"card_token","for_ms":3600000}',
    ]


def test_windows_are_shown_as_durations() -> None:
    longer = msgspec.structs.replace(COUNT, window_ms=1_200_000)
    after = msgspec.structs.replace(BASE, features=(AVERAGE, longer))
    assert lines(BASE, after) == ["~ feature card_count_10m", "    window: 10m -> 20m"]


def test_entries_of_a_list_are_compared_one_by_one() -> None:
    after = msgspec.structs.replace(BASE, lists=(a_list(ListKind.BLOCK, "b", "c"),))
    (change,) = difference(BASE, after)
    assert (change.part, change.act) == (Part.LIST, Act.CHANGED)
    assert [(d.field, d.before is None, d.after is None) for d in change.details] == [
        ("entry a", False, True),
        ("entry c", True, False),
    ]


def test_the_policy_comes_first() -> None:
    policy = Policy(review_at=50, decline_at=80, alert_budget_per_day=10)
    after = msgspec.structs.replace(BASE, policy=policy, rules=())
    assert lines(BASE, after)[:3] == [
        "~ policy",
        "    decline_at: 90 -> 80",
        "    alert_budget_per_day: nothing -> 10",
    ]


SETS = st.builds(
    lambda scores, review_at, values: msgspec.structs.replace(
        a_rule_set(
            *(a_rule(rule_id, score=score) for rule_id, score in sorted(scores.items())),
            lists=(a_list(ListKind.BLOCK, *sorted(values)),),
        ),
        policy=Policy(review_at=review_at, decline_at=90),
    ),
    st.dictionaries(st.sampled_from(["rule-1", "rule-2", "rule-3"]), st.integers(0, 3), min_size=1),
    st.integers(50, 52),
    st.sets(st.sampled_from("abc")),
)
MIRRORED = {Act.ADDED: Act.REMOVED, Act.REMOVED: Act.ADDED, Act.CHANGED: Act.CHANGED}


def acts(changes: tuple[Change, ...]) -> list[tuple[Part, str, Act]]:
    return [(change.part, change.name, change.act) for change in changes]


@given(SETS, SETS)
def test_two_sets_differ_exactly_where_their_hashes_do(one: RuleSet, other: RuleSet) -> None:
    assert (difference(one, other) == ()) == (one.fingerprint() == other.fingerprint())


@given(SETS, SETS)
def test_the_way_back_is_the_mirror(one: RuleSet, other: RuleSet) -> None:
    there, back = difference(one, other), difference(other, one)
    assert acts(there) == [(part, name, MIRRORED[act]) for part, name, act in acts(back)]


def test_long_texts_stand_below_each_other() -> None:
    long = "card_count_10m >= 3 AND amount_minor >= 15000 AND type = 'card_payment'"
    after = msgspec.structs.replace(BASE, rules=(a_rule("rule-1", when=long), a_rule("rule-2")))
    assert lines(BASE, after)[1:] == ["    when:", "        card_count_10m >= 3", f"     -> {long}"]


def test_a_rule_is_touched_by_its_own_change_and_by_that_of_its_features() -> None:
    before = a_rule_set(a_rule("rule-1"), a_rule("rule-2"), a_rule("rule-3", features=()))
    own = msgspec.structs.replace(
        before, rules=(a_rule("rule-1", score=10), *before.rules[1:], a_rule("rule-4"))
    )
    longer = msgspec.structs.replace(COUNT, window_ms=1_200_000)
    of_feature = msgspec.structs.replace(before, features=(AVERAGE, longer))
    assert rules_touched(difference(before, own), own) == {"rule-1", "rule-4"}
    assert rules_touched(difference(before, of_feature), of_feature) == {"rule-1", "rule-2"}
    assert rules_touched((), before) == frozenset()
