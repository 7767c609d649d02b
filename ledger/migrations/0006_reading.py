"""Let an account's past be read by index: its statement, its balances, its transactions."""

from alembic import op

revision = "ledger_0006"
down_revision = "ledger_0005"
branch_labels = None
depends_on = None

# With the time in the key, what was booked too late is passed over without a look at its row.
# Postgres drops no index of a partitioned table concurrently.
UP = """
CREATE INDEX transfers_by_debit_and_time
    ON ledger.transfers (debit_account, currency, debit_version, booked_at);
CREATE INDEX transfers_by_credit_and_time
    ON ledger.transfers (credit_account, currency, credit_version, booked_at);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ledger.transfers_by_debit;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ledger.transfers_by_credit;
CREATE INDEX outcomes_by_account ON ledger.outcomes (tenant, account_id, position);
"""

DOWN = """
DROP INDEX ledger.outcomes_by_account;
CREATE INDEX transfers_by_debit ON ledger.transfers (debit_account, currency, debit_version);
CREATE INDEX transfers_by_credit ON ledger.transfers (credit_account, currency, credit_version);
DROP INDEX ledger.transfers_by_credit_and_time;
DROP INDEX ledger.transfers_by_debit_and_time;
"""


def upgrade() -> None:
    """Make the indexes, two of them in place of two narrower ones."""
    op.execute(UP)


def downgrade() -> None:
    """Go back to the narrower ones."""
    op.execute(DOWN)
