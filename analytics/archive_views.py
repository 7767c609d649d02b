"""The archive as views that a data analyst can guess: one line of meaning each."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from data_contracts.archive import SCHEMA
from data_contracts.money import currencies

USUAL_DIGITS = 2


@dataclass(frozen=True, slots=True)
class View:
    """A name, what one row of it is, and how it is made of the others."""

    name: str
    meaning: str
    query: str


def _amount() -> str:
    digits = sorted({digits for digits in currencies().values() if digits != USUAL_DIGITS})
    cases = "".join(
        f" WHEN currency IN ({_texts(_of_digits(count))}) THEN {10**count}" for count in digits
    )
    return f"(amount_minor / CASE{cases} ELSE {10**USUAL_DIGITS} END)::DECIMAL(18, 4)"


def _of_digits(count: int) -> list[str]:
    return sorted(code for code, digits in currencies().items() if digits == count)


def _texts(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


_ONE_HIT = """
    cell, position, event_id, transaction_id, account_id, tenant, received_at, day,
    {is_shadow} AS is_shadow, unnest({column}, recursive := true)
"""

VIEWS = (
    View(
        "transactions",
        "one row per transaction, with what was decided; later copies of an id are hidden",
        f"""
        SELECT cell, position, tenant, transaction_id, account_id, type, direction,
            {_amount()} AS amount, amount_minor, currency, occurred_at, received_at, channel,
            counterparty_id, counterparty_country, card_token, entry_mode, authentication,
            merchant_id, merchant_category, merchant_country, terminal_id, device_id, ip, country,
            latitude, longitude, branch_id, original_transaction_id, description,
            verdict, score, event_id, day
        FROM archive WHERE duplicate_of IS NULL
        """,  # noqa: S608  (digits of currencies)
    ),
    View(
        "decisions",
        "one row per decision: verdict, score, the rules that fired, and on what",
        """
        SELECT cell, position, tenant, transaction_id, account_id, verdict, score,
            [hit.rule_id FOR hit IN hits] AS rules,
            [hit.rule_id FOR hit IN shadow_hits] AS shadow_rules,
            list_hit.list_id AS list_id, rule_set, coalesce(features, '{}')::JSON AS features,
            coalesce(flags, '{}')::JSON AS flags, occurred_at, received_at, decided_at,
            epoch_ms(decided_at) - epoch_ms(received_at) AS latency_ms,
            event_id, decision_id, day
        FROM archive WHERE duplicate_of IS NULL
        """,
    ),
    View(
        "hits",
        "one row per rule that fired on a transaction; shadow rules have no effect",
        f"""
        SELECT {_ONE_HIT.format(is_shadow="false", column="hits")}
        FROM archive WHERE duplicate_of IS NULL
        UNION ALL
        SELECT {_ONE_HIT.format(is_shadow="true", column="shadow_hits")}
        FROM archive WHERE duplicate_of IS NULL
        """,  # noqa: S608  (names of ours)
    ),
    View(
        "feature_values",
        "one row per feature of a decision: its number, or its text, or why it is null",
        """
        SELECT * EXCLUDE (flags), TRY_CAST(text AS DOUBLE) AS value, flags ->> feature AS flag
        FROM (
            SELECT cell, position, event_id, account_id, tenant, received_at, day, flags,
                unnest(json_keys(features)) AS feature,
                unnest(json_extract_string(features, '$.*')) AS text
            FROM archive WHERE duplicate_of IS NULL
        )
        """,
    ),
    View(
        "duplicates",
        "later copies of an id, settled by the ledger and hidden elsewhere",
        """
        SELECT cell, position, duplicate_of, event_id, transaction_id, account_id, tenant,
            received_at, day
        FROM archive WHERE duplicate_of IS NOT NULL
        """,
    ),
)
ARCHIVE = View("archive", "every row as it is stored, later copies too", "")


def create(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Make the views over these files, or over nothing where there is none."""
    connection.register("nothing", SCHEMA.empty_table())
    if files:
        # By name: a file from before a field was added lacks its column.
        source = f"read_parquet([{_texts(files)}], hive_partitioning = true, union_by_name = true)"
        there = _columns(connection, source)
        columns = ", ".join(
            name if name in there else f"NULL::{kind} AS {name}"
            for name, kind in _columns(connection, "nothing").items()
        )
        connection.execute(f"CREATE VIEW archive AS SELECT {columns} FROM {source}")  # noqa: S608  (names of ours)
    else:
        connection.execute("CREATE TABLE archive AS FROM nothing")
    connection.unregister("nothing")
    for view in VIEWS:
        connection.execute(f"CREATE VIEW {view.name} AS {view.query}")


def _columns(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE FROM {source}").fetchall()
    return {name: kind for name, kind, *_ in described}
