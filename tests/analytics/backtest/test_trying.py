"""Trying rules on the past: cell by cell, copies left out, lists heard."""

import msgspec
import polars as pl

from analytics.backtest.judged import Span
from analytics.backtest.labels import labels_of
from analytics.backtest.trying import Ground, judge, try_both, try_on
from analytics.batch import score
from data_contracts.transaction import Transaction
from rules.model import ListKind, RuleSet, Suppress
from tests.factories import a_transaction, minute
from tests.rules.rule_sets import AVERAGE, COUNT, a_list, a_rule, a_rule_set

THIRD = a_rule_set(a_rule("rule-1", suppress=Suppress(by="card_token", for_ms=3_600_000)))


def ground(*found: Transaction, cells: list[int] | None = None) -> Ground:
    rows = [msgspec.structs.asdict(item) for item in found]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    if cells is not None:
        frame = frame.with_columns(cell=pl.Series(cells))
    return Ground(frame, Span())


def payments(count: int) -> list[Transaction]:
    return [
        a_transaction(transaction_id=f"p-{number}", occurred_at=minute(number))
        for number in range(count)
    ]


def hits(on: Ground, rule_set: RuleSet = THIRD) -> list[list[str]]:
    (judged,) = judge(on, [rule_set], lambda _share: None)
    found: list[list[str]] = judged.rows["hits"].to_list()
    return found


def test_features_are_computed_anew() -> None:
    assert hits(ground(*payments(4))) == [[], [], ["rule-1"], ["rule-1"]]


def test_cells_know_nothing_of_each_other() -> None:
    assert hits(ground(*payments(4), cells=[0, 0, 1, 1])) == [[], [], [], []]


def test_a_copy_is_left_out_as_the_scorer_does() -> None:
    first, *rest = payments(3)
    assert hits(ground(first, first, *rest)) == [[], [], ["rule-1"]]


def test_what_a_list_stops_is_never_quiet() -> None:
    blocked = msgspec.structs.replace(THIRD, lists=(a_list(ListKind.BLOCK, "acc-1"),))
    for rule_set, quiet in ((THIRD, 2), (blocked, 0)):
        assert try_on(ground(*payments(5)), rule_set, lambda _share: None).quiet == quiet


def test_labels_are_found_by_id() -> None:
    on = ground(*payments(3))
    labels = labels_of(pl.Series(["p-2"]), pl.Series("fraud", [1]))
    known = Ground(on.transactions, on.span, labels)
    found = try_on(known, THIRD, lambda _share: None)
    assert (found.labelled, found.frauds) == (1, 1)
    assert found.flagged.quality is not None
    assert found.flagged.quality.true_positives == 1


def test_the_progress_of_two_sets_goes_from_nothing_to_all() -> None:
    told: list[float] = []
    other = a_rule_set(a_rule("rule-1", score=10))
    try_both(ground(*payments(3)), THIRD, other, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_sets_that_share_a_name_but_not_its_definition_are_kept_apart() -> None:
    longer = msgspec.structs.replace(COUNT, window_ms=60_000)
    other = msgspec.structs.replace(THIRD, features=(AVERAGE, longer))
    both = judge(ground(*payments(4)), [THIRD, other], lambda _share: None)
    assert [one.rows["hits"].to_list() for one in both] == [
        hits(ground(*payments(4)), THIRD),
        hits(ground(*payments(4)), other),
    ]
    assert both[0].rows["hits"].to_list() != both[1].rows["hits"].to_list()


def test_each_is_decided_as_the_batch_engine_decides() -> None:
    on = ground(*payments(6))
    (judged,) = judge(on, [THIRD], lambda _share: None)
    expected = score(on.transactions, THIRD, with_features=False)
    assert judged.rows.select(expected.columns).equals(expected)
