"""The past of an account as the API tells it: to whom, page by page, and what is refused."""

from typing import Any
from urllib.parse import quote

import pytest

from api.cursors import below, cursor
from api.permissions import Role
from api.problems import Refusal
from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from ledger.values import Account
from tests.api.house import House, bearer
from tests.factories import minute
from tests.ledger.arrivals import a_batch, a_resolution, an_arrival, end, nobody_hears, paid_in

BALANCE = "/v1/accounts/acc-1/balance"
STATEMENT = "/v1/accounts/acc-1/statement"
TRANSACTIONS = "/v1/accounts/acc-1/transactions"
PAST = (f"{BALANCE}?at=2026-03-02T12:00:00Z", STATEMENT, TRANSACTIONS)


@pytest.fixture(autouse=True)
def money(house: House) -> None:
    """An account of a customer in a branch: 100 in, 30 out, 20 held, and a payment declined."""
    ledger = house.books.ledger
    arrivals = [
        paid_in(1, 100),
        an_arrival(2, amount_minor=30),
        an_arrival(3, Verdict.REVIEW, amount_minor=20),
        an_arrival(4, Verdict.DECLINE, amount_minor=999),
        an_arrival(5, Verdict.DECLINE, account_id="acc-9"),
    ]
    for number, arrival in enumerate(arrivals):
        ledger.post(a_batch([arrival], booked_at=minute(number / 60)), nobody_hears)
    account = Account(
        tenant="demo", account_id="acc-1", currency="EUR", customer_id="anna", branch_id="north"
    )
    ledger.register(account)
    house.books.registry["demo", "acc-1"] = account


def get(house: House, path: str, **claims: Any) -> Any:  # noqa: ANN401  (an answer of httpx)
    return house.client.get(path, headers=bearer(**claims))


def test_a_balance_of_a_time_is_what_the_last_transfer_left(house: House) -> None:
    assert get(house, f"{BALANCE}?at=2026-03-02T12:00:00Z").json() == {
        "account_id": "acc-1",
        "at": "2026-03-02T12:00:00Z",
        "balances": [{"currency": "EUR", "posted_minor": 100, "version": 1}],
    }
    later = quote("2026-03-02T13:00:01+01:00")
    assert get(house, f"{BALANCE}?at={later}").json()["balances"][0]["posted_minor"] == 70
    assert get(house, f"{BALANCE}?at=2026-03-02").json()["balances"][0]["posted_minor"] == 0


def test_the_balance_of_a_time_to_come_is_not_told(house: House) -> None:
    answer = get(house, f"{BALANCE}?at=2026-03-02T12:00:31Z")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-yet")


def test_a_statement_has_a_line_for_each_transfer(house: House) -> None:
    answer = get(house, STATEMENT).json()
    assert [line["balance_after_minor"] for line in answer["lines"]] == [70, 100]
    assert answer["currency"] == "EUR"
    assert answer["lines"][0] == {
        "transfer_id": "0-2-0",
        "transaction_id": "at-2",
        "type": "card_payment",
        "counter_account": "bank card settlement",
        "counter_kind": "liability",
        "amount_minor": -30,
        "currency": "EUR",
        "balance_after_minor": 70,
        "version": 2,
        "occurred_at": "2026-03-02T12:00:00Z",
        "booked_at": "2026-03-02T12:00:01Z",
    }
    assert get(house, f"{STATEMENT}?currency=USD").json()["lines"] == []
    assert len(get(house, f"{STATEMENT}?from=2026-03-02T12:00:01Z").json()["lines"]) == 1


def test_transactions_say_what_became_of_them(house: House) -> None:
    resolution = a_resolution("at-3", ResolutionKind.RELEASE)
    end(house.books.ledger, resolution, next_offset=1)
    found = get(house, TRANSACTIONS).json()["transactions"]
    told = [(each["outcome"], each.get("hold_ended")) for each in found]
    assert told == [("declined", None), ("held", "release"), ("posted", None), ("posted", None)]
    (payment,) = get(house, f"{TRANSACTIONS}?status=posted&max_amount=50").json()["transactions"]
    assert (payment["transaction_id"], payment["amount_minor"]) == ("at-2", 30)
    filters = "?type=card_payment&min_amount=20&from=2026-03-02T12:00:00Z&to=2026-03-03"
    assert len(get(house, TRANSACTIONS + filters).json()["transactions"]) == 3


@pytest.mark.parametrize(("path", "part"), [(STATEMENT, "lines"), (TRANSACTIONS, "transactions")])
def test_pages_join_to_the_whole_while_more_is_booked(house: House, path: str, part: str) -> None:
    whole, joined, asked = get(house, path).json(), [], f"{path}?limit=1"
    assert "next_cursor" not in whole
    for position in range(10, 20):
        page = get(house, asked).json()
        joined += page[part]
        if "next_cursor" not in page:
            break
        asked = f"{path}?limit=1&cursor={page['next_cursor']}"
        house.books.ledger.post(a_batch([an_arrival(position)]), nobody_hears)
    assert joined == whole[part]


