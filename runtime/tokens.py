"""Bearer tokens that our own processes and commands make for themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from uuid_utils import uuid7

from runtime.settings import Settings

ALGORITHM = "HS256"
TOKEN_TYPE = "at+jwt"  # noqa: S105  (RFC 9068's name for an access token)
LIFETIME_MAX = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who the token speaks for; `branch` only for a teller."""

    subject: str
    tenant: str
    role: str
    branch: str | None = None


def make_token(
    settings: Settings, bearer: Bearer, now: datetime, lifetime: timedelta = LIFETIME_MAX
) -> str:
    """Sign a token with the deployment's secret; it lives an hour at most."""
    claims = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": bearer.subject,
        "tenant": bearer.tenant,
        "role": bearer.role,
        "iat": int(now.timestamp()),
        "exp": int((now + min(lifetime, LIFETIME_MAX)).timestamp()),
        "jti": str(uuid7()),
    } | ({"branch": bearer.branch} if bearer.branch else {})
    secret = settings.jwt_secret.get_secret_value()
    return jwt.encode(claims, secret, ALGORITHM, headers={"typ": TOKEN_TYPE})
