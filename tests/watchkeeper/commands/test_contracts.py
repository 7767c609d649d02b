from typer.testing import CliRunner

from data_contracts.contracts import CONTRACTS
from watchkeeper.commands.contracts import app

WIDE = {"COLUMNS": "200"}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, env=WIDE)
    return result.exit_code, result.output


def test_the_list_names_every_contract() -> None:
    code, output = run("list")
    assert code == 0
    assert all(contract.name in output for contract in CONTRACTS)


def test_a_contract_is_shown_with_types_limits_and_meaning() -> None:
    code, output = run("show", "transactions")
    assert code == 0
    (line,) = [line for line in output.splitlines() if "Transaction.amount_minor" in line]
    assert "integer" in line
    assert "1 to 1000000000000" in line
    assert "smallest unit" in line
    (line,) = [line for line in output.splitlines() if "Transaction.direction" in line]
    assert "credit, debit" in line


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    code, output = run("show", "desicions")
    assert code == 2
    assert "decisions" in output


def test_an_unbroken_promise_is_said_in_a_line() -> None:
    code, output = run("check")
    assert code == 0
    assert output
