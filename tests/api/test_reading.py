"""Reading: what is told of a transaction and an account, and to whom."""

from typing import Any

import pytest

from api.permissions import Role
from data_contracts.decision import ListHit, RuleHit, Severity, Verdict
from data_contracts.ids import event_id, text
from data_contracts.outcome import OutcomeStatus
from data_contracts.transaction import Direction, TransactionType
from ledger.values import Account, Balance, Outcome, RefusalReason, Statement
from tests.api.house import House, a_body, bearer
from tests.factories import NOON

HIT = RuleHit(
    rule_id="card-velocity-10m",
    version=3,
    typology="card-testing",
    severity=Severity.HIGH,
    score=60,
    reason="6 card payments within ten minutes",
)


def an_outcome(**changes: Any) -> Outcome:  # noqa: ANN401  (fields of any type)
    fields: dict[str, Any] = {
        "event_id": event_id("demo", "t-1"),
        "tenant": "demo",
        "transaction_id": "t-1",
        "account_id": "account-1",
        "type": TransactionType.CARD_PAYMENT,
        "direction": Direction.DEBIT,
        "amount_minor": 1250,
        "currency": "EUR",
        "occurred_at": NOON,
        "received_at": NOON,
        "cell": 0,
        "position": 7,
        "verdict": Verdict.REVIEW,
        "score": 60,
        "rule_set": "ab" * 32,
        "hits": (HIT,),
        "status": OutcomeStatus.HELD,
        "payload_hash": b"0" * 16,
        "decided_at": NOON,
        "booked_at": NOON,
    }
    return Outcome(**(fields | changes))


def get(house: House, path: str, **claims: Any) -> Any:  # noqa: ANN401  (an answer of httpx)
    return house.client.get(path, headers=bearer(**claims))


def book(house: House, outcome: Outcome) -> None:
    house.books.outcomes[outcome.tenant, outcome.transaction_id] = outcome


def register(house: House, **changes: Any) -> None:  # noqa: ANN401  (fields of any type)
    account = Account(**({"tenant": "demo", "account_id": "account-1"} | changes))
    house.books.registry[account.tenant, account.account_id] = account


def test_a_booked_transaction_is_told_with_its_decision_and_the_reasons(house: House) -> None:
    book(house, an_outcome())
    answer = get(house, "/v1/transactions/t-1")
    assert answer.status_code == 200
    assert answer.json() == {
        "transaction_id": "t-1",
        "event_id": text(event_id("demo", "t-1")),
        "account_id": "account-1",
        "status": "booked",
        "cell": 0,
        "position": 7,
        "decision": "review",
        "score": 60,
        "rule_set": "ab" * 32,
        "hits": [
            {
                "rule_id": "card-velocity-10m",
                "version": 3,
                "typology": "card-testing",
                "severity": "high",
                "score": 60,
                "reason": "6 card payments within ten minutes",
            }
        ],
        "outcome": "held",
        "decided_at": "2026-03-02T12:00:00Z",
        "booked_at": "2026-03-02T12:00:00Z",
    }


def test_a_refusal_of_the_books_says_why(house: House) -> None:
    book(
        house,
        an_outcome(
            status=OutcomeStatus.REFUSED, reason_code=RefusalReason.INSUFFICIENT_FUNDS, hits=()
        ),
    )
    answer = get(house, "/v1/transactions/t-1").json()
    assert (answer["outcome"], answer["outcome_reason"]) == ("refused", "insufficient_funds")


def test_a_decision_by_a_list_names_the_list(house: House) -> None:
    hit = ListHit(list_id="blocked-cards", field="card_token", reason="reported stolen")
    book(house, an_outcome(hits=(), list_hit=hit, verdict=Verdict.DECLINE))
    assert get(house, "/v1/transactions/t-1").json()["list_hit"] == {
        "list_id": "blocked-cards",
        "field": "card_token",
        "reason": "reported stolen",
    }


def test_before_it_is_booked_what_is_known_is_told(house: House) -> None:
    house.client.post("/v1/transactions", content=a_body(), headers=bearer())
    assert get(house, "/v1/transactions/t-1").json() == {
        "transaction_id": "t-1",
        "event_id": text(event_id("demo", "t-1")),
        "account_id": "account-1",
        "status": "accepted",
        "cell": 0,
        "position": 0,
        "hits": [],
    }


def test_an_id_with_a_slash_is_found_where_location_points(house: House) -> None:
    body = a_body(transaction_id="INV/2026/07:1%")
    sent = house.client.post("/v1/transactions", content=body, headers=bearer())
    found = get(house, sent.headers["location"])
    assert found.json()["transaction_id"] == "INV/2026/07:1%"


