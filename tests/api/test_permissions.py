"""Who may what: the table, and the reach of each role."""

from pathlib import Path

import pytest

from api.permissions import ALLOWED, REACH, Action, Reach, Role, may, sees
from ledger.values import Account

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
ACCOUNT = Account(tenant="demo", account_id="a-1", customer_id="anna", branch_id="north")
NOBODYS = Account(tenant="demo", account_id="a-2")


def test_every_action_and_every_role_stands_in_the_tables() -> None:
    assert set(ALLOWED) == set(Action)
    assert set(REACH) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_only_services_and_tellers_send_transactions(role: Role) -> None:
    assert may(role, Action.SUBMIT_TRANSACTIONS) == (role in {Role.SERVICE, Role.TELLER})


@pytest.mark.parametrize("role", Role)
def test_only_services_and_admins_register_accounts(role: Role) -> None:
    assert may(role, Action.REGISTER_ACCOUNT) == (role in {Role.SERVICE, Role.ADMIN})


@pytest.mark.parametrize(
    ("subject", "account", "expected"),
    [
        ("anna", ACCOUNT, True),
        ("bert", ACCOUNT, False),
        ("anna", NOBODYS, False),
        ("", None, False),
    ],
)
def test_a_customer_sees_its_own_accounts(
    subject: str, account: Account | None, *, expected: bool
) -> None:
    assert sees(Role.CUSTOMER, subject, "north", account) == expected


@pytest.mark.parametrize(
    ("branch", "account", "expected"),
    [
        ("north", ACCOUNT, True),
        ("south", ACCOUNT, False),
        (None, ACCOUNT, False),
        (None, NOBODYS, False),
        ("north", None, False),
    ],
)
def test_a_teller_sees_its_branch(
    branch: str | None, account: Account | None, *, expected: bool
) -> None:
    assert sees(Role.TELLER, "anna", branch, account) == expected


@pytest.mark.parametrize("role", [role for role in Role if REACH[role] is Reach.TENANT])
def test_the_others_see_their_tenant_whether_registered_or_not(role: Role) -> None:
    assert sees(role, "x", None, None)


@pytest.mark.parametrize("role", Role)
def test_the_page_says_what_the_table_says(role: Role) -> None:
    allowed = " ".join(f"`{action}`" for action in Action if may(role, action))
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {role} |"))
    assert line.endswith(f"| {allowed} |")
