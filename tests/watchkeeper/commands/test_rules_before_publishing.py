"""Backtest and plan of a stack: over its archive, against the set that counts there."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from rules.model import RuleSet
from rules.rule_set import load_catalogue
from runtime import migrations
from tests.factories import NOON
from tests.watchkeeper.commands.descriptors import describe_a_stack
from tests.watchkeeper.commands.pasts import (
    AMOUNT,
    archive_of,
    catalogue,
    file_of,
    transactions,
)
from watchkeeper.commands.rules import app
from watchkeeper.errors import Failure

LOWER = AMOUNT.replace("9000", "8000").replace("8999", "7999")


def run(*arguments: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    if result.exception is not None:
        raise result.exception
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_the_archive_is_the_past_that_a_file_would_be(tmp_path: Path) -> None:
    log = transactions()
    archive_of(log, tmp_path / "data")
    folder, file = catalogue(tmp_path / "rules"), file_of(log, tmp_path / "log.parquet")
    of_archive = run("backtest", "--catalogue", folder, "--data", tmp_path / "data")
    assert of_archive == run("backtest", "--catalogue", folder, "--input", file)
    assert of_archive["flagged"]["alerts"] > 0


def publish(postgres: str, rule_set: RuleSet, position: int) -> None:
    """Write down what alerting writes when it comes upon the record."""
    fingerprint = rule_set.fingerprint()
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "INSERT INTO casework.rule_sets VALUES (%s, %s)", (fingerprint, rule_set.canonical())
        )
        connection.execute(
            "INSERT INTO casework.publications VALUES (0, %s, 'rule-set', %s, %s, %s)",
            (position, fingerprint, Jsonb({}), NOON + timedelta(seconds=position)),
        )


@pytest.mark.servers
def test_a_plan_compares_with_what_counts_in_the_stack(
    tmp_path: Path, postgres_database: str
) -> None:
    migrations.upgrade(postgres_database)
    data = tmp_path / "data"
    describe_a_stack(data, postgres=postgres_database)
    archive_of(transactions(), data)
    older, newer = catalogue(tmp_path / "older", amount=LOWER), catalogue(tmp_path / "newer")
    with pytest.raises(Failure, match="No rule set counts yet"):
        run("plan", "--catalogue", newer, "--data", data)

    live, kept = load_catalogue(newer)[0], load_catalogue(older)[0]
    publish(postgres_database, kept, position=0)
    publish(postgres_database, live, position=1)

    same = run("plan", "--catalogue", newer, "--data", data)
    assert (same["against"], same["comparison"]["flips"]) == (live.fingerprint(), [])
    other = run("plan", "--catalogue", newer, "--data", data, "--against", kept.fingerprint())
    assert other["against"] == kept.fingerprint()
    assert other["comparison"]["flips"] != []
    of_kept = run("backtest", "--data", data, "--rule-set", kept.fingerprint()[:12])
    assert of_kept == run("backtest", "--data", data, "--catalogue", older)
    for begin, said in (("xyz", "There is no rule set"), ("", "There are several rule sets")):
        with pytest.raises(Failure, match=said):
            run("backtest", "--data", data, "--rule-set", begin)
