"""Two persons at the command line: what each is told, and what is refused with its mend."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.model import RuleSet
from tests.rules.catalogues import write
from tests.watchkeeper.commands.at_the_api import Desk, a_desk
from watchkeeper.commands import lists
from watchkeeper.commands.rules import app
from watchkeeper.errors import Failure
from watchkeeper.publish import shipped_catalogue, sound_catalogue


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return sound_catalogue(shipped_catalogue()).rule_set()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "stack") as opened:
        yield opened


def test_a_catalogue_goes_live_by_two_persons(desk: Desk, shipped: RuleSet) -> None:
    name = shipped.fingerprint()
    said = desk.run(app, "propose", "--as", "rosa", "--note", "fewer false alarms")
    assert f"{name} is proposed by rosa" in said
    assert f"rules approve {name[:12]} --as NAME" in said
    with pytest.raises(Failure, match="rosa proposed it") as refusal:
        desk.run(app, "apply")
    assert "rules approve HASH" in refusal.value.mend
    with pytest.raises(Failure, match="of their own"):
        desk.run(app, "approve", name[:8], "--as", "Rosa")
    assert "Waiting for a second person" in desk.run(app, "log")

    said = desk.run(app, "approve", name[:8], "--as", "theo")
    assert "theo approves what rosa proposed" in said
    assert "Approved, not published" in desk.run(app, "log")

    assert f"{name} decides from position 0 on" in desk.run(app, "apply", name[:12])
    assert f"{name} decides already" in desk.run(app, "apply")
    told = json.loads(desk.run(app, "log", "--json"))
    assert [each["approved_by"] for each in told["publications"]] == ["theo"]
    assert "theo" in desk.run(app, "log")
    with pytest.raises(Failure, match="no rule set to go back to"):
        desk.run(app, "apply", "--rollback", "--reason", "too loud")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apply",), "No such rule set was proposed"),
        (("apply", "0123456789"), "0 rule sets begin with 0123456789"),
        (("apply", "0123"), "Too short: many may begin with 0123"),
        (("apply", "--rollback"), "A step back names no rule set, but a reason"),
        (("apply", "0123456789", "--rollback", "--reason", "x"), "A step back names no rule set"),
        (("reset", "card-burst", "--reason", "x"), "No breaker holds this rule"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Failure, match=said) as refusal:
        desk.run(app, *words)
    assert "watchkeeper rules" in refusal.value.mend


def test_lists_are_shown_and_changed(desk: Desk) -> None:
    for words in (("propose", "--as", "rosa"), ("apply",)):
        if words == ("apply",):
            desk.run(app, "approve", desk_hash(desk), "--as", "theo")
        desk.run(app, *words)
    card = ("blocked_cards", "card-7")
    assert "blocked_cards" in desk.run(lists.app, "show")
    said = desk.run(
        lists.app, "add", *card, "--reason", "stolen", "--expires", "30d", "--as", "ada"
    )
    assert "card-7 is on blocked_cards from position 1 on" in said
    assert "ada" in desk.run(lists.app, "show", "blocked_cards")
    with pytest.raises(Failure, match="An allowance has an end and a cap: /expires_at"):
        desk.run(lists.app, "add", "trusted_counterparties", "cp-1", "--reason", "landlord")
    said = desk.run(lists.app, "remove", *card, "--reason", "found again")
    assert "card-7 is off blocked_cards" in said
    with pytest.raises(Failure, match="not on the list"):
        desk.run(lists.app, "remove", *card, "--reason", "found again")
    with pytest.raises(Failure, match="no such list"):
        desk.run(lists.app, "show", "nothing")


def desk_hash(desk: Desk) -> str:
    (proposal,) = json.loads(desk.run(app, "log", "--json"))["proposals"]
    return str(proposal["rule_set"])


def test_an_api_that_is_away_says_where_to_look(desk: Desk, tmp_path: Path) -> None:
    with a_desk(tmp_path / "other") as gone:
        pass
    with pytest.raises(Failure, match="does not answer") as refusal:
        gone.run(app, "log")
    assert "watchkeeper status" in refusal.value.mend
    assert desk.run(app, "log")


def test_what_lint_refuses_is_not_proposed(desk: Desk, tmp_path: Path) -> None:
    wrong = write(tmp_path, {"catalogue.lock": "neighbour 2 0123456789abcdef\n"})
    with pytest.raises(Failure, match=r"version 1 is older than 2 in catalogue\.lock") as refusal:
        desk.run(app, "propose", "--as", "rosa", "--catalogue", str(wrong))
    assert "watchkeeper rules lint" in refusal.value.mend
