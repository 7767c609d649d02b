"""The code over whole columns says of each row what the naive walk over the tree says of it."""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.array_code import Array, ArrayCode
from rules.expressions.kinds import Kind
from rules.expressions.naive import Known, Naive
from rules.expressions.names import fields
from rules.features.layout import code_of, text_of
from rules.features.messages import Bools, Messages
from rules.instants import epoch_ms
from rules.screening import Sight, coded_fields
from tests.factories import a_transaction
from tests.rules.strategies import FEATURES, LISTS, conditions, features, transactions

Row = tuple[Transaction, Mapping[str, Known | None]]
ENTRIES = {name: dict.fromkeys(values, "entry") for name, values in LISTS.items()}
NULLS: Mapping[str, Known | None] = dict.fromkeys(FEATURES)
COUNTRY = tree.Field("country", Kind.TEXT, is_nullable=True)
TYPE = tree.Field("type", Kind.TEXT, is_nullable=False)
LAST = tree.Feature("text", Kind.TEXT)
IS_FRENCH = tree.Compare(tree.Comparison.EQUAL, COUNTRY, tree.Literal("FR", Kind.TEXT))
IS_LISTED = tree.Listed(COUNTRY, "risky")


def column(values: Sequence[Known | None], kind: Kind) -> tuple[Array, Bools]:
    """Features as the shard's answers give them: of what is not known there is anything."""
    known = np.array([value is not None for value in values])
    if kind is Kind.TEXT:
        return np.array(["?" if value is None else value for value in values], np.object_), known
    numbers = [7 if value is None else value for value in values]
    return np.array(numbers, np.float64 if kind is Kind.NUMBER else np.int64), known


def by_columns(
    condition: tree.Condition, rows: Sequence[Row], coded: Sequence[str] = ()
) -> list[bool]:
    seen = {
        name: column([values[name] for _, values in rows], kind) for name, kind in FEATURES.items()
    }
    code = ArrayCode({*coded_fields(), *coded}, ENTRIES)
    ask = code.function([code.true(condition)])
    with np.errstate(all="ignore"):
        (found,) = ask(Sight(Messages.of([transaction for transaction, _ in rows]), seen))
    answer: list[bool] = np.broadcast_to(found, len(rows)).tolist()
    return answer


def by_walking(condition: tree.Condition, row: Row) -> bool:
    transaction, values = row
    plain = {name: getattr(transaction, name) for name in fields()}
    plain["occurred_at"] = epoch_ms(transaction.occurred_at)
    return Naive(plain, values, LISTS).holds(condition) is True


@settings(max_examples=400, deadline=None)  # The first call may compile.
@given(conditions(), st.lists(st.tuples(transactions(), features()), min_size=1, max_size=5))
@example(IS_FRENCH, [(a_transaction(country=None), NULLS), (a_transaction(country="FR"), NULLS)])
@example(tree.Not(IS_LISTED), [(a_transaction(country=None), NULLS), (a_transaction(), NULLS)])
def test_the_code_is_true_of_the_rows_of_which_the_tree_is(
    condition: tree.Condition, rows: list[Row]
) -> None:
    expected = [by_walking(condition, row) for row in rows]

    found = by_columns(condition, rows)

    if tree.lists_of(condition):  # Of an entry nobody asks here whether it is valid.
        assert all(one or not other for one, other in zip(found, expected, strict=True))
    else:
        assert found == expected


def test_a_feature_whose_texts_have_numbers_is_compared_by_them() -> None:
    differs = tree.Compare(tree.Comparison.UNEQUAL, COUNTRY, LAST)
    rows: list[Row] = [
        (a_transaction(country="DE"), {**NULLS, "text": "DE"}),
        (a_transaction(country="DE"), {**NULLS, "text": "FR"}),
        (a_transaction(country="DE"), NULLS),
        (a_transaction(country=None), {**NULLS, "text": "FR"}),
    ]

    assert by_columns(differs, rows, ["text"]) == [False, True, False, False]


def test_conditions_that_begin_alike_share_their_beginning() -> None:
    code = ArrayCode(coded_fields())
    code.true(tree.All((IS_FRENCH, tree.IsNull(LAST))))
    before = len(code.names)

    code.true(tree.All((IS_FRENCH, tree.IsNull(LAST), tree.OneOf(TYPE, ("fee",)))))

    assert len(code.names) == before + 3


def test_texts_of_up_to_seven_bytes_and_all_our_words_have_numbers_of_their_own() -> None:
    texts = ["", "a", "b", "aa", "\x7f" * 7, "DE", "ED"]
    texts += [word for found in fields().values() for word in found.words]

    assert len({code_of(text) for text in texts}) == len(set(texts))


def test_a_number_leads_back_to_its_text() -> None:
    texts = ["a", "DE", "5411", "\x7f" * 7, "card_payment", "three_ds"]

    assert [text_of(code_of(text)) for text in texts] == texts