WRONG = {
    "a time that is none": ("?at=yesterday", BALANCE),
    "a time without a zone": ("?at=2026-03-02T12:00:00", BALANCE),
    "a time that never was": ("?at=2026-02-30", BALANCE),
    "a number": ("?at=1772452800", BALANCE),
    "a time that has no UTC": ("?at=0001-01-01T00:00:00%2B23:59", BALANCE),
    "an unknown parameter": ("?form=2026-03-02", STATEMENT),
    "a span that ends before it begins": ("?from=2026-03-02&to=2026-03-01", STATEMENT),
    "a span of nothing": ("?from=2026-03-02&to=2026-03-02", TRANSACTIONS),
    "no lines": ("?limit=0", STATEMENT),
    "too many lines": ("?limit=201", STATEMENT),
    "too many transactions": ("?limit=201", TRANSACTIONS),
    "a limit that is none": ("?limit=many", STATEMENT),
    "a currency in small letters": ("?currency=eur", STATEMENT),
    "a status that is none": ("?status=lost", TRANSACTIONS),
    "a type that is none": ("?type=gift", TRANSACTIONS),
    "a negative amount": ("?min_amount=-1", TRANSACTIONS),
    "an amount with a fraction": ("?min_amount=1.5", TRANSACTIONS),
    "an amount too large": ("?max_amount=1000000000001", TRANSACTIONS),
    "amounts in the wrong order": ("?min_amount=2&max_amount=1", TRANSACTIONS),
    "a cursor without end": ("?cursor=" + "A" * 65, STATEMENT),
}


@pytest.mark.parametrize(("query", "path"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_question_is_refused_and_not_repeated(house: House, query: str, path: str) -> None:
    answer = get(house, path + query)
    assert (answer.status_code, answer.json()["code"]) == (422, "not-as-agreed")
    assert answer.json()["detail"]
    sent = query.partition("=")[2].split("&")[0]
    assert len(sent) < 4 or sent not in answer.text
    assert "form" not in answer.json()["detail"]


@pytest.mark.parametrize("path", [STATEMENT, TRANSACTIONS])
@pytest.mark.parametrize("text", ["", "x", "A" * 22, "é" * 22, "A" * 21 + "%0A", "-" * 22])
def test_a_cursor_that_is_none_is_refused(house: House, path: str, text: str) -> None:
    answer = get(house, f"{path}?cursor={text}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor")


@pytest.mark.parametrize(
    "other", [f"{TRANSACTIONS}?", f"{STATEMENT}?currency=USD&", f"{STATEMENT}?to=2027-01-01&"]
)
def test_a_cursor_fits_only_its_question(house: House, other: str) -> None:
    found = get(house, f"{STATEMENT}?limit=1").json()["next_cursor"]
    assert get(house, f"{STATEMENT}?cursor={found}").status_code == 200
    assert get(house, f"{other}cursor={found}").json()["code"] == "cursor"


@pytest.mark.parametrize("number", [0, 1, 2**53, 2**63 - 1])
def test_a_cursor_comes_back_as_it_went(number: int) -> None:
    question = ("statement", "demo", "acc-1", None)
    text = cursor(question, number)
    assert below(question, text) == number
    with pytest.raises(Refusal):
        below(("statement", "demo", "acc-2", None), text)


def test_a_cursor_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(Refusal):
        below((), cursor((), 2**63))


READERS = {
    "its customer": ({"role": Role.CUSTOMER, "sub": "anna"}, 200),
    "another customer": ({"role": Role.CUSTOMER, "sub": "bert"}, 404),
    "a teller of its branch": ({"role": Role.TELLER, "branch": "north"}, 200),
    "a teller of another branch": ({"role": Role.TELLER, "branch": "south"}, 404),
    "a teller of no branch": ({"role": Role.TELLER}, 404),
    "an auditor": ({"role": Role.AUDITOR}, 200),
    "an auditor of another tenant": ({"role": Role.AUDITOR, "tenant": "other"}, 404),
}


@pytest.mark.parametrize("path", PAST)
@pytest.mark.parametrize(("claims", "status"), READERS.values(), ids=READERS.keys())
def test_the_past_is_told_within_reach_only(
    house: House, path: str, claims: dict[str, Any], status: int
) -> None:
    assert get(house, path, **claims).status_code == status


@pytest.mark.parametrize("path", PAST)
def test_not_yours_and_not_there_look_the_same(house: House, path: str) -> None:
    mine = {"role": Role.CUSTOMER, "sub": "bert"}
    not_yours = get(house, path, **mine).json()
    not_there = get(house, path.replace("acc-1", "acc-8"), **mine).json()
    del not_yours["request_id"], not_there["request_id"]
    assert not_yours == not_there
    assert not_yours["code"] == "account-not-found"


def test_the_cursor_of_another_account_opens_nothing(house: House) -> None:
    found = get(house, f"{STATEMENT}?limit=1").json()["next_cursor"]
    answer = get(house, f"{STATEMENT}?cursor={found}", role=Role.CUSTOMER, sub="bert")
    assert answer.status_code == 404


def test_what_was_only_declined_has_opened_no_account_but_is_told(house: House) -> None:
    path = TRANSACTIONS.replace("acc-1", "acc-9")
    assert len(get(house, path).json()["transactions"]) == 1
    assert get(house, path, role=Role.CUSTOMER, sub="anna").status_code == 404
    assert get(house, path.replace("acc-9", "acc-8")).status_code == 404


def test_the_banks_own_accounts_are_nobodys_to_ask_for(house: House) -> None:
    for path in PAST:
        assert get(house, path.replace("acc-1", "bank%20cash")).status_code == 404


@pytest.mark.parametrize("path", PAST)
def test_without_the_books_the_past_has_to_wait(house: House, path: str) -> None:
    house.books.is_away = True
    answer = get(house, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "books-away")


def test_the_document_names_each_parameter(house: House) -> None:
    paths = house.client.get("/openapi.json").json()["paths"]

    def names(path: str) -> set[str]:
        parameters = paths[path]["get"]["parameters"]
        return {parameter["name"] for parameter in parameters if parameter["in"] == "query"}

    assert names("/v1/accounts/{account_id}/balance") == {"at"}
    span = {"from", "to", "limit", "cursor"}
    assert names("/v1/accounts/{account_id}/statement") == span | {"currency"}
    filters = {"status", "type", "min_amount", "max_amount"}
    assert names("/v1/accounts/{account_id}/transactions") == span | filters
