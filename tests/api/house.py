"""The API on the twins of its ports, with a clock that stands still, and tokens for it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from fastapi.testclient import TestClient

from api.app import create_app
from api.authentication import Authenticator
from api.memory import MemoryAlerts, MemoryBooks, MemoryLog, MemoryNaturalIds, MemoryOperation
from api.services import Services
from casework.memory_rules import MemoryRuleBook

NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes or more"
ISSUER, AUDIENCE, TENANT = "watchkeeper", "watchkeeper-api", "demo"

REQUEST: dict[str, Any] = {
    "transaction_id": "t-1",
    "account_id": "account-1",
    "type": "card_payment",
    "direction": "debit",
    "amount_minor": 1250,
    "currency": "EUR",
    "occurred_at": "2026-03-02T12:00:00Z",
    "channel": "card",
}


def claims(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  (claims of any type)
    """What a good token says; None takes a claim out."""
    given = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "payments",
        "tenant": TENANT,
        "role": "service",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
        "jti": "token-1",
    } | changes
    return {name: value for name, value in given.items() if value is not None}


def a_token(**changes: Any) -> str:  # noqa: ANN401  (claims of any type)
    """A good token, but for the changes."""
    return jwt.encode(claims(**changes), SECRET, "HS256", headers={"typ": "at+jwt"})


def bearer(**changes: Any) -> dict[str, str]:  # noqa: ANN401  (claims of any type)
    """The headers of a JSON request with such a token."""
    return {"authorization": f"Bearer {a_token(**changes)}", "content-type": "application/json"}


def a_body(**changes: Any) -> bytes:  # noqa: ANN401  (fields of any type)
    """A transaction as JSON."""
    return json.dumps(REQUEST | changes).encode()


def a_batch(*items: bytes) -> bytes:
    """A batch of transactions as JSON."""
    return b'{"transactions":[' + b",".join(items) + b"]}"


@dataclass(slots=True)
class House:
    """The twins, and the application on them; `seconds` and `now` are its clocks."""

    now: datetime = NOW
    seconds: float = 0.0
    log: MemoryLog = field(default_factory=MemoryLog)
    books: MemoryBooks = field(default_factory=MemoryBooks)
    rule_book: MemoryRuleBook = field(default_factory=MemoryRuleBook)
    natural_ids: MemoryNaturalIds = field(init=False)
    services: Services = field(init=False)
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        """Build it."""
        self.natural_ids = MemoryNaturalIds(lambda: self.seconds)
        self.services = Services(
            authenticator=Authenticator(SECRET, ISSUER, AUDIENCE, lambda: self.now),
            natural_ids=self.natural_ids,
            log=self.log,
            books=self.books,
            alerts=MemoryAlerts(),
            operation=MemoryOperation(),
            rule_book=self.rule_book,
            clock=lambda: self.now,
        )
        self.client = TestClient(create_app(self.services), raise_server_exceptions=False)

    def written(self) -> list[dict[str, Any]]:
        """What stands in the log, read back."""
        return [json.loads(value) for _, value in self.log.cells.get(0, [])]

    def metric(self, name: str, **labels: str) -> float:
        """A counter's value."""
        found = self.services.metrics.registry.get_sample_value(f"watchkeeper_api_{name}", labels)
        return found or 0.0
