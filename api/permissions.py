"""Who may what: one table of role and action; what does not stand in it is forbidden."""

from enum import StrEnum
from typing import assert_never

from ledger.values import Account


class Role(StrEnum):
    """Whom a token speaks for."""

    CUSTOMER = "customer"
    TELLER = "teller"
    ANALYST = "analyst"
    RISK = "risk"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SERVICE = "service"


class Action(StrEnum):
    """What a route does; each route names one."""

    SUBMIT_TRANSACTIONS = "transactions.submit"
    READ_TRANSACTION = "transactions.read"
    READ_BALANCE = "balances.read"
    READ_STATEMENT = "statements.read"
    REGISTER_ACCOUNT = "accounts.register"
    READ_SELF = "self.read"
    READ_ALERTS = "alerts.read"
    WATCH_OPERATION = "operation.watch"
    READ_RULES = "rules.read"
    PROPOSE_RULES = "rules.propose"
    APPROVE_RULES = "rules.approve"
    PUBLISH_RULES = "rules.publish"
    RESET_RULE = "rules.reset"
    READ_LISTS = "lists.read"
    CHANGE_LIST = "lists.change"


class Reach(StrEnum):
    """Which accounts of its tenant a role may know of."""

    OWN = "own"
    BRANCH = "branch"
    TENANT = "tenant"


_EVERYONE = frozenset(Role)
_STAFF = _EVERYONE - {Role.CUSTOMER, Role.TELLER}

ALLOWED: dict[Action, frozenset[Role]] = {
    Action.SUBMIT_TRANSACTIONS: frozenset({Role.TELLER, Role.SERVICE}),
    Action.READ_TRANSACTION: _EVERYONE,
    Action.READ_BALANCE: _EVERYONE - {Role.RISK},
    Action.READ_STATEMENT: _EVERYONE - {Role.RISK},
    Action.REGISTER_ACCOUNT: frozenset({Role.ADMIN, Role.SERVICE}),
    Action.READ_SELF: _EVERYONE,
    Action.READ_ALERTS: _STAFF,
    Action.WATCH_OPERATION: _STAFF,
    Action.READ_RULES: _STAFF,
    Action.PROPOSE_RULES: frozenset({Role.RISK, Role.ADMIN}),
    Action.APPROVE_RULES: frozenset({Role.APPROVER, Role.ADMIN}),
    Action.PUBLISH_RULES: frozenset({Role.RISK, Role.APPROVER, Role.ADMIN}),
    Action.RESET_RULE: frozenset({Role.RISK, Role.ADMIN}),
    Action.READ_LISTS: _STAFF,
    Action.CHANGE_LIST: frozenset({Role.RISK, Role.ADMIN}),
}

REACH: dict[Role, Reach] = {
    Role.CUSTOMER: Reach.OWN,
    Role.TELLER: Reach.BRANCH,
    Role.ANALYST: Reach.TENANT,
    Role.RISK: Reach.TENANT,
    Role.APPROVER: Reach.TENANT,
    Role.AUDITOR: Reach.TENANT,
    Role.ADMIN: Reach.TENANT,
    Role.SERVICE: Reach.TENANT,
}


def may(role: Role, action: Action) -> bool:
    """Whether the table allows it."""
    return role in ALLOWED.get(action, frozenset())


def sees(role: Role, subject: str, branch: str | None, account: Account | None) -> bool:
    """Whether this account, None where it is not registered, is within the role's reach."""
    reach = REACH[role]
    match reach:
        case Reach.TENANT:
            return True
        case Reach.BRANCH:
            return account is not None and branch is not None and account.branch_id == branch
        case Reach.OWN:
            return account is not None and account.customer_id == subject
        case _:
            assert_never(reach)
