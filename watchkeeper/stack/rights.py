"""The database's roles in a stack: which process works as which, and how it gets in."""

from collections.abc import Mapping

import casework.privileges
import ledger.privileges
from runtime.roles import Role, grant, password
from watchkeeper.stack.servers import postgres

SCHEMAS = {"ledger": ledger.privileges.GRANTS, "casework": casework.privileges.GRANTS}
_OF_PROCESS = {"posting": Role.POSTING, "api": Role.API, "sealing": Role.SEALER}


def role_of(process: str) -> Role:
    """The role that a process works as."""
    return _OF_PROCESS.get(process, Role.CASEWORK)


def give(dsn: str, owner_password: str | None = None) -> None:
    """Make the roles and give them their rights; with the owner's password they may log in."""
    secrets = {role: password(owner_password, role) for role in Role} if owner_password else {}
    grant(dsn, SCHEMAS, secrets)


def addresses(port: int, owner_password: str) -> Mapping[str, str]:
    """The connection string of each role of an embedded server."""
    return {role: postgres.dsn(port, password(owner_password, role), role=role) for role in Role}