@pytest.mark.parametrize(
    "segment", ["t-unknown", "a%20b", "a%00b", "x" * 65, "%C3%A9", "%ff", "1'%20OR%20'1'='1", "%2F"]
)
def test_what_is_no_transaction_is_not_found(house: House, segment: str) -> None:
    answer = get(house, f"/v1/transactions/{segment}")
    assert (answer.status_code, answer.json()["code"]) == (404, "transaction-not-found")


READERS = {
    "its customer": ({"role": Role.CUSTOMER, "sub": "anna"}, 200),
    "another customer": ({"role": Role.CUSTOMER, "sub": "bert"}, 404),
    "a teller of its branch": ({"role": Role.TELLER, "branch": "north"}, 200),
    "a teller of another branch": ({"role": Role.TELLER, "branch": "south"}, 404),
    "a teller of no branch": ({"role": Role.TELLER}, 404),
    "an analyst": ({"role": Role.ANALYST}, 200),
    "an auditor": ({"role": Role.AUDITOR}, 200),
    "an analyst of another tenant": ({"role": Role.ANALYST, "tenant": "other"}, 404),
    "a customer of another tenant": (
        {"role": Role.CUSTOMER, "sub": "anna", "tenant": "other"},
        404,
    ),
}
each_reader = pytest.mark.parametrize(("claims", "status"), READERS.values(), ids=READERS.keys())


@each_reader
def test_a_booked_transaction_is_told_within_reach_only(
    house: House, claims: dict[str, Any], status: int
) -> None:
    book(house, an_outcome())
    register(house, customer_id="anna", branch_id="north")
    assert get(house, "/v1/transactions/t-1", **claims).status_code == status


@each_reader
def test_so_is_one_that_is_not_booked_yet(
    house: House, claims: dict[str, Any], status: int
) -> None:
    house.client.post("/v1/transactions", content=a_body(), headers=bearer())
    register(house, customer_id="anna", branch_id="north")
    assert get(house, "/v1/transactions/t-1", **claims).status_code == status


@each_reader
def test_so_is_a_balance(house: House, claims: dict[str, Any], status: int) -> None:
    register(house, customer_id="anna", branch_id="north")
    keep(house, a_statement("EUR"))
    assert get(house, "/v1/accounts/account-1/balance", **claims).status_code == status


def test_not_yours_and_not_there_look_the_same(house: House) -> None:
    book(house, an_outcome())
    register(house, customer_id="anna")
    mine = {"role": Role.CUSTOMER, "sub": "bert"}
    not_yours = get(house, "/v1/transactions/t-1", **mine).json()
    not_there = get(house, "/v1/transactions/t-2", **mine).json()
    del not_yours["request_id"], not_there["request_id"]
    assert not_yours == not_there


def test_without_the_books_nothing_is_said(house: House) -> None:
    house.books.is_away = True
    answer = get(house, "/v1/transactions/t-1")
    assert (answer.status_code, answer.json()["code"]) == (503, "books-away")


def test_without_the_memory_an_unknown_one_may_still_be_on_its_way(house: House) -> None:
    house.natural_ids.is_away = True
    assert get(house, "/v1/transactions/t-1").status_code == 503


def a_statement(currency: str, posted: int = 500, held: int = 200) -> Statement:
    return Statement(
        account_id="account-1",
        currency=currency,
        balance=Balance(posted=posted, held=held, version=3),
        as_of_position=41,
    )


def keep(house: House, *statements: Statement) -> None:
    house.books.statements["demo", "account-1"] = statements


def test_a_balance_says_what_is_there_and_what_may_be_spent(house: House) -> None:
    keep(house, a_statement("EUR"), a_statement("USD", posted=-5, held=0))
    assert get(house, "/v1/accounts/account-1/balance").json() == {
        "account_id": "account-1",
        "as_of_position": 41,
        "balances": [
            {
                "currency": "EUR",
                "posted_minor": 500,
                "held_minor": 200,
                "available_minor": 300,
                "version": 3,
            },
            {
                "currency": "USD",
                "posted_minor": -5,
                "held_minor": 0,
                "available_minor": -5,
                "version": 3,
            },
        ],
    }


def test_an_account_that_the_books_do_not_know_has_no_balance(house: House) -> None:
    register(house)
    answer = get(house, "/v1/accounts/account-1/balance")
    assert (answer.status_code, answer.json()["code"]) == (404, "account-not-found")


def test_one_is_told_who_one_is(house: House) -> None:
    answer = get(house, "/v1/me", role=Role.TELLER, sub="tom", branch="north")
    assert answer.json() == {
        "subject": "tom",
        "tenant": "demo",
        "role": "teller",
        "branch": "north",
        "reach": "branch",
        "actions": [
            "transactions.submit",
            "transactions.read",
            "balances.read",
            "statements.read",
            "self.read",
        ],
    }
