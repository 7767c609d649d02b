"""Failures of our own: a number to ask by, and nothing else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pytest

from api.memory import MemoryBooks
from ledger.values import Account
from tests.api.house import House, bearer


class Secretive(RuntimeError):
    """Says more than anybody should read."""


@dataclass(slots=True)
class BrokenBooks(MemoryBooks):
    """Books that break."""

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        raise Secretive(f"password=hunter2 {tenant} {account_ids}")


def test_a_failure_is_answered_with_a_request_id_only() -> None:
    house = House(books=BrokenBooks())
    headers = bearer(role="teller", branch="north") | {"x-request-id": "my-own-id-1"}
    answer = house.client.post(
        "/v1/transactions",
        content=b'{"transaction_id":"t","account_id":"a","type":"fee","direction":"debit",'
        b'"amount_minor":1,"currency":"EUR","occurred_at":"2026-03-02T12:00:00Z","channel":"api"}',
        headers=headers,
    )
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "my-own-id-1"
    assert "hunter2" not in answer.text
    assert "Secretive" not in answer.text
    assert house.metric("requests_total", route="/v1/transactions", status="500") == 1


def test_a_method_that_is_not_taken_says_which_are(house: House) -> None:
    answer = house.client.delete("/v1/transactions")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["type"] == "/problems/method-not-allowed"


def test_a_parameter_out_of_range_is_named_without_its_value(house: House) -> None:
    answer = house.client.get("/v1/alerts?limit=987654", headers=bearer(role="analyst"))
    assert answer.status_code == 422
    assert "limit" in answer.json()["detail"]
    assert "987654" not in answer.text


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space in it", "new\tline-id", "é" * 10])
def test_a_request_id_that_is_not_plain_is_replaced(house: House, given: str) -> None:
    answer = house.client.get("/healthz", headers={b"x-request-id": given.encode()})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 36


def test_no_answer_is_stored_or_guessed_at_on_its_way(house: House) -> None:
    for path in ("/healthz", "/nothing", "/v1/me"):
        headers = house.client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
