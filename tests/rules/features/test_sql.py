"""The SQL form answers as the judge does, in every cell, when DuckDB runs it."""

from collections.abc import Iterator, Sequence

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.features import moments, naive, sql
from rules.features.naive import Answer
from rules.features.sql_moments import DEVIATION, MEAN, with_quotient
from rules.model import Aggregate, FeatureDefinition, Flag
from tests.rules.features.batches import a_frame
from tests.rules.features.histories import definitions, differences, histories, holds

AMOUNT_MAX = 10**12


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        yield connection


def answers(
    database: duckdb.DuckDBPyConnection,
    features: Sequence[FeatureDefinition],
    history: Sequence[Transaction],
) -> list[dict[str, Answer]]:
    """Each event's features by name."""
    database.register("archive", a_frame(history).to_arrow())
    names = frozenset[str]().union(*map(sql.fields_of, features))
    database.execute(f"CREATE OR REPLACE TEMP TABLE log AS {sql.log(names)}")
    found: list[dict[str, Answer]] = [{} for _ in history]
    for definition in features:
        for event, value, flag in database.execute(sql.feature(definition)).fetchall():
            assert definition.name not in found[event]
            found[event][definition.name] = value, None if flag is None else Flag(flag)
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(features=definitions(list(Aggregate)), history=histories(1, 40))
def test_the_sql_form_equals_the_judge(
    database: duckdb.DuckDBPyConnection,
    features: list[FeatureDefinition],
    history: list[Transaction],
) -> None:
    expected = naive.values(features, history, holds)

    assert differences(features, expected, answers(database, features, history)) == []


_AMOUNTS = st.one_of(
    st.integers(1, 10), st.integers(1, AMOUNT_MAX), st.integers(AMOUNT_MAX - 10, AMOUNT_MAX)
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    amounts=st.lists(_AMOUNTS, min_size=1, max_size=30),
    times=st.sampled_from([1, 1, 7, 10_000, 200_000]),
)
def test_sql_makes_the_same_floats_of_whole_numbers(
    database: duckdb.DuckDBPyConnection, amounts: list[int], times: int
) -> None:
    count, total = len(amounts) * times, sum(amounts) * times
    parts = [moments.square_parts(amount) for amount in amounts]
    high, cross, low = (sum(part[place] for part in parts) * times for place in range(3))
    whole = sum(amount * amount for amount in amounts) * times
    database.execute(
        "CREATE OR REPLACE TEMP TABLE measured AS "
        f"SELECT {count}::BIGINT AS n, {total}::HUGEINT AS total, {whole}::HUGEINT AS squares"
    )

    (found,) = database.execute(
        f"SELECT {MEAN}, {DEVIATION} FROM {with_quotient('measured')}"  # noqa: S608  (ours)
    ).fetchall()

    expected = moments.mean(count, total), moments.deviation(count, total, (high, cross, low))
    assert list(map(repr, found)) == list(map(repr, expected))
