"""Tokens: one way to be right, and every known way to be wrong."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from api.authentication import AUTHORIZATION_BYTES_MAX, REMEMBERED_MAX, Authenticator
from api.permissions import Role
from api.problems import Refusal
from tests.api.house import AUDIENCE, ISSUER, NOW, SECRET, a_token, claims

AT = int(NOW.timestamp())


def an_authenticator() -> Authenticator:
    return Authenticator(SECRET, ISSUER, AUDIENCE, lambda: NOW)


def headers(token: str | bytes) -> list[tuple[bytes, bytes]]:
    raw = token.encode() if isinstance(token, str) else token
    return [(b"host", b"here"), (b"authorization", b"Bearer " + raw)]


def encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(header: bytes, payload: bytes, secret: bytes = SECRET) -> bytes:
    body = encoded(header) + b"." + encoded(payload)
    return body + b"." + encoded(hmac.new(secret, body, hashlib.sha256).digest())


def with_header(**changes: Any) -> bytes:  # noqa: ANN401  (JSON)
    header = {"alg": "HS256", "typ": "at+jwt"} | changes
    kept = {name: value for name, value in header.items() if value is not None}
    return signed(json.dumps(kept).encode(), json.dumps(claims()).encode())


def with_payload(text: str) -> bytes:
    return signed(b'{"alg":"HS256","typ":"at+jwt"}', text.encode())


def payload_without_end(addition: str) -> bytes:
    return with_payload(json.dumps(claims())[:-1] + addition)


ATTACKS: dict[str, Callable[[], str | bytes]] = {
    "no algorithm": lambda: jwt.encode(claims(), "", "none", headers={"typ": "at+jwt"}),
    "no algorithm, in another spelling": lambda: with_header(alg="NoNe"),
    "an empty signature": lambda: a_token().rpartition(".")[0] + ".",
    "no signature": lambda: a_token().rpartition(".")[0],
    "another key": lambda: jwt.encode(
        claims(), b"another secret, of many more bytes", "HS256", headers={"typ": "at+jwt"}
    ),
    "a longer HMAC with our key": lambda: jwt.encode(
        claims(), SECRET * 2, "HS512", headers={"typ": "at+jwt"}
    ),
    "a header that names RS256": lambda: with_header(alg="RS256"),
    "a changed payload": lambda: ".".join(
        [a_token().split(".")[0], a_token(role="admin").split(".")[1], a_token().split(".")[2]]
    ),
    "expired": lambda: a_token(iat=AT - 900, exp=AT - 1),
    "expired this second": lambda: a_token(exp=AT),
    "not valid yet": lambda: a_token(nbf=AT + 60),
    "issued in the future": lambda: a_token(iat=AT + 60, exp=AT + 600),
    "another audience": lambda: a_token(aud="billing"),
    "no audience": lambda: a_token(aud=None),
    "an audience that only begins right": lambda: a_token(aud=AUDIENCE + "-2"),
    "another issuer": lambda: a_token(iss="someone"),
    "part of the issuer": lambda: a_token(iss=ISSUER[:5]),
    "no issuer": lambda: a_token(iss=None),
    "no expiry": lambda: a_token(exp=None),
    "no id": lambda: a_token(jti=None),
    "no time of issue": lambda: a_token(iat=None),
    "no subject": lambda: a_token(sub=None),
    "an empty subject": lambda: a_token(sub=""),
    "no tenant": lambda: a_token(tenant=None),
    "a tenant with a line break": lambda: a_token(tenant="demo\n"),
    "no role": lambda: a_token(role=None),
    "an unknown role": lambda: a_token(role="root"),
    "an absurd expiry": lambda: a_token(exp=10**30),
    "an expiry beyond an hour": lambda: a_token(exp=AT + 3601),
    "an expiry as text": lambda: a_token(exp=str(AT + 60)),
    "an expiry with a fraction": lambda: a_token(exp=AT + 60.5),
    "an expiry that is true": lambda: a_token(exp=True),
    "an expiry that is no number": lambda: with_payload(
        json.dumps(claims()).replace(f'"exp": {AT + 600}', '"exp": NaN')
    ),
    "an endless expiry": lambda: with_payload(
        json.dumps(claims()).replace(f'"exp": {AT + 600}', '"exp": Infinity')
    ),
    "no type": lambda: with_header(typ=None),
    "the type of an id token": lambda: with_header(typ="JWT"),
    "a key by address": lambda: with_header(jku="https://evil.example/keys"),
    "a key inside": lambda: with_header(jwk={"kty": "oct", "k": "AAAA"}),
    "a certificate by address": lambda: with_header(x5u="https://evil.example/chain"),
    "a key id that is a path": lambda: with_header(kid="../../dev/null"),
    "a key id that is SQL": lambda: with_header(kid="1' OR '1'='1"),
    "an extension that must be understood": lambda: with_header(crit=["exp"]),
    "a detached payload": lambda: with_header(b64=False, crit=["b64"]),
    "a claim twice": lambda: payload_without_end(',"role":"admin"}'),
    "a header name twice": lambda: signed(
        b'{"alg":"HS256","typ":"JWT","typ":"at+jwt"}', json.dumps(claims()).encode()
    ),
    "a deep payload": lambda: payload_without_end(',"x":' + "[" * 2500 + "]" * 2500 + "}"),
    "a deep header": lambda: signed(
        b'{"alg":"HS256","typ":"at+jwt","x":' + b"[" * 2500 + b"]" * 2500 + b"}", b"{}"
    ),
    "a payload that is a list": lambda: with_payload("[]"),
    "a payload that is no JSON": lambda: with_payload("{"),
    "no token at all": lambda: "nothing",
    "two points and no more": lambda: "..",
    "characters that are none": lambda: b"\xff\xfe.\x00.\x01",
    "a character too many": lambda: a_token() + "!",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_token_that_is_not_right_is_refused(attack: Callable[[], str | bytes]) -> None:
    token = attack()
    authenticator = an_authenticator()
    with pytest.raises(Refusal) as refusal:
        authenticator.principal(headers(token))
    assert refusal.value.problem.status == 401
    assert refusal.value.headers["www-authenticate"].startswith("Bearer")


def test_a_good_token_says_who_is_asking() -> None:
    token = a_token(sub="anna", role="teller", branch="north")
    principal = an_authenticator().principal(headers(token))
    assert (principal.subject, principal.tenant, principal.role, principal.branch) == (
        "anna",
        "demo",
        Role.TELLER,
        "north",
    )


def test_one_of_several_audiences_is_enough() -> None:
    token = a_token(aud=["billing", AUDIENCE])
    assert an_authenticator().principal(headers(token)).subject == "payments"


def test_the_scheme_may_be_written_in_any_case() -> None:
    found = an_authenticator().principal([(b"authorization", b"bearer " + a_token().encode())])
    assert found.subject == "payments"


@pytest.mark.parametrize(
    "given",
    [
        [],
        [(b"authorization", b"Basic YTpi")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer\t" + a_token().encode())],
        [(b"authorization", a_token().encode())],
    ],
)
def test_without_a_bearer_token_nobody_is_known(given: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Refusal) as refusal:
        an_authenticator().principal(given)
    assert refusal.value.code == "token-missing"


def test_two_tokens_are_one_too_many() -> None:
    with pytest.raises(Refusal) as refusal:
        an_authenticator().principal(headers(a_token()) + headers(a_token(role="admin")))
    assert refusal.value.code == "token-invalid"


def test_a_huge_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refusal) as refusal:
        an_authenticator().principal(headers("a" * 10_000_000))
    assert refusal.value.code == "head-too-large"


def test_many_small_tokens_are_counted_together() -> None:
    many = [(b"authorization", b"Bearer " + b"a" * 1000)] * (AUTHORIZATION_BYTES_MAX // 1000)
    with pytest.raises(Refusal) as refusal:
        an_authenticator().principal([*many, *many])
    assert refusal.value.code == "head-too-large"


def test_a_remembered_token_still_expires() -> None:
    instant = [NOW]
    authenticator = Authenticator(SECRET, ISSUER, AUDIENCE, lambda: instant[0])
    token = headers(a_token(exp=AT + 10))
    authenticator.principal(token)
    instant[0] = NOW + timedelta(seconds=10)
    with pytest.raises(Refusal, match="expired"):
        authenticator.principal(token)


def test_no_more_tokens_are_remembered_than_there_is_room_for() -> None:
    authenticator = an_authenticator()
    authenticator.principal(headers(a_token()))
    _, found = authenticator.remembered.popitem()
    authenticator.remembered.update((b"%d" % number, found) for number in range(REMEMBERED_MAX))
    authenticator.principal(headers(a_token(jti="one-more")))
    assert len(authenticator.remembered) == REMEMBERED_MAX


def test_a_refused_token_is_not_remembered() -> None:
    authenticator = an_authenticator()
    with pytest.raises(Refusal):
        authenticator.principal(headers(a_token(aud="billing")))
    assert not authenticator.remembered


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Authenticator(b"short", ISSUER, AUDIENCE, lambda: NOW)


def test_the_reason_names_the_claim_and_never_its_value() -> None:
    with pytest.raises(Refusal) as refusal:
        an_authenticator().principal(headers(a_token(role="4111111111111111")))
    assert "role" in refusal.value.detail
    assert "4111" not in refusal.value.detail
