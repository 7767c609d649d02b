"""The columns of the books are the words of the contracts."""

import psycopg
import pyarrow as pa
import pytest

from data_contracts import arrow
from data_contracts.decision import Decision
from data_contracts.transaction import Transaction
from ledger.values import Outcome

TYPES: dict[str, set[pa.DataType]] = {
    "text": {pa.string()},
    "bigint": {pa.int64()},
    "integer": {pa.int64()},
    "smallint": {pa.int64()},
    "timestamp with time zone": {arrow.INSTANT},
    "uuid": {pa.binary(), pa.string()},
    "bytea": {pa.binary()},
}


@pytest.mark.servers
def test_the_columns_of_an_outcome_are_its_fields(database: str) -> None:
    with psycopg.connect(database) as connection:
        columns = {
            name: (kind, is_nullable == "YES")
            for name, kind, is_nullable in connection.execute(
                """SELECT column_name, data_type, is_nullable FROM information_schema.columns
                   WHERE table_schema = 'ledger' AND table_name = 'outcomes'"""
            )
        }
    fields = {field.name: field for field in arrow.schema(Outcome)}

    assert columns.keys() == fields.keys()
    for name, (kind, is_nullable) in columns.items():
        assert is_nullable == fields[name].nullable, name
        if kind == "jsonb":
            assert pa.types.is_nested(fields[name].type), name
        else:
            assert fields[name].type in TYPES[kind], name


def test_an_outcome_says_of_a_transaction_and_its_decision_what_they_say_themselves() -> None:
    outcome = _fields(Outcome)
    words = _fields(Decision) | _fields(Transaction)
    shared = outcome.keys() & words.keys() - {"event_id"}  # The books keep its 16 bytes.

    assert {"transaction_id", "amount_minor", "verdict", "hits", "list_hit"} <= shared
    assert [name for name in shared if outcome[name] != words[name]] == []


def _fields(struct: type) -> dict[str, object]:
    return {field.name: field.type for field in arrow.schema(struct)}
