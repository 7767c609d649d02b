"""A person at the API of the running stack: a token of their own, answers, refusals with a mend."""

import getpass
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import httpx
import msgspec
import typer

from runtime.tokens import Bearer, make_token
from watchkeeper.errors import Failure
from watchkeeper.stack.descriptor import Descriptor

ANSWER_SECONDS_MAX = 30.0


class Refused(Failure):
    """The API said no; the message says which problem, the mend what to do about it."""


def plain(value: str | None) -> str | None:
    """A name that a token can bear."""
    if value is None or (value and value.isascii() and value.isprintable() and " " not in value):
        return value
    raise typer.BadParameter("use printable ASCII without spaces")


As = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="NAME", callback=plain, help="Who you are; by default your login."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, in which role, of which stack."""

    descriptor: Descriptor
    role: str
    now: datetime
    name: str | None = None

    def get(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        """What the API shows."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401  (JSON)
        """What the API answers to a wish."""
        return self._ask("POST", path, msgspec.json.encode(body))

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:  # noqa: ANN401  (JSON)
        bearer = Bearer(
            subject=self.name or getpass.getuser(), tenant=self.descriptor.tenant, role=self.role
        )
        headers = {
            "authorization": f"Bearer {make_token(self.descriptor.settings(), bearer, self.now)}",
            "content-type": "application/json",
        }
        try:
            with httpx.Client(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
                answer = client.request(
                    method, self.descriptor.api_url + path, content=body, headers=headers
                )
        except httpx.HTTPError as error:
            raise Failure(
                f"The API at {self.descriptor.api_url} does not answer: {type(error).__name__}.",
                "See `watchkeeper status` and `watchkeeper logs api`, then try again.",
            ) from None
        if answer.is_success:
            return answer.json()
        raise _refused(answer)


def _refused(answer: httpx.Response) -> Refused:
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return Refused(f"The API answers {answer.status_code}.", "See `watchkeeper logs api`.")
    is_of_a_field = answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    where = " ".join(place["pointer"] for place in problem.get("errors", ()) if is_of_a_field)
    said = ": ".join(filter(None, (problem["title"], where, problem.get("detail"))))
    return Refused(f"{said}.", problem["hint"])
