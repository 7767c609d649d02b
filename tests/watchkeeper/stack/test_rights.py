from runtime.roles import Role, password
from watchkeeper.stack.processes import PROCESSES
from watchkeeper.stack.rights import addresses, role_of


def test_only_posting_writes_the_books_and_only_the_api_registers_accounts() -> None:
    roles = {process.name: role_of(process.name) for process in PROCESSES}
    special = {name: role for name, role in roles.items() if role is not Role.CASEWORK}
    assert special == {"posting": Role.POSTING, "api": Role.API, "sealing": Role.SEALER}


def test_each_role_has_a_password_of_its_own_that_is_the_same_at_each_start() -> None:
    secrets = {password("the owner's", role) for role in Role}
    assert len(secrets) == len(Role)
    assert secrets == {password("the owner's", role) for role in Role}
    assert not secrets & {password("another's", role) for role in Role}


def test_no_roles_address_holds_the_owners_password() -> None:
    found = addresses(5432, "the-owners-secret")
    assert set(found) == set(Role)
    assert not any("the-owners-secret" in address for address in found.values())
