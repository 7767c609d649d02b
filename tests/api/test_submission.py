"""Sending transactions: what is answered to a good one, a retry, a conflict and a wrong one."""

import json
from typing import Any

import pytest

from api.permissions import Role
from data_contracts.door import parse_stored
from data_contracts.ids import event_id, text
from ledger.values import Account
from tests.api.house import NOW, REQUEST, House, a_batch, a_body, bearer
from tests.api.wrong import BATCH, CARD, ONE, WRONGS, Wrong


def send(house: House, **changes: Any) -> Any:  # noqa: ANN401  (an answer of httpx)
    return house.client.post(ONE, content=a_body(**changes), headers=bearer())


def send_batch(house: House, *items: bytes) -> Any:  # noqa: ANN401  (JSON)
    answer = house.client.post(BATCH, content=a_batch(*items), headers=bearer())
    assert answer.status_code == 202
    return answer.json()


def test_a_new_transaction_is_accepted_with_its_place_in_the_log(house: House) -> None:
    answer = send(house, transaction_id="t/1")
    assert answer.status_code == 202
    assert answer.json() == {
        "transaction_id": "t/1",
        "event_id": text(event_id("demo", "t/1")),
        "status": "new",
        "cell": 0,
        "position": 0,
    }
    assert answer.headers["location"] == "/v1/transactions/t%2F1"
    assert answer.headers["idempotency-status"] == "new"


def test_the_log_holds_what_was_sent_with_tenant_and_time(house: House) -> None:
    send(house)
    assert house.written() == [REQUEST | {"tenant": "demo", "received_at": "2026-03-02T12:00:30Z"}]
    parse_stored(house.log.cells[0][0][1])


def test_the_tenant_is_that_of_the_token(house: House) -> None:
    house.client.post(ONE, content=a_body(), headers=bearer(tenant="other"))
    assert house.written()[0]["tenant"] == "other"


def test_a_retry_is_answered_with_the_same_place(house: House) -> None:
    send(house)
    reordered = dict(reversed(REQUEST.items()))
    answer = house.client.post(ONE, content=json.dumps(reordered, indent=2), headers=bearer())
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["position"]) == ("duplicate", 0)
    assert answer.headers["idempotency-status"] == "duplicate"
    assert len(house.written()) == 1


def test_the_same_moment_in_another_zone_is_the_same_transaction(house: House) -> None:
    send(house)
    assert send(house, occurred_at="2026-03-02T13:00:00+01:00").status_code == 200


def test_another_transaction_under_the_same_id_is_a_conflict(house: House) -> None:
    send(house)
    answer = send(house, amount_minor=1)
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert answer.json()["errors"][0]["pointer"] == "/transaction_id"
    assert len(house.written()) == 1


def test_without_the_memory_of_ids_it_is_accepted_and_said(house: House) -> None:
    house.natural_ids.is_away = True
    answer = send(house)
    assert (answer.status_code, answer.headers["idempotency-status"]) == (202, "degraded")
    assert house.metric("idempotency_degraded_total") == 1


def test_without_the_log_nothing_is_taken_and_a_retry_is(house: House) -> None:
    house.log.failing_after = 0
    answer = send(house)
    assert answer.status_code == 503
    assert answer.json()["code"] == "log-away"
    assert answer.headers["retry-after"] == "1"
    house.log.failing_after = None
    assert send(house).status_code == 202
    assert house.metric("log_failures_total") == 1


