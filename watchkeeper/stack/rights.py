"""The database's roles in a stack: which process works as which, and how it gets in."""

from collections.abc import Mapping
from types import MappingProxyType

import casework.privileges
import ledger.privileges
from runtime.roles import Role, grant, password
from watchkeeper.stack.servers import postgres

SCHEMAS = {"ledger": ledger.privileges.GRANTS, "casework": casework.privileges.GRANTS}
NO_PASSWORDS: Mapping[Role, str] = MappingProxyType({})
_OF_PROCESS = {"posting": Role.POSTING, "api": Role.API, "sealing": Role.SEALER}


def role_of(process: str) -> Role:
    """The role that a process works as."""
    return _OF_PROCESS.get(process, Role.CASEWORK)


def give(dsn: str, passwords: Mapping[Role, str] = NO_PASSWORDS) -> None:
    """Make the roles and give them their rights; those with a password may log in."""
    grant(dsn, SCHEMAS, passwords)


def passwords(owner_password: str) -> Mapping[Role, str]:
    """Of the roles of an embedded server."""
    return {role: password(owner_password, role) for role in Role}


def addresses(port: int, owner_password: str) -> Mapping[str, str]:
    """The connection string of each role of an embedded server."""
    secrets = passwords(owner_password)
    return {role: postgres.dsn(port, secret, role=role) for role, secret in secrets.items()}
