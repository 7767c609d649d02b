"""`watchkeeper rules sql` prints what `watchkeeper sql` can run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analytics.sql import ask
from watchkeeper.commands.rules import app
from watchkeeper.errors import Failure


def run(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "40"}).invoke(app, ["sql", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_what_is_printed_is_one_question_of_the_archive(tmp_path: Path) -> None:
    answer = ask(tmp_path, run("card-payments-10m", "--cell", "2"))

    assert answer.table.num_rows == 0
    assert "card_payment_count_10m" in answer.table.column_names
    assert "card_payment_count_10m.flag" in answer.table.column_names


def test_an_unknown_rule_gets_a_suggestion() -> None:
    with pytest.raises(Failure, match='did you mean "card-payments-10m"'):
        run("card-payment-10m")