@pytest.mark.parametrize("wrong", WRONGS.values(), ids=WRONGS.keys())
def test_a_wrong_request_is_refused_with_its_reason_and_leaves_nothing(
    house: House, wrong: Wrong
) -> None:
    headers = {**bearer(), **(wrong.headers or {})}
    answer = house.client.post(wrong.path, content=wrong.body("t-wrong"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (wrong.status, wrong.code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{wrong.code}"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    if wrong.place is not None:
        assert answer.json()["errors"][0]["pointer"] == wrong.place
    assert CARD not in answer.text
    assert len(answer.text) < 1_000
    assert not house.written()
    assert not house.natural_ids.entries
    assert house.metric("refusals_total", code=wrong.code) == 1


def test_a_batch_gives_each_its_own_result_in_order(house: House) -> None:
    send(house, transaction_id="known")
    answer = send_batch(
        house,
        a_body(transaction_id="a"),
        a_body(transaction_id="known"),
        a_body(transaction_id="known", amount_minor=1),
        a_body(transaction_id="b", currency="EUX"),
        a_body(transaction_id="a"),
        a_body(transaction_id="c"),
    )
    statuses = [result["status"] for result in answer["results"]]
    expected = ["accepted", "duplicate", "conflict", "refused", "duplicate", "accepted"]
    assert statuses == expected
    assert answer["counts"] == {"accepted": 2, "duplicate": 2, "conflict": 1, "refused": 1}
    assert [found["transaction_id"] for found in house.written()] == ["known", "a", "c"]


def test_a_refused_one_of_a_batch_says_where_and_why(house: House) -> None:
    refused = send_batch(house, a_body(), a_body(transaction_id="b", currency="EUX"))["results"][1]
    assert refused["code"] == "currency"
    assert refused["pointer"] == "/transactions/1/currency"
    assert "ISO 4217" in refused["detail"]
    assert house.metric("refusals_total", code="currency") == 1


# What no reader of JSON can get past refuses a whole batch.
WHOLE = {"not-json", "body-too-large"}
ITEMS = {
    name: wrong
    for name, wrong in WRONGS.items()
    if wrong.code not in WHOLE and wrong.path == ONE and not wrong.headers and "deep" not in name
}


@pytest.mark.parametrize("wrong", ITEMS.values(), ids=ITEMS.keys())
def test_a_wrong_one_leaves_the_good_ones_of_its_batch_alone(house: House, wrong: Wrong) -> None:
    answer = send_batch(house, a_body(), wrong.body("t-wrong"), a_body(transaction_id="t-2"))
    first, refused, last = answer["results"]
    assert (first["status"], last["status"]) == ("accepted", "accepted")
    assert refused["status"] == "refused"
    assert CARD not in json.dumps(answer)
    assert len(house.written()) == 2


def test_a_batch_of_wrong_ones_only_is_answered_one_by_one(house: House) -> None:
    answer = send_batch(house, b"1", b"null", b"{}")
    assert answer["counts"] == {"refused": 3}
    assert not house.written()


def test_a_batch_without_the_log_is_not_taken_at_all(house: House) -> None:
    house.log.failing_after = 1
    bodies = [a_body(transaction_id="a"), a_body(transaction_id="b")]
    answer = house.client.post(BATCH, content=a_batch(*bodies), headers=bearer())
    assert answer.status_code == 503
    house.log.failing_after = None
    statuses = [result["status"] for result in send_batch(house, *bodies)["results"]]
    assert statuses == ["duplicate", "accepted"]


def test_a_batch_may_have_a_thousand(house: House) -> None:
    answer = send_batch(house, *(a_body(transaction_id=f"t-{number}") for number in range(1_000)))
    assert answer["counts"] == {"accepted": 1_000}


TELLER = {"role": Role.TELLER, "sub": "tom", "branch": "north"}


def test_a_teller_sends_for_its_branch_only(house: House) -> None:
    for account_id, branch in (("near", "north"), ("far", "south")):
        house.books.registry["demo", account_id] = Account(
            tenant="demo", account_id=account_id, branch_id=branch
        )
    sent = {
        account_id: house.client.post(
            ONE,
            content=a_body(transaction_id=account_id, account_id=account_id),
            headers=bearer(**TELLER),
        )
        for account_id in ("near", "far", "nowhere")
    }
    assert {name: answer.status_code for name, answer in sent.items()} == {
        "near": 202,
        "far": 404,
        "nowhere": 404,
    }
    assert sent["far"].json()["errors"] == sent["nowhere"].json()["errors"]
    assert [found["account_id"] for found in house.written()] == ["near"]


def test_a_tellers_batch_leaves_out_what_is_not_of_its_branch(house: House) -> None:
    house.books.registry["demo", "near"] = Account(
        tenant="demo", account_id="near", branch_id="north"
    )
    bodies = [a_body(transaction_id=name, account_id=name) for name in ("near", "far")]
    answer = house.client.post(BATCH, content=a_batch(*bodies), headers=bearer(**TELLER)).json()
    assert [result["status"] for result in answer["results"]] == ["accepted", "refused"]
    assert answer["results"][1]["code"] == "account-not-found"


def test_a_teller_of_another_tenant_has_no_reach_here(house: House) -> None:
    house.books.registry["demo", "near"] = Account(
        tenant="demo", account_id="near", branch_id="north"
    )
    headers = bearer(**TELLER, tenant="other")
    answer = house.client.post(ONE, content=a_body(account_id="near"), headers=headers)
    assert answer.status_code == 404


def test_without_the_books_a_teller_is_told_to_come_again(house: House) -> None:
    house.books.is_away = True
    answer = house.client.post(ONE, content=a_body(), headers=bearer(**TELLER))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_transaction_five_minutes_ahead_is_the_last_that_is_taken(house: House) -> None:
    assert send(house, occurred_at="2026-03-02T12:05:30Z").status_code == 202
    later = send(house, transaction_id="t-2", occurred_at="2026-03-02T12:05:30.001Z")
    assert later.json()["code"] == "time-in-the-future"
    assert NOW.isoformat() == "2026-03-02T12:00:30+00:00"
