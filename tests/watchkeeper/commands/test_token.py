"""`watchkeeper token`: what it prints is let in by an API with the same secret."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.authentication import Authenticator
from api.permissions import Role
from runtime.settings import Settings
from tests.watchkeeper.commands.descriptors import describe_a_stack
from watchkeeper.commands.token import app

SECRET = "a secret of thirty-two bytes or more"  # noqa: S105  (only for tests)
NOW = datetime.now(UTC)  # noqa: TID251  (the command reads the clock itself)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a stack that was started once."""
    ports = {"api": 1, "dashboard": 2}
    describe_a_stack(tmp_path, jwt_secret=SECRET, tenant="bank", ports=ports, started_at=NOW)
    return tmp_path


def run(data: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    return result.exit_code, result.output.strip()


def authenticator() -> Authenticator:
    fields = Settings.model_fields
    issuer, audience = fields["jwt_issuer"].default, fields["jwt_audience"].default
    return Authenticator(SECRET.encode(), issuer, audience, lambda: datetime.now(UTC))  # noqa: TID251  (as above)


@pytest.mark.parametrize("role", Role)
def test_a_token_of_each_role_is_let_in(data: Path, role: Role) -> None:
    code, token = run(data, "--role", role, "--sub", "anna", "--branch", "north")
    assert code == 0
    principal = authenticator().principal([(b"authorization", f"Bearer {token}".encode())])
    assert (principal.subject, principal.role, principal.branch) == ("anna", role, "north")
    assert principal.tenant == "bank"


def test_a_token_may_be_for_another_tenant_and_live_a_minute(data: Path) -> None:
    code, token = run(data, "--tenant", "other", "--minutes", "1")
    assert code == 0
    principal = authenticator().principal([(b"authorization", f"Bearer {token}".encode())])
    assert principal.tenant == "other"


@pytest.mark.parametrize(
    "wrong", [("--role", "root"), ("--minutes", "61"), ("--minutes", "0"), ("--sub", "a b")]
)
def test_a_token_that_the_api_would_refuse_is_not_made(data: Path, wrong: tuple[str, ...]) -> None:
    code, output = run(data, *wrong)
    assert code == 2
    assert wrong[0] in output
