"""Problems: every refusal has its page, and no page is without a refusal."""

import ast
import re
from pathlib import Path

import pytest

import data_contracts.door
from api.problems import PROBLEMS, Refusal, details
from tests.api.house import House

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "problems.md").read_text()


def codes_of_the_door() -> set[str]:
    tree = ast.parse(Path(data_contracts.door.__file__).read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "ContractViolation"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


# A sender cannot cause it: we write this time ourselves.
OURS = {"time-not-utc-ms"}


def test_whatever_the_door_says_has_a_page() -> None:
    assert codes_of_the_door() - OURS <= set(PROBLEMS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_listed_with_its_status_title_and_mend(code: str) -> None:
    problem = PROBLEMS[code]
    assert f"| `{code}` | {problem.status} | {problem.title} | {problem.hint} |" in PAGE


def test_nothing_else_is_listed() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == set(PROBLEMS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_type_of_a_problem_leads_to_its_page(house: House, code: str) -> None:
    found = details(Refusal(code), "request-1")
    answer = house.client.get(found.type)
    assert answer.status_code == 200
    assert PROBLEMS[code].title in answer.text
    assert PROBLEMS[code].hint in answer.text


def test_a_problem_that_is_none_has_no_page(house: House) -> None:
    assert house.client.get("/problems/nothing").status_code == 404
