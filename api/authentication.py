"""Bearer tokens: verified once with PyJWT, remembered by their hash for as long as they live."""

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Literal

import jwt
import msgspec

from api.access import Access
from api.permissions import Role
from api.ports import Clock
from api.problems import Refusal

AUTHORIZATION_BYTES_MAX = 8 * 1024
LIFETIME_SECONDS_MAX = 3600
SKEW_SECONDS_MAX = 5
REMEMBERED_MAX = 10_000
SECRET_BYTES_MIN = 32
TIME_MAX = 2**40

_CHALLENGE = {"www-authenticate": 'Bearer realm="watchkeeper"'}
_INVALID = {"www-authenticate": 'Bearer realm="watchkeeper", error="invalid_token"'}

Headers = Iterable[tuple[bytes, bytes]]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[!-~]+\Z")]
Tenant = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+\Z")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=TIME_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking, as a verified token says."""

    subject: str
    tenant: str
    role: Role
    branch: str | None = None


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    # No kid, jku, jwk, x5u, crit: there is one key, and a token has no say in which.
    alg: Literal["HS256"]
    typ: Literal["at+jwt"]


class _TokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    aud: str | list[str]
    sub: Name
    tenant: Tenant
    role: Role
    iat: Seconds
    exp: Seconds
    jti: Name
    nbf: Seconds = 0
    branch: Name | None = None


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    not_before: int
    expires: int


@dataclass(slots=True, eq=False)
class Authenticator:
    """Says who sent a request, or refuses it with 401; time is the clock's."""

    secret: bytes
    issuer: str
    audience: str
    clock: Clock
    remembered: OrderedDict[bytes, _Remembered] = field(default_factory=OrderedDict)
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        self.access = Access(self.clock)
        if len(self.secret) < SECRET_BYTES_MIN:
            raise ValueError(f"the secret of tokens needs {SECRET_BYTES_MIN} bytes or more")

    def principal(self, headers: Headers) -> Principal:
        """The one who holds the one bearer token among the headers."""
        found: _Remembered | None = None
        try:
            token = _bearer(headers)
            digest = sha256(token).digest()
            known = self.remembered.get(digest)
            found = known or self._verify(token)
            self._check_times(found)
        except Refusal as refusal:
            self.access.refused(refusal, found.principal if found else None)
            raise
        if known is None:
            self._remember(digest, found)
            self.access.came_in(found.principal)
        return found.principal

    def _check_times(self, found: _Remembered) -> None:
        now = self.clock().timestamp()
        if now >= found.expires:
            raise _invalid("the token has expired")
        if now + SKEW_SECONDS_MAX < found.not_before:
            raise _invalid("the token is not valid yet")

    def _remember(self, digest: bytes, found: _Remembered) -> None:
        self.remembered[digest] = found
        if len(self.remembered) > REMEMBERED_MAX:
            self.remembered.popitem(last=False)

    def _verify(self, token: bytes) -> _Remembered:
        try:
            opened = jwt.api_jws.PyJWS().decode_complete(token, self.secret, ["HS256"])
        except jwt.InvalidTokenError:
            raise _invalid("the token is malformed, or was not signed with our key") from None
        _parse(_first_segment(token), _Header, "the token's header")
        claims = _parse(opened["payload"], _TokenClaims, "the token's claims")
        self._check(claims)
        return _Remembered(
            principal=Principal(
                subject=claims.sub, tenant=claims.tenant, role=claims.role, branch=claims.branch
            ),
            not_before=max(claims.nbf, claims.iat),
            expires=claims.exp,
        )

    def _check(self, claims: _TokenClaims) -> None:
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self.issuer:
            raise _invalid("the token is from another issuer (iss)")
        if self.audience not in audiences:
            raise _invalid("the token is for another audience (aud)")
        if not 0 < claims.exp - claims.iat <= LIFETIME_SECONDS_MAX:
            raise _invalid("the token lives longer than an hour (exp - iat)")


def _bearer(headers: Headers) -> bytes:
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        raise Refusal("token-missing", headers=_CHALLENGE)
    if sum(map(len, found)) > AUTHORIZATION_BYTES_MAX:
        raise Refusal("head-too-large", "the header Authorization is longer than 8 KiB")
    if len(found) > 1:
        raise _invalid("there is more than one header Authorization")
    scheme, _, token = found[0].partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Refusal("token-missing", "the scheme is not Bearer", headers=_CHALLENGE)
    return token


def _first_segment(token: bytes) -> bytes:
    return jwt.utils.base64url_decode(token.partition(b".")[0])


def _parse(raw: bytes, kind: type[Any], name: str) -> Any:  # noqa: ANN401  (a value of `kind`)
    try:
        json.loads(raw, object_pairs_hook=_without_duplicates)
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(f"{name} are not as agreed{_place(error)}") from None
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise _invalid(f"{name} cannot be read") from None


def _place(error: msgspec.ValidationError) -> str:
    text = str(error)
    missing = "missing required field" in text
    if missing:
        return ": " + text.partition(" - ")[0].removeprefix("Object ").replace("`", "")
    place = text.partition(" - at `$.")[2].rstrip("`")
    return f": {place}" if place else ""


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _invalid(detail: str) -> Refusal:
    return Refusal("token-invalid", detail, headers=_INVALID)
