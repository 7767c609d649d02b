"""Rule sets by two persons, steps back, lists and breakers, through the door that writes them."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.controls import Controls
from api.memory import MemoryLog, MemoryOperation
from api.permissions import Role
from api.ports import LogAway, Place
from data_contracts import codec
from data_contracts.control import BreakerRecord, ControlKind, ListEntryRecord, RuleSetRecord
from rules.model import ListKind, RuleSet
from rules.rule_set import pack, unpack
from tests.api.house import NOW, House, bearer
from tests.rules.rule_sets import a_list, a_rule, a_rule_set

LISTS = (a_list(ListKind.ALLOW), a_list(ListKind.BLOCK, "acc-bad"))


def numbered(number: int) -> RuleSet:
    return a_rule_set(a_rule(version=number), lists=LISTS)


def post(house: House, path: str, who: str, role: Role, **body: object) -> Any:  # noqa: ANN401  (an answer of httpx)
    headers = bearer(sub=who, role=role)
    return house.client.post(path, content=json.dumps(body), headers=headers)


def propose(house: House, rule_set: RuleSet, who: str = "rosa", **body: object) -> Any:  # noqa: ANN401  (see above)
    document = base64.b64encode(pack(rule_set)).decode()
    return post(house, "/v1/rule-sets", who, Role.RISK, document=document, **body)


def approve(house: House, rule_set: str, who: str = "theo", **body: object) -> Any:  # noqa: ANN401  (see above)
    return post(house, f"/v1/rule-sets/{rule_set}/approvals", who, Role.APPROVER, **body)


def publish(house: House, **body: object) -> Any:  # noqa: ANN401  (see above)
    return post(house, "/v1/publications", "rosa", Role.RISK, **body)


def read(house: House, path: str) -> Any:  # noqa: ANN401  (JSON)
    answer = house.client.get(path, headers=bearer(role=Role.AUDITOR))
    assert answer.status_code == 200
    return answer.json()


def live(house: House, number: int) -> str:
    """A rule set on its whole way."""
    rule_set = numbered(number)
    propose(house, rule_set)
    approve(house, rule_set.fingerprint())
    assert publish(house, rule_set=rule_set.fingerprint()).status_code == 200
    return rule_set.fingerprint()


def controls(house: House, kind: str) -> list[bytes]:
    return [value for key, value in house.log.cells.get(0, []) if key == kind.encode()]


def test_a_rule_set_comes_into_the_log_by_two_persons(house: House) -> None:
    rule_set = numbered(1)
    name = rule_set.fingerprint()
    proposed = propose(house, rule_set, note="fewer false alarms")
    assert proposed.status_code == 201
    assert proposed.json() == {
        "rule_set": name,
        "author": "rosa",
        "proposed_at": "2026-03-02T12:00:30Z",
        "note": "fewer false alarms",
    }
    early = publish(house, rule_set=name)
    assert (early.status_code, early.json()["code"]) == (409, "not-approved")
    assert "rules approve" in early.json()["hint"]
    assert controls(house, "rule-set") == []

    assert approve(house, name, note="seen").status_code == 201
    answer = publish(house, rule_set=name, reason="as planned").json()

    assert answer.pop("taken_up_seconds") >= 0
    assert answer == {
        "positions": {"0": 0},
        "rule_set": name,
        "act": "apply",
        "author": "rosa",
        "approved_by": "theo",
    }
    (record,) = [codec.decode(raw, RuleSetRecord) for raw in controls(house, "rule-set")]
    assert unpack(record.document) == rule_set
    assert (record.author, record.approved_by, record.published_by) == ("rosa", "theo", "rosa")
    assert (record.published_at, record.reason) == (NOW, "as planned")
    (told,) = read(house, "/v1/publications")["publications"]
    assert (told["rule_set"], told["position"], told["approved_by"]) == (name, 0, "theo")
    assert read(house, "/v1/rule-sets")["proposals"][0]["approvals"][0]["approver"] == "theo"
    assert read(house, f"/v1/rule-sets/{name}") == json.loads(rule_set.canonical())


def test_what_was_proposed_before_keeps_its_author(house: House) -> None:
    propose(house, numbered(1))
    again = propose(house, numbered(1), "ada")
    assert (again.status_code, again.json()["author"]) == (200, "rosa")


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("rosa", 403, "own-proposal"),
        ("Rosa", 403, "own-proposal"),
        ("theo", 409, "approved-before"),
    ],
)
def test_neither_the_author_nor_the_same_person_twice(
    house: House, who: str, status: int, code: str
) -> None:
    propose(house, numbered(1))
    approve(house, numbered(1).fingerprint(), "theo")
    answer = approve(house, numbered(1).fingerprint(), who)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unknown_rule_set_is_neither_approved_nor_published_nor_shown(house: House) -> None:
    answers = [
        approve(house, "0" * 64),
        publish(house, rule_set="0" * 64),
        publish(house),
        house.client.get(f"/v1/rule-sets/{'0' * 64}", headers=bearer()),
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {
        (404, "rule-set-not-found")
    }


def test_what_cannot_be_put_to_work_is_not_proposed(house: House) -> None:
    broken = a_rule_set(a_rule(when="nothing_is_called_so > 3"))
    assert propose(house, broken).json()["code"] == "rule-set-unsound"
    wrong = post(house, "/v1/rule-sets", "rosa", Role.RISK, document="aGVsbG8=")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "rule-set-unsound")
    assert house.rule_book.proposed == {}


def test_the_set_that_decides_is_not_published_again(house: House) -> None:
    name = live(house, 1)
    assert publish(house, rule_set=name).json()["positions"] == {}
    assert len(controls(house, "rule-set")) == 1


def test_a_step_back_is_a_publication_of_its_own_with_a_reason(house: House) -> None:
    assert publish(house, act="rollback", reason="x").json()["code"] == "nothing-before"
    first, second = live(house, 1), live(house, 2)
    unreasoned = publish(house, act="rollback")
    assert (unreasoned.status_code, unreasoned.json()["errors"][0]["pointer"]) == (422, "/reason")

    answer = publish(house, act="rollback", reason="too many alerts").json()

    assert (answer["rule_set"], answer["act"]) == (first, "rollback")
    history = read(house, "/v1/publications")["publications"]
    assert [each["rule_set"] for each in history] == [first, second, first]
    assert (history[-1]["reason"], history[-1]["approved_by"]) == ("too many alerts", "theo")
    assert publish(house, act="rollback", reason="x").json()["code"] == "nothing-before"


def test_a_log_that_is_away_publishes_nothing_and_says_so(house: House) -> None:
    propose(house, numbered(1))
    approve(house, numbered(1).fingerprint())
    house.log.failing_after = 0
    answer = publish(house, rule_set=numbered(1).fingerprint())
    assert (answer.status_code, answer.json()["code"]) == (503, "log-away")
    assert read(house, "/v1/publications")["publications"] == []


def trip(house: House) -> None:
    record = BreakerRecord(rule_id="rule-1", is_tripped=True, reason="much", recorded_at=NOW)
    house.client.portal.call(_write, house, record)  # type: ignore[union-attr]  # within a `with`


async def _write(house: House, record: BreakerRecord) -> None:
    await Controls(house.services).all_cells(record)


def test_a_tripped_rule_is_shown_and_let_back_once(house: House) -> None:
    path = "/v1/rules/rule-1/resets"
    untripped = post(house, path, "rosa", Role.RISK, reason="threshold raised")
    assert (untripped.status_code, untripped.json()["code"]) == (409, "rule-not-tripped")
    trip(house)
    (held,) = read(house, "/v1/publications")["breakers"]
    assert (held["rule_id"], held["reason"]) == ("rule-1", "much")

    assert post(house, path, "rosa", Role.RISK, reason="raised").json()["positions"] == {"0": 1}

    assert read(house, "/v1/publications")["breakers"] == []
    _, reset = [codec.decode(raw, BreakerRecord) for raw in controls(house, "breaker")]
    assert (reset.is_tripped, reset.reason, reset.recorded_by) == (False, "raised", "rosa")
    assert post(house, path, "rosa", Role.RISK, reason="raised").status_code == 409


def add(house: House, list_id: str = "block_list", **body: object) -> Any:  # noqa: ANN401  (an answer)
    fields = {"value": "acc-1", "reason": "stolen cards"} | body
    return post(house, f"/v1/lists/{list_id}/entries", "rosa", Role.RISK, **fields)


def remove(house: House, value: str) -> Any:  # noqa: ANN401  (an answer)
    path = "/v1/lists/block_list/removals"
    return post(house, path, "rosa", Role.RISK, value=value, reason="cleared")


def test_an_entry_comes_with_reason_owner_and_end_and_goes_again(house: House) -> None:
    live(house, 1)
    added = add(house, expires_at="2026-06-01T00:00:00Z", owner="card-fraud")
    assert (added.status_code, added.json()["positions"]) == (201, {"0": 1})
    (record,) = [codec.decode(raw, ListEntryRecord) for raw in controls(house, "list-entry")]
    assert (record.owner, record.recorded_by, record.recorded_at) == ("card-fraud", "rosa", NOW)
    shown = {entry["value"]: entry for entry in read(house, "/v1/lists/block_list")["entries"]}
    assert shown["acc-1"]["expires_at"] == "2026-06-01T00:00:00Z"
    assert (shown["acc-1"]["recorded_by"], shown["acc-bad"].get("recorded_by")) == ("rosa", None)

    again = add(house, expires_at="2026-06-01T00:00:00Z", owner="card-fraud")
    assert (again.status_code, again.json()["positions"]) == (200, {})

    assert remove(house, "acc-1").status_code == 200
    assert remove(house, "acc-bad").status_code == 200
    assert read(house, "/v1/lists/block_list")["entries"] == []
    assert remove(house, "acc-1").json()["code"] == "entry-not-found"
    lists = {each["list_id"]: each["kind"] for each in read(house, "/v1/lists")["lists"]}
    assert lists == {"allow_list": "allow", "block_list": "block"}


@pytest.mark.parametrize(
    ("list_id", "body", "status", "code", "pointer"),
    [
        ("no_list", {}, 404, "list-not-found", None),
        ("allow_list", {}, 422, "allowance-without-limit", "/expires_at"),
        (
            "allow_list",
            {"expires_at": "2026-06-01T00:00:00Z"},
            422,
            "allowance-without-limit",
            "/amount_minor_max",
        ),
        ("block_list", {"expires_at": "2026-01-01T00:00:00Z"}, 422, "entry-time", "/expires_at"),
        (
            "block_list",
            {"valid_from": "2026-06-01T00:00:00Z", "expires_at": "2026-06-01T00:00:00Z"},
            422,
            "entry-time",
            "/expires_at",
        ),
        ("block_list", {"reason": ""}, 422, "not-as-agreed", "/reason"),
        ("block_list", {"reason": "card 4111111111111111"}, 422, "card-number", "/reason"),
        ("block_list", {"value": "4111111111111111"}, 422, "card-number", "/value"),
        ("block_list", {"value": "a b"}, 422, "identifier", "/value"),
        ("block_list", {"expires": "x"}, 422, "not-as-agreed", ""),
        ("block_list", {"expires_at": "2026-06-01T00:00:00"}, 422, "not-as-agreed", "/expires_at"),
    ],
)
def test_an_entry_that_would_be_wrong_is_refused_with_its_place(
    house: House,
    list_id: str,
    body: dict[str, object],
    status: int,
    code: str,
    pointer: str | None,
) -> None:
    live(house, 1)
    answer = add(house, list_id, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [place["pointer"] for place in answer.json().get("errors", [])] == (
        [] if pointer is None else [pointer]
    )
    assert controls(house, "list-entry") == []


def test_every_cell_gets_the_record_and_one_that_was_left_out_gets_it_alone(house: House) -> None:
    name = live(house, 1)
    operation = MemoryOperation(taken={0: 1 << 53, 1: 1 << 53})
    services = replace(house.services, cells=2, operation=operation)
    with TestClient(create_app(services)) as client:
        body = json.dumps({"rule_set": name})
        path, headers = "/v1/publications", bearer(sub="rosa", role=Role.RISK)
        assert client.post(path, content=body, headers=headers).json()["positions"] == {"1": 0}
        assert client.post(path, content=body, headers=headers).json()["positions"] == {}
    assert [key for key, _ in house.log.cells[1]] == [b"rule-set"]


@dataclass
class HalfALog(MemoryLog):
    """A log of which some cells are away."""

    away: set[int] = field(default_factory=set)

    async def publish(self, cell: int, kind: ControlKind, value: bytes) -> Place:
        if cell in self.away:
            raise LogAway("it was told to be away", {})
        return await super().publish(cell, kind, value)


@pytest.mark.parametrize("away", [0, 1, 2])
def test_an_entry_that_reached_some_cells_only_reaches_all_when_sent_again(
    house: House, away: int
) -> None:
    live(house, 1)
    log = HalfALog(house.log.cells, away={away})
    operation = MemoryOperation(taken=dict.fromkeys(range(3), 1 << 53))
    house.services = replace(house.services, cells=3, log=log, operation=operation)
    with TestClient(create_app(house.services)) as house.client:
        assert add(house).json()["code"] == "log-away"
        log.away.clear()
        assert add(house).status_code == 201
        assert remove(house, "acc-1").status_code == 200
    for written in log.cells.values():
        last = [codec.decode(value, ListEntryRecord).removed for _, value in written[-2:]]
        assert last == [False, True]
    assert len(log.cells) == 3
