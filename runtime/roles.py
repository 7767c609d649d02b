"""Roles of the database: each process may do what its work needs, and nothing else.

A room says what its schema allows to whom in `<room>/privileges.py`; here it is made so. The
owner of the schema keeps all rights and runs migrations only.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import blake2b

import psycopg
from psycopg import sql

from runtime.postgres import connect

PASSWORD_BYTES = 32

# Any constant will do: whoever holds it is the one that changes rights in this database.
_LOCK = 0x57_4B_5F_52_4C
_FIND = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"


class Role(StrEnum):
    """Who works with the database; the owner is none of them."""

    POSTING = "watchkeeper_posting"
    API = "watchkeeper_api"
    CASEWORK = "watchkeeper_casework"
    AUDITOR = "watchkeeper_auditor"
    SEALER = "watchkeeper_sealer"


def password(owner_password: str, role: Role) -> str:
    """A role's password on a stack of one machine: who knows it does not know the owner's."""
    key = owner_password.encode()[:64]
    return blake2b(role.encode(), digest_size=PASSWORD_BYTES, key=key).hexdigest()


def grant(dsn: str, schemas: Mapping[str, Iterable[str]], passwords: Mapping[Role, str]) -> None:
    """Give each role what the statements of each schema say, and take all else that it had.

    Roles that are missing are made; with a password they may log in, without one they are groups
    for logins of your own. All or nothing, and the same when done again.
    """
    with connect(dsn, "watchkeeper-roles") as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for role in Role:
            _make(connection, role, passwords.get(role))
        for schema, statements in schemas.items():
            _take_all(connection, schema)
            for statement in statements:
                connection.execute(statement.encode())


def are_made(dsn: str) -> bool:
    """Whether this server knows the roles."""
    with connect(dsn, "watchkeeper-roles") as connection:
        found = connection.execute(_FIND, [[role.value for role in Role]]).fetchall()
    return len(found) == len(Role)


def _make(connection: psycopg.Connection, role: Role, secret: str | None) -> None:
    name = sql.Identifier(role)
    if not connection.execute(_FIND, [[role.value]]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
    if secret is not None:
        login = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(secret))
        connection.execute(login)


def _take_all(connection: psycopg.Connection, schema: str) -> None:
    roles = sql.SQL(", ").join(map(sql.Identifier, Role))
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        take = sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM {}")
        connection.execute(take.format(sql.SQL(kind), sql.Identifier(schema), roles))
    take = sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}")
    connection.execute(take.format(sql.Identifier(schema), roles))
