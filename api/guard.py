"""Who comes in, by which route, to do what: every route names its action, or is public."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from api.authentication import Authenticator, Headers, Principal
from api.bodies import check_accept, check_body_head, read_body
from api.permissions import Action, may
from api.ports import Clock
from api.problems import Refusal
from api.reads import Reads
from api.room import Room

IDENTIFIER_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Guard:
    """Admits a request to an action, or refuses it."""

    authenticator: Authenticator
    reads: Reads
    clock: Clock

    def admit(self, headers: Headers, action: Action) -> Principal:
        """The one who asks, if its role may do this."""
        check_accept(headers)
        principal = self.authenticator.principal(headers)
        if not may(principal.role, action):
            refusal = Refusal("forbidden", f"the role {principal.role} has no action {action}")
            self.authenticator.access.refused(refusal, principal)
            raise refusal
        return principal


@dataclass(frozen=True, slots=True)
class Admitted:
    """The dependency by which a FastAPI route names its action."""

    guard: Guard
    action: Action

    async def __call__(self, request: Request) -> Principal:
        """The one who asks."""
        principal = self.guard.admit(request.scope["headers"], self.action)
        query = request.url.query
        target = f"{request.url.path}?{query}" if query else request.url.path
        self.guard.reads.note(principal, self.action, target, self.guard.clock())
        return principal


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in, with its whole body."""

    principal: Principal
    body: bytes
    path: dict[str, Any]


Handle = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class BodyRoute:
    """A route with a body, kept apart from the framework's own parsing: guard, read, handle."""

    path: str
    guard: Guard
    action: Action
    bytes_max: int
    room: Room
    handle: Handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        headers = scope["headers"]
        check_body_head(headers, self.bytes_max)
        principal = self.guard.admit(headers, self.action)
        with self.room.a_place():
            body = await read_body(receive, self.bytes_max)
            response = await self.handle(Visit(principal, body, scope["path_params"]))
        await response(scope, receive, send)


def identifier(segment: str, problem: str) -> str:
    """An id out of a path, where anything that could be none is `problem`."""
    text = unquote(segment)
    is_plain = text.isascii() and text.isprintable() and " " not in text
    if not (is_plain and 1 <= len(text) <= IDENTIFIER_CHARACTERS_MAX):
        raise Refusal(problem)
    return text
