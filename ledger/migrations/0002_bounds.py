"""Count the changes of accounts' bounds, so that a writer may remember accounts between batches."""

from alembic import op

revision = "ledger_0002"
down_revision = "ledger_0001"
branch_labels = None
depends_on = None

# A count in a row, not a sequence: it is seen together with the change that it counts.
UP = """
CREATE TABLE ledger.bounds (
    is_the_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_only_row),
    changes bigint NOT NULL
);
COMMENT ON TABLE ledger.bounds IS 'how often may_go_negative of an account has changed';
INSERT INTO ledger.bounds (changes) VALUES (0);

CREATE FUNCTION ledger.count_change_of_bounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE ledger.bounds SET changes = changes + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER bounds_are_counted AFTER UPDATE OF may_go_negative ON ledger.accounts
    FOR EACH ROW WHEN (old.may_go_negative IS DISTINCT FROM new.may_go_negative)
    EXECUTE FUNCTION ledger.count_change_of_bounds();
"""

DOWN = """
DROP TRIGGER bounds_are_counted ON ledger.accounts;
DROP FUNCTION ledger.count_change_of_bounds();
DROP TABLE ledger.bounds;
"""


def upgrade() -> None:
    """Begin to count."""
    op.execute(UP)


def downgrade() -> None:
    """Stop counting; nothing that is booked is touched."""
    op.execute(DOWN)
