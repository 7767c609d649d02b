"""What corrects what, and up to when open holds have been looked through for old ones."""

from alembic import op

revision = "ledger_0003"
down_revision = "ledger_0002"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE ledger.corrections (
    event_id uuid PRIMARY KEY REFERENCES ledger.outcomes,
    original_event_id uuid NOT NULL REFERENCES ledger.outcomes,
    type text NOT NULL CHECK (type IN ('reversal', 'refund', 'chargeback')),
    effect text NOT NULL CHECK (effect IN ('gave_back', 'released')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    booked_at timestamptz NOT NULL
);
CREATE INDEX corrections_by_original ON ledger.corrections (original_event_id);
COMMENT ON TABLE ledger.corrections IS
    'reversals, refunds and chargebacks of transactions that the books know';
SELECT ledger.guard('ledger.corrections');

CREATE INDEX holds_by_booking ON ledger.holds (booked_at);
CREATE TABLE ledger.expiry (
    is_the_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_only_row),
    done_before timestamptz NOT NULL
);
COMMENT ON COLUMN ledger.expiry.done_before IS 'every hold that was booked before it has ended';
INSERT INTO ledger.expiry (done_before) VALUES ('-infinity');
"""

DOWN = """
DROP TABLE ledger.expiry;
DROP INDEX ledger.holds_by_booking;
DROP TABLE ledger.corrections;
"""


def upgrade() -> None:
    """Begin to keep them."""
    op.execute(UP)


def downgrade() -> None:
    """Forget which transaction corrected which; their transfers and outcomes stay."""
    op.execute(DOWN)
