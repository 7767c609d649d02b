from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analytics.sql import Refused, ask, views
from data_contracts import codec
from data_contracts.decision import Decision, ListHit, RuleHit, Severity, Verdict
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from runtime.archive import Archive, Mark, active_files
from tests.factories import NOON, a_decision, a_hit, a_transaction

SHADOW = RuleHit(
    rule_id="new-device",
    version=3,
    typology="account-takeover",
    severity=Severity.LOW,
    score=10,
    reason="a new device",
)


def archive(folder: Path, *decisions: Decision, duplicate_of: int | None = None) -> None:
    made_ms = int((NOON + timedelta(milliseconds=250)).timestamp() * 1000)
    messages = [Message(0, made_ms, codec.encode(decision)) for decision in decisions]
    rows = columns.table(columns.read(messages))
    if duplicate_of is not None:
        place = rows.schema.get_field_index("duplicate_of")
        field = rows.schema.field(place)
        rows = rows.set_column(place, field, [[duplicate_of] * rows.num_rows])
    highest = max(decision.position for decision in decisions)
    assert Archive.open(folder).append(rows, 0, Mark(highest, highest + 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archive")
    archive(
        made,
        a_decision(position=1, transaction=a_transaction(amount_minor=1250, currency="EUR")),
        a_decision(
            position=2,
            verdict=Verdict.REVIEW,
            score=60,
            hits=(a_hit(), a_hit()),
            shadow_hits=(SHADOW,),
            features={"count_10m": 7, "avg_30d": 0.1, "last_country": "DE", "stddev_30d": None},
            flags={"stddev_30d": "late"},
            transaction=a_transaction(amount_minor=1250, currency="JPY"),
        ),
    )
    listed = ListHit(list_id="blocked", field="ip", reason="known proxy")
    archive(
        made,
        a_decision(
            position=3,
            verdict=Verdict.DECLINE,
            list_hit=listed,
            transaction=a_transaction(amount_minor=1250, currency="KWD"),
        ),
    )
    archive(made, a_decision(position=9, hits=(a_hit(),)), duplicate_of=1)
    return made


def rows(folder: Path, question: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(folder, question).table.to_pylist()
    return found


def test_amounts_have_the_digits_of_their_currency(folder: Path) -> None:
    found = rows(folder, "SELECT currency, amount::DOUBLE AS amount FROM transactions")

    assert {row["currency"]: row["amount"] for row in found} == {
        "EUR": 12.5,
        "JPY": 1250,
        "KWD": 1.25,
    }


def test_later_copies_are_hidden_but_can_be_asked_for(folder: Path) -> None:
    counts = "SELECT (SELECT count(*) FROM {}) AS n"

    assert rows(folder, counts.format("transactions")) == [{"n": 3}]
    assert rows(folder, counts.format("decisions")) == [{"n": 3}]
    assert rows(folder, counts.format("hits")) == [{"n": 3}]
    assert rows(folder, counts.format("archive")) == [{"n": 4}]
    assert rows(folder, "SELECT position, duplicate_of FROM duplicates") == [
        {"position": 9, "duplicate_of": 1}
    ]


def test_a_decision_names_its_rules_and_its_latency(folder: Path) -> None:
    (row,) = rows(folder, "FROM decisions WHERE position = 2")

    assert row["rules"] == ["card-burst", "card-burst"]
    assert row["shadow_rules"] == ["new-device"]
    assert row["latency_ms"] == 250
    assert rows(folder, "SELECT list_id FROM decisions WHERE position = 3") == [
        {"list_id": "blocked"}
    ]


def test_hits_are_rows(folder: Path) -> None:
    found = rows(folder, "SELECT rule_id, is_shadow, score FROM hits ORDER BY is_shadow, rule_id")

    assert found == [
        {"rule_id": "card-burst", "is_shadow": False, "score": 60},
        {"rule_id": "card-burst", "is_shadow": False, "score": 60},
        {"rule_id": "new-device", "is_shadow": True, "score": 10},
    ]


def test_feature_values_are_rows_with_their_flags(folder: Path) -> None:
    found = rows(folder, "SELECT feature, value, text, flag FROM feature_values ORDER BY feature")

    assert [tuple(row.values()) for row in found] == [
        ("avg_30d", 0.1, "0.1", None),
        ("count_10m", 7.0, "7", None),
        ("last_country", None, "DE", None),
        ("stddev_30d", None, None, "late"),
    ]


def test_a_feature_can_be_asked_for_by_name(folder: Path) -> None:
    found = rows(folder, "SELECT (features ->> 'count_10m')::INT AS n FROM decisions ORDER BY 1")

    assert [row["n"] for row in found] == [7, None, None]


def test_an_answer_is_cut_at_the_limit_and_says_so(folder: Path) -> None:
    answer = ask(folder, "SELECT * FROM range(5)", rows_max=3)
    whole = ask(folder, "SELECT * FROM range(3)", rows_max=3)

    assert answer.table.column(0).to_pylist() == [0, 1, 2]
    assert answer.is_cut
    assert not whole.is_cut


def test_an_empty_archive_has_the_same_views(tmp_path: Path, folder: Path) -> None:
    assert views(tmp_path) == views(folder)
    assert rows(tmp_path, "SELECT count(*) AS n FROM hits") == [{"n": 0}]


def test_the_archive_of_an_older_contract_is_read_with_nulls(tmp_path: Path) -> None:
    archive(tmp_path, a_decision(position=1))
    (file,) = active_files(tmp_path)
    pq.write_table(pq.ParquetFile(file).read().drop_columns(["description", "ip"]), file)

    assert rows(tmp_path, "SELECT ip, description FROM transactions") == [
        {"ip": None, "description": None}
    ]


@pytest.mark.parametrize(
    "question",
    [
        "WITH a AS (SELECT 1) FROM a",
        "FROM transactions",
        "DESCRIBE transactions",
        "SUMMARIZE transactions",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT count(*) FROM hits",
        "-- a remark\nSELECT 1;",
    ],
)
def test_all_kinds_of_questions_are_answered(folder: Path, question: str) -> None:
    assert ask(folder, question).table.num_rows > 0


ESCAPES = [
    "SELECT * FROM read_text('{other}')",
    "SELECT * FROM read_csv('{other}')",
    "SELECT * FROM read_blob('{folder}/../{other_name}')",
    "SELECT * FROM '{other}'",
    "SELECT * FROM parquet_metadata('{other}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_text('{folder}/_delta_log/00000000000000000000.json')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{new}''')",
    "SELECT * FROM query('SELECT * FROM read_text(''{other}'')')",
    "COPY (SELECT 1) TO '{new}'",
    "COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "/* SELECT */ EXPLAIN ANALYZE COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "EXPLAIN/**/ANALYZE COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "SELECT 1; COPY (SELECT 1) TO '{own}' (FORMAT parquet)",
    "EXPORT DATABASE '{new}'",
    "ATTACH '{new}'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET allowed_paths",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE SECRET (TYPE s3)",
    "CREATE MACRO f(x) AS x",
    "DROP VIEW transactions",
    "INSERT INTO archive DEFAULT VALUES",
    "UPDATE transactions SET score = 0",
    "DELETE FROM transactions",
    "BEGIN",
    "CHECKPOINT",
    "VACUUM",
    "PREPARE a AS SELECT 1",
    "USE temp",
    "SELECT getenv('HOME')",
    "SELECT * FROM folder",
    "",
    "SELECT",
    "EXPLAIN EXPLAIN SELECT 1",
]


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_question_leaves_the_archive(tmp_path: Path, escape: str) -> None:
    folder, other, new = tmp_path / "archive", tmp_path / "other.csv", tmp_path / "new.csv"
    archive(folder, a_decision(position=1))
    (own,) = active_files(folder)
    before = Path(own).read_bytes()
    other.write_text("secret\n1\n")
    places = {"folder": folder, "other": other, "other_name": other.name, "new": new, "own": own}

    with pytest.raises(Refused) as refused:
        ask(folder, escape.format(**places))

    assert "secret" not in str(refused.value)
    assert not new.exists()
    assert Path(own).read_bytes() == before


def test_a_wrong_name_is_answered_with_the_right_one(folder: Path) -> None:
    with pytest.raises(Refused, match="transaktions does not exist") as table:
        ask(folder, "SELECT * FROM transaktions")
    with pytest.raises(Refused, match=r"Candidate bindings.*verdict"):
        ask(folder, "SELECT verdikt FROM transactions")
    with pytest.raises(Refused, match="does not exist") as stranger:
        ask(folder, "SELECT * FROM zzz")

    assert table.value.hint == "Did you mean transactions?"
    assert stranger.value.hint.startswith("There are transactions, decisions, hits")
    assert "Did you mean" not in str(table.value)


def test_a_question_that_takes_too_long_is_ended(folder: Path) -> None:
    endless = (
        "SELECT count(*) FROM range(10_000_000_000) a, range(10) b WHERE a.range % 7 = b.range"
    )

    with pytest.raises(Refused, match=r"No answer within 0\.1 seconds"):
        ask(folder, endless, seconds_max=0.1)
