"""Every wrong file under `tests/rules/wrong/` says at its end what lint has to say of it."""

from pathlib import Path

import pytest

from rules.linting import lint
from rules.mistakes import Mistake
from tests.rules.catalogues import NEIGHBOUR, read, write

WRONG = sorted((Path(__file__).parent.parent / "wrong").glob("*.yaml"))
EXPECTED = "# says: "
NO_SCHEMA = "editors are told no schema"


def place_of(path: Path) -> str:
    kind, _, rest = path.name.partition(".")
    if rest == "yaml":
        return f"catalogue/velocity/{path.name}"
    stem = rest.removesuffix(".yaml").replace("-", "_")
    return {"list": f"lists/{stem}.yaml", "policy": "policy.yaml", "budget": "budget.yaml"}[kind]


def said_of(path: Path, root: Path) -> list[str]:
    place = place_of(path)
    mistakes = lint(write(root, {place: path.read_text()})).mistakes
    own = [mistake for mistake in mistakes if mistake.path == str(root / place)]
    return [_said(mistake, root) for mistake in own if mistake.message != NO_SCHEMA]


def _said(mistake: Mistake, root: Path) -> str:
    return str(mistake).replace(mistake.path, "").replace(f"{root}/", "")[1:]


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.name)
def test_a_wrong_file_is_told_what_is_wrong(path: Path, tmp_path: Path) -> None:
    expected = [
        line.removeprefix(EXPECTED)
        for line in path.read_text().splitlines()
        if line.startswith(EXPECTED)
    ]
    assert expected
    assert said_of(path, tmp_path) == expected


def test_there_are_more_than_forty_kinds_of_mistakes() -> None:
    assert len(WRONG) > 40


def test_a_sound_catalogue_has_no_mistakes(tmp_path: Path) -> None:
    assert read(tmp_path, {}).mistakes == ()


def test_the_mistakes_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    files = {
        "policy.yaml": "review_at: 0\ndecline_at: 90\n",
        "catalogue/card-testing/neighbour.yaml": NEIGHBOUR.replace("low", "lwo"),
        "catalogue/velocity/other.yaml": "id: other\n",
    }
    mistakes = read(tmp_path, files).mistakes
    assert {Path(mistake.path).name for mistake in mistakes} == {
        "policy.yaml",
        "neighbour.yaml",
        "other.yaml",
    }


def test_a_rule_with_a_mistake_is_left_out_and_the_others_are_read(tmp_path: Path) -> None:
    catalogue = read(tmp_path, {"catalogue/velocity/other.yaml": "id: other\n"})
    assert [document.rule.id for document in catalogue.documents] == ["neighbour"]


def test_two_rules_of_one_id_name_each_other(tmp_path: Path) -> None:
    copy = NEIGHBOUR.replace("typology: card-testing", "typology: velocity").replace(
        "card_payment_count_1h", "other_count_1h"
    )
    mistakes = read(tmp_path, {"catalogue/velocity/neighbour.yaml": copy}).mistakes
    assert [mistake.message for mistake in mistakes] == [
        f'{tmp_path}/catalogue/card-testing/neighbour.yaml has the id "neighbour" too'
    ]


def test_a_mistake_is_shown_with_its_line_and_a_caret(tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("severity: low", "severity: lwo")
    (mistake,) = read(tmp_path, {"catalogue/card-testing/neighbour.yaml": wrong}).mistakes
    assert mistake.shown().splitlines()[1:] == [
        "    severity: lwo",
        "              ^",
    ]
