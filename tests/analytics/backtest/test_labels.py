"""Labels of a column, and of a file beside."""

import polars as pl
import pytest

from analytics.backtest.labels import NoLabels, labels_of, labels_of_file

TRANSACTIONS = pl.DataFrame({"transaction_id": ["a", "b", "c"], "amount_minor": [1, 2, 3]})
IDS = TRANSACTIONS["transaction_id"]


def test_numbers_and_truths_are_labels_and_null_is_not_known() -> None:
    for values in ([0, 2, None], [False, True, None], [0.0, 1.0, None]):
        found = labels_of(IDS, pl.Series("x", values)).beside(TRANSACTIONS)
        assert found["is_fraud"].to_list() == [False, True, None]
        assert found["amount_minor"].to_list() == [1, 2, 3]


def test_texts_are_no_labels() -> None:
    with pytest.raises(NoLabels, match='"x" is of String'):
        labels_of(IDS, pl.Series("x", ["yes", "no", None]))


def test_a_list_of_frauds_says_that_all_others_are_none() -> None:
    planted = pl.DataFrame({"transaction_id": ["c", "c", "z"], "campaign": ["1", "1", "2"]})
    found = labels_of_file(planted).beside(TRANSACTIONS)
    assert found["is_fraud"].to_list() == [False, False, True]


def test_a_file_that_says_both_says_nothing_of_the_others() -> None:
    known = pl.DataFrame({"transaction_id": ["c", "a"], "is_fraud": [0, 1]})
    found = labels_of_file(known).beside(TRANSACTIONS)
    assert found["is_fraud"].to_list() == [True, None, False]


def test_a_file_without_ids_is_refused_with_what_it_has() -> None:
    with pytest.raises(NoLabels, match="no column transaction_id, but id"):
        labels_of_file(pl.DataFrame({"id": ["a"]}))
