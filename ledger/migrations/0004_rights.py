"""Let a writer without the right to make tables still have the months made."""

from alembic import op

revision = "ledger_0004"
down_revision = "ledger_0003"
branch_labels = None
depends_on = None

# It acts with its owner's rights: nobody calls it who was not given leave.
UP = """
ALTER FUNCTION ledger.make_months(date, integer) SECURITY DEFINER SET search_path = '';
REVOKE EXECUTE ON FUNCTION ledger.make_months(date, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION ledger.count_change_of_bounds() FROM PUBLIC;
"""

DOWN = """
ALTER FUNCTION ledger.make_months(date, integer) SECURITY INVOKER RESET search_path;
GRANT EXECUTE ON FUNCTION ledger.make_months(date, integer) TO PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.count_change_of_bounds() TO PUBLIC;
"""


def upgrade() -> None:
    """Make it act as its owner."""
    op.execute(UP)


def downgrade() -> None:
    """Make it act as its caller."""
    op.execute(DOWN)
