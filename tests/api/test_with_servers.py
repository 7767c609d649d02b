"""The API on real servers: what it refuses is nowhere, what it accepts is in the log once."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import uvicorn
from pydantic import SecretStr

from api.app import create_app
from api.protocol import BoundedProtocol
from api.wiring import wire
from data_contracts.door import parse_stored
from data_contracts.ids import event_id
from data_contracts.topics import Topic
from ledger.postgres import PostgresBooks
from runtime.migrations import upgrade
from runtime.settings import Settings
from runtime.tokens import Bearer, make_token
from tests.api.house import NOW, SECRET, a_batch, a_body
from tests.api.wrong import BATCH, CARD, ONE, WRONGS
from tests.factories import a_topic
from tests.ledger.arrivals import a_batch as a_posting
from tests.ledger.arrivals import nobody_hears, paid_in
from tests.topics import messages_of
from tests.waiting import until
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers

WRONG_REQUESTS = 1_000


@dataclass(frozen=True, slots=True)
class Street:
    """A running API, and the servers behind it."""

    address: str
    settings: Settings
    topic: Topic

    def headers(self, **bearer: Any) -> dict[str, str]:  # noqa: ANN401  (fields of a bearer)
        who = Bearer(**({"subject": "payments", "tenant": "demo", "role": "service"} | bearer))
        token = make_token(self.settings, who, NOW)
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def post(self, path: str, body: bytes, **bearer: Any) -> httpx.Response:  # noqa: ANN401  (fields of a bearer)
        return httpx.post(self.address + path, content=body, headers=self.headers(**bearer))

    def get(self, path: str, **bearer: Any) -> httpx.Response:  # noqa: ANN401  (fields of a bearer)
        return httpx.get(self.address + path, headers=self.headers(**bearer))

    def log(self) -> list[tuple[bytes, bytes]]:
        """Everything in the log, from its beginning to its end."""
        found = messages_of(self.settings.kafka, self.topic)
        return [(message.key() or b"", message.value() or b"") for message in found]

    def memory(self) -> "redis.Redis":
        return redis.Redis.from_url(self.settings.redis.get_secret_value())


def serve(settings: Settings, topic: Topic) -> Iterator[Street]:
    services, lifespan = wire(settings, lambda: NOW, lambda: None, topic)
    config = uvicorn.Config(
        create_app(services, lifespan),
        port=settings.api_port,
        http=BoundedProtocol,
        log_level="critical",
        server_header=False,
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until(lambda: server.started, "the API has started")
    yield Street(f"http://127.0.0.1:{settings.api_port}", settings, topic)
    server.should_exit = True
    thread.join()


def settings_of(kafka: str, postgres: str, valkey: str) -> Settings:
    return Settings(
        kafka=kafka,
        postgres=SecretStr(postgres),
        redis=SecretStr(valkey),
        data=Path("unused"),
        jwt_secret=SecretStr(SECRET.decode()),
        api_port=free_port(),
    )


@pytest.fixture(scope="module")
def street(kafka: str, postgres_database: str, valkey: str) -> Iterator[Street]:
    """The API with all that it needs."""
    topic = a_topic()
    make_topics(kafka, [topic])
    upgrade(postgres_database)
    yield from serve(settings_of(kafka, postgres_database, valkey), topic)


def test_a_thousand_wrong_requests_are_refused_each_with_its_reason_and_leave_nothing(
    street: Street,
) -> None:
    before, kinds = len(street.log()), list(WRONGS.values())
    with street.memory() as memory:
        memory.flushall()
        headers = street.headers()
        with httpx.Client(base_url=street.address) as client:
            for number in range(WRONG_REQUESTS):
                wrong = kinds[number % len(kinds)]
                answer = client.post(
                    wrong.path,
                    content=wrong.body(f"wrong-{number}"),
                    headers={**headers, **(wrong.headers or {})},
                )
                assert (answer.status_code, answer.json()["code"]) == (wrong.status, wrong.code)
                assert CARD not in answer.text
        assert memory.dbsize() == 0
    assert len(street.log()) == before
    assert len(kinds) >= 20


def test_what_is_accepted_stands_in_the_log_where_the_answer_says(street: Street) -> None:
    answer = street.post(ONE, a_body(transaction_id="first")).json()
    key, value = street.log()[answer["position"]]
    transaction, canonical = parse_stored(value)
    assert key == event_id("demo", "first")
    assert transaction.transaction_id == "first"
    assert canonical == value


def test_a_batch_stands_in_the_log_in_its_order(street: Street) -> None:
    names = [f"b-{number}" for number in range(300)]
    bodies = [a_body(transaction_id=name) for name in names]
    results = street.post(BATCH, a_batch(*bodies)).json()["results"]
    written = street.log()
    found = [json.loads(written[result["position"]][1])["transaction_id"] for result in results]
    assert found == names
    again = street.post(BATCH, a_batch(*bodies)).json()
    assert again["counts"] == {"duplicate": 300}
    positions = [result["position"] for result in results]
    assert [result["position"] for result in again["results"]] == positions


def test_fifty_of_the_same_at_once_are_one_message(street: Street) -> None:
    before, body, headers = len(street.log()), a_body(transaction_id="same"), street.headers()

    async def all_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=street.address) as client:
            posts = (client.post(ONE, content=body, headers=headers) for _ in range(50))
            return await asyncio.gather(*posts)

    answers = asyncio.run(all_at_once())
    statuses = sorted(answer.json()["status"] for answer in answers)
    assert statuses == ["duplicate"] * 49 + ["new"]
    assert len({(a.json()["event_id"], a.json()["position"]) for a in answers}) == 1
    assert len(street.log()) == before + 1


def test_after_the_memory_is_lost_a_retry_has_the_same_event_id(street: Street) -> None:
    body = a_body(transaction_id="forgotten")
    first = street.post(ONE, body).json()
    with street.memory() as memory:
        memory.flushall()
    second = street.post(ONE, body).json()
    assert first["event_id"] == second["event_id"]
    assert (first["status"], second["status"]) == ("new", "new")
    keys = [key for key, _ in street.log()]
    assert keys.count(event_id("demo", "forgotten")) == 2


def test_a_transaction_is_told_before_it_is_booked(street: Street) -> None:
    sent = street.post(ONE, a_body(transaction_id="young", account_id="annas")).json()
    found = street.get("/v1/transactions/young").json()
    assert (found["status"], found["position"]) == ("accepted", sent["position"])


def test_an_account_is_registered_and_seen_by_its_own_only(street: Street) -> None:
    body = json.dumps({"currency": "EUR", "customer_id": "anna", "branch_id": "north"}).encode()
    url = street.address + "/v1/accounts/annas"
    codes = [
        httpx.put(url, content=body, headers=street.headers(role="admin")).status_code
        for _ in range(2)
    ]
    assert codes == [201, 200]
    balance = street.get("/v1/accounts/annas/balance", subject="anna", role="customer")
    assert balance.json()["balances"][0]["posted_minor"] == 0
    strangers: list[dict[str, str]] = [
        {"subject": "bert", "role": "customer"},
        {"role": "teller", "branch": "south"},
        {"role": "analyst", "tenant": "other"},
    ]
    for stranger in strangers:
        assert street.get("/v1/accounts/annas/balance", **stranger).status_code == 404


def test_a_teller_sends_for_its_branch(street: Street) -> None:
    body = json.dumps({"currency": "EUR", "branch_id": "west"}).encode()
    url = street.address + "/v1/accounts/western"
    httpx.put(url, content=body, headers=street.headers(role="admin"))
    sent = a_body(transaction_id="from-west", account_id="western")
    assert street.post(ONE, sent, role="teller", branch="east").status_code == 404
    assert street.post(ONE, sent, role="teller", branch="west").status_code == 202


def test_with_all_servers_it_is_ready(street: Street) -> None:
    answer = street.get("/readyz")
    assert answer.json()["status"] == "ready"
    assert set(answer.json()["checks"]) == {"kafka", "redis", "postgres"}


@pytest.fixture(scope="module")
def lonely_street(kafka: str) -> Iterator[Street]:
    """The API with the log alone: neither books nor memory are there."""
    topic = a_topic()
    make_topics(kafka, [topic])
    postgres = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    yield from serve(settings_of(kafka, postgres, f"redis://127.0.0.1:{free_port()}"), topic)


def test_with_the_log_alone_transactions_are_taken(lonely_street: Street) -> None:
    answers = [lonely_street.post(ONE, a_body(transaction_id="alone")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert {answer.headers["idempotency-status"] for answer in answers} == {"degraded"}
    assert [key for key, _ in lonely_street.log()] == [event_id("demo", "alone")] * 2


def test_with_the_log_alone_it_is_degraded_and_reading_has_to_wait(lonely_street: Street) -> None:
    ready, read = lonely_street.get("/readyz"), lonely_street.get("/v1/transactions/alone")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert (read.status_code, read.json()["code"]) == (503, "books-away")
    assert read.headers["retry-after"] == "1"
    assert "127.0.0.1" not in ready.text


def test_what_was_shown_as_booked_is_in_the_balance_and_the_statement(street: Street) -> None:
    account = "/v1/accounts/reader"
    books = PostgresBooks.at(street.settings.postgres.get_secret_value(), "test")
    for position, amount in enumerate((100, 20, 3), start=1):
        name = f"at-{position}"
        arrival = paid_in(position, amount, account="reader")
        books.post(a_posting([arrival], booked_at=NOW), nobody_hears)
        assert street.get(f"/v1/transactions/{name}").json()["outcome"] == "posted"
        for _ in range(2):
            told = street.get(f"{account}/balance").json()["balances"][0]
            assert told["version"] == position
    books.close()

    first = street.get(f"{account}/statement?limit=2").json()
    rest = street.get(f"{account}/statement?limit=2&cursor={first['next_cursor']}").json()
    lines = first["lines"] + rest["lines"]
    assert [line["balance_after_minor"] for line in lines] == [123, 120, 100]
    assert "next_cursor" not in rest
    at = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    past = street.get(f"{account}/balance?at={at}").json()["balances"]
    assert past == [{"currency": "EUR", "posted_minor": 123, "version": 3}]
    page = street.get(f"{account}/transactions?max_amount=50").json()["transactions"]
    assert [each["transaction_id"] for each in page] == ["at-3", "at-2"]
    counted = httpx.get(street.address + "/metrics").text
    assert 'watchkeeper_api_balance_reads_total{source="cache"}' in counted
