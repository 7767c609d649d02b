"""Where Postgres keeps fields of a contract, their columns bear its names, types and limits."""

import psycopg
import pytest

from data_contracts import schemas
from data_contracts.contracts import named
from data_contracts.facts import Fact
from runtime import migrations

pytestmark = pytest.mark.servers

# Logical type of the contract → types of Postgres that hold every value of it.
COLUMN_TYPES = {
    "string": {"text", "uuid", "USER-DEFINED"},
    "integer": {"bigint", "integer", "smallint"},
    "timestamp": {"timestamp with time zone"},
    "boolean": {"boolean"},
    "bytes": {"bytea"},
    "array": {"ARRAY", "jsonb"},
    "object": {"jsonb"},
}
WIDE = {"position", "offset", "amount_minor"}  # More than 32 bits can count.

# Table, prefix of the contract's paths, columns of the table's own, fields that are not kept.
KEPT = [
    ("casework.alerts", "alerts.v1", "Alert", {"case_id", "quieted_by"}, set[str]()),
    (
        "casework.dead_letters",
        "transactions.rejected.v1",
        "DeadLetter",
        {"number", "log_offset", "rejected_at", "replayed_at", "replayed_by"},
        {"offset"},
    ),
    (
        "ledger.resolutions",
        "resolutions.v1",
        "Resolution",
        {"booked_at"},
        {"tenant"},
    ),
]

Columns = dict[str, tuple[str, bool]]


@pytest.fixture(scope="module")
def columns(postgres_database: str) -> dict[str, Columns]:
    migrations.upgrade(postgres_database)
    found: dict[str, Columns] = {}
    with psycopg.connect(postgres_database) as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name, data_type, is_nullable = 'YES'"
            " FROM information_schema.columns WHERE table_schema IN ('ledger', 'casework')"
        ).fetchall()
    for table, column, kind, is_nullable in rows:
        found.setdefault(table, {})[column] = (kind, is_nullable)
    return found


def fields(contract: str, struct: str) -> dict[str, Fact]:
    """The fields of a struct itself, those within fields left out."""
    return {
        path.removeprefix(f"{struct}."): fact
        for path, fact in schemas.facts(named(contract)).items()
        if path.startswith(f"{struct}.") and path.count(".") == 1 and path[-1] not in "]}"
    }


def check(column: tuple[str, bool], name: str, fact: Fact) -> None:
    kind, is_nullable = column
    (logical,) = fact.types - {"null"}
    assert kind in COLUMN_TYPES[logical], name
    assert name not in WIDE or kind == "bigint", name
    assert is_nullable or "null" not in fact.types, f"{name} may be null"


@pytest.mark.parametrize(("table", "contract", "struct", "own", "left_out"), KEPT)
def test_a_table_keeps_every_field_of_its_contract(
    columns: dict[str, Columns],
    table: str,
    contract: str,
    struct: str,
    own: set[str],
    left_out: set[str],
) -> None:
    promised = fields(contract, struct)
    assert set(columns[table]) - own == set(promised) - left_out
    for name in set(promised) - left_out:
        check(columns[table][name], name, promised[name])


def test_an_outcome_keeps_fields_of_the_decision_and_its_transaction(
    columns: dict[str, Columns],
) -> None:
    own = {"status", "reason_code", "payload_hash", "decided_at", "booked_at"}
    promised = fields("transactions.v1", "Transaction") | fields("decisions.v1", "Decision")
    kept = set(columns["ledger.outcomes"]) - own
    assert kept <= set(promised)
    for name in kept:
        check(columns["ledger.outcomes"][name], name, promised[name])
