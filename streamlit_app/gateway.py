"""The way from the desk to the API, and its in-memory twin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import httpx
import msgspec

from data_contracts.alert import Alert
from data_contracts.monitoring import Snapshot

ANSWER_SECONDS_MAX = 3.0


class Latest(msgspec.Struct, frozen=True):
    """What `GET /v1/alerts` answers."""

    alerts: list[Alert]


Answer = TypeVar("Answer", Snapshot, Latest)


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

    def _read(self, path: str, kind: type[Answer]) -> Answer:
        try:
            answer = self.client.get(path, headers={"authorization": f"Bearer {self.token()}"})
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=kind)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise ApiAway(f"GET {path}: {error}") from error


@dataclass(slots=True)
class MemoryGateway:
    """The twin: says what it was given."""

    snapshots: list[Snapshot] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        """The next snapshot; the last one again and again; none is `ApiAway`."""
        if not self.snapshots:
            raise ApiAway("no snapshot was given")
        return self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]

    def latest_alerts(self, limit: int) -> Sequence[Alert]:
        """The alerts that were given, newest first."""
        return sorted(self.alerts, key=lambda alert: alert.raised_at, reverse=True)[:limit]
