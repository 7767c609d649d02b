"""Registering accounts: whose they are decides who sees them."""

import json
from typing import Any

import pytest

from api.permissions import Role
from ledger.values import Account
from tests.api.house import House, bearer

FULL: dict[str, Any] = {
    "currency": "EUR",
    "customer_id": "anna",
    "branch_id": "north",
    "may_go_negative": True,
}


def put(
    house: House,
    body: object,
    account_id: str = "account-1",
    **claims: Any,  # noqa: ANN401  (claims)
) -> Any:  # noqa: ANN401  (an answer of httpx)
    raw = body if isinstance(body, bytes) else json.dumps(body)
    headers = bearer(role=Role.ADMIN, **claims)
    return house.client.put(f"/v1/accounts/{account_id}", content=raw, headers=headers)


def test_an_account_is_registered_once_and_changed_afterwards(house: House) -> None:
    first = put(house, {"currency": "EUR"})
    second = put(house, FULL)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == {"account_id": "account-1", **FULL}
    assert house.books.registry["demo", "account-1"] == Account(
        tenant="demo", account_id="account-1", **FULL
    )


def test_what_is_not_said_is_the_careful_choice(house: House) -> None:
    assert put(house, {"currency": "EUR"}).json() == {
        "account_id": "account-1",
        "currency": "EUR",
        "customer_id": None,
        "branch_id": None,
        "may_go_negative": False,
    }


def test_an_account_belongs_to_the_tenant_of_the_token(house: House) -> None:
    put(house, FULL, tenant="other")
    assert list(house.books.registry) == [("other", "account-1")]


def test_the_currency_of_an_account_stays(house: House) -> None:
    put(house, FULL)
    answer = put(house, FULL | {"currency": "USD"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account-conflict")


WRONGS = {
    "no currency": ({}, 422, "not-as-agreed"),
    "an unknown currency": ({"currency": "EUX"}, 422, "currency"),
    "another field": (FULL | {"balance": 5}, 422, "not-as-agreed"),
    "a bound that is a word": (FULL | {"may_go_negative": "no"}, 422, "not-as-agreed"),
    "a card number": (FULL | {"customer_id": "4111111111111111"}, 422, "card-number"),
    "a NUL": (FULL | {"branch_id": "a\x00"}, 422, "nul-character"),
    "a space": (FULL | {"customer_id": "anna b"}, 422, "identifier"),
    "an empty id": (FULL | {"customer_id": ""}, 422, "not-as-agreed"),
    "a key twice": (b'{"currency":"EUR","currency":"USD"}', 400, "duplicate-key"),
    "no JSON": (b"{", 400, "not-json"),
}


@pytest.mark.parametrize(("body", "status", "code"), WRONGS.values(), ids=WRONGS.keys())
def test_a_wrong_registration_is_refused_and_leaves_nothing(
    house: House, body: object, status: int, code: str
) -> None:
    answer = put(house, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "4111" not in answer.text
    assert not house.books.registry


@pytest.mark.parametrize("account_id", ["bank%20cash", "x" * 65, "%00"])
def test_the_banks_own_accounts_and_what_is_no_id_cannot_be_named(
    house: House, account_id: str
) -> None:
    assert put(house, FULL, account_id).status_code == 404
    assert not house.books.registry
