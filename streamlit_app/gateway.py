"""The way from the desk to the API, and its in-memory twin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

import httpx
import msgspec

from data_contracts.alert import Alert
from data_contracts.monitoring import Snapshot

ANSWER_SECONDS_MAX = 3.0


class Latest(msgspec.Struct, frozen=True):
    """What `GET /v1/alerts` answers."""

    alerts: list[Alert]


class PublishedSet(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set that counts from its position on."""

    rule_set: str
    published_by: str
    published_at: datetime


class TrippedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that its breaker holds in shadow, and why."""

    rule_id: str
    reason: str
    recorded_at: datetime


class Publications(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/publications` answers: rule sets, the newest last, and tripped rules."""

    publications: list[PublishedSet] = []
    breakers: list[TrippedRule] = []


Answer = TypeVar("Answer", Snapshot, Latest, Publications)


class ApiAway(RuntimeError):
    """The API did not answer, or not as agreed."""


class Gateway(Protocol):
    """What the desk asks of the API."""

    def snapshot(self) -> Snapshot:
        """The state of the operation now."""
        ...

    def latest_alerts(self, limit: int) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        ...

    def publications(self) -> Publications:
        """The rule sets that were published, and the rules that a breaker holds."""
        ...


@dataclass(slots=True)
class HttpGateway:
    """Asks over HTTP with a bearer token; every failure is `ApiAway`."""

    client: httpx.Client
    token: Callable[[], str]

    def snapshot(self) -> Snapshot:
        """The state of the operation now."""
        return self._read("/v1/monitoring", Snapshot)

    def latest_alerts(self, limit: int) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        return self._read(f"/v1/alerts?limit={limit}", Latest).alerts

    def publications(self) -> Publications:
        """The rule sets that were published, and the rules that a breaker holds."""
        return self._read("/v1/publications", Publications)

    def _read(self, path: str, kind: type[Answer]) -> Answer:
        try:
            answer = self.client.get(path, headers={"authorization": f"Bearer {self.token()}"})
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=kind)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise ApiAway(f"GET {path}: {error}") from error


@dataclass(slots=True)
class MemoryGateway:
    """The twin: says what it was given; None in place of alerts or rules is `ApiAway`."""

    snapshots: list[Snapshot] = field(default_factory=list)
    alerts: list[Alert] | None = field(default_factory=list)
    published: Publications | None = field(default_factory=Publications)

    def snapshot(self) -> Snapshot:
        """The next snapshot; the last one again and again; none is `ApiAway`."""
        if not self.snapshots:
            raise ApiAway("no snapshot was given")
        return self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]

    def latest_alerts(self, limit: int) -> Sequence[Alert]:
        """The alerts that were given, newest first."""
        if self.alerts is None:
            raise ApiAway("no alerts were given")
        return sorted(self.alerts, key=lambda alert: alert.raised_at, reverse=True)[:limit]

    def publications(self) -> Publications:
        """The publications that were given."""
        if self.published is None:
            raise ApiAway("no publications were given")
        return self.published
