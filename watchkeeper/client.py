"""The client of our own API: batches, kept connections, and retries that nothing is lost by.

A retry is safe because each transaction bears its natural id; so whatever may pass with time (a
process that is being restarted, a log that is away) is tried again, and nothing else.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self

import msgspec

from runtime.settings import Settings
from runtime.tokens import Bearer, make_token
from watchkeeper.connections import Answer, Connections, NoAnswer
from watchkeeper.errors import Failure
from watchkeeper.stack.descriptor import Descriptor

CONNECTIONS_MAX = 64
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.05, 2.0
TOKEN_LIFETIME, TOKEN_MARGIN = timedelta(hours=1), timedelta(minutes=5)
BATCH_PATH = "/v1/transactions:batch"
IN_PROGRESS = "in-progress"

_ACCEPTED, _TOO_MANY = 202, 429
_PASSING = frozenset({_TOO_MANY, 502, 503, 504})

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], datetime]


class ApiRefused(Failure):
    """The API refuses the request as a whole; another try would be refused too."""


class ApiAway(Failure):
    """The API did not answer for longer than anybody should wait."""


class ItemResult(msgspec.Struct, frozen=True):
    """What became of one transaction of a batch; of one not taken, which problem and where."""

    status: str
    code: str = ""
    pointer: str = ""
    detail: str = ""


class _Answer(msgspec.Struct, frozen=True):
    results: tuple[ItemResult, ...]


_decode = msgspec.json.Decoder(_Answer).decode


@dataclass(slots=True)
class Tokens:
    """A token that is made again before it ends."""

    settings: Settings
    bearer: Bearer
    clock: Clock
    _token: str = ""
    _ends_at: datetime = LONG_AGO

    def current(self) -> str:
        """A token that is good for some minutes more."""
        now = self.clock()
        if now >= self._ends_at - TOKEN_MARGIN:
            self._token = make_token(self.settings, self.bearer, now, TOKEN_LIFETIME)
            self._ends_at = now + TOKEN_LIFETIME
        return self._token


@dataclass(slots=True)
class Client:
    """Sends batches; `retries` counts, by its reason, what had to be tried again."""

    connections: Connections
    tokens: Tokens
    patience_seconds: float = PATIENCE_SECONDS
    retries: Counter[str] = field(default_factory=Counter)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  (no secret)

    @classmethod
    def to(cls, url: str, tokens: Tokens, connections: int = CONNECTIONS_MAX) -> Self:
        """Open a client with a limited number of kept connections."""
        return cls(Connections.to(url, connections), tokens)

    async def __aenter__(self) -> Self:
        """Give the client itself."""
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.connections.close()

    async def send(self, body: bytes) -> Sequence[ItemResult]:
        """Send a batch until it is answered; one result per transaction, in order.

        A result may be `duplicate` only because an earlier try of the same call came through.
        """
        deadline, pause = monotonic() + self.patience_seconds, PAUSE_SECONDS_MIN
        while True:
            found = await self._try(body)
            if isinstance(found, tuple):
                return found
            if monotonic() > deadline:
                raise ApiAway(
                    f"The API has not taken a batch for {self.patience_seconds:.0f} s: {found}.",
                    "See `watchkeeper status` and `watchkeeper logs api`, then send it again: "
                    "what was taken already is not taken twice.",
                )
            self.retries[found] += 1
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.0))
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _try(self, body: bytes) -> tuple[ItemResult, ...] | str:
        """The results, or why to try again."""
        headers = {
            "authorization": f"Bearer {self.tokens.current()}",
            "content-type": "application/json",
        }
        try:
            answer = await self.connections.post(BATCH_PATH, headers, body)
        except NoAnswer as error:
            return str(error)
        if answer.status in _PASSING:
            return f"status {answer.status}"
        if answer.status != _ACCEPTED:
            raise _refused(answer)
        results = _decode(answer.body).results
        if any(item.code == IN_PROGRESS for item in results):
            return "another request is writing the same transactions"
        return results


def _refused(answer: Answer) -> ApiRefused:
    problem: Mapping[str, object] = {}
    try:
        problem = msgspec.json.decode(answer.body, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {"detail": answer.body[:200].decode("utf-8", "replace")}
    said = " ".join(str(problem[key]) for key in ("title", "detail") if problem.get(key))
    return ApiRefused(
        f"The API refuses the batch ({answer.status}): {said}.", str(problem.get("hint", ""))
    )


def client_of(descriptor: Descriptor, subject: str, clock: Clock) -> Client:
    """A client of a running stack, with a token of its own for the role of a service."""
    bearer = Bearer(subject=subject, tenant=descriptor.tenant, role="service")
    return Client.to(descriptor.api_url, Tokens(descriptor.settings(), bearer, clock))
