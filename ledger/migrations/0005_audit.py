"""The audit chain, the notes that wait for it, and a note of each change of the registry."""

from alembic import op

revision = "ledger_0005"
down_revision = "ledger_0004"
branch_labels = None
depends_on = None

# Notes leave the table when they are sealed: it is a queue, and holds only what is unsealed.
UP = """
CREATE TABLE ledger.audit_notes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    actor text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body text NOT NULL
);
COMMENT ON TABLE ledger.audit_notes IS 'what happened and waits to be sealed into audit_records';

CREATE TABLE ledger.audit_records (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    source text NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    noted_at timestamptz NOT NULL,
    body text NOT NULL,
    sealed_at timestamptz NOT NULL,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    seal bytea NOT NULL CHECK (octet_length(seal) = 32)
);
COMMENT ON TABLE ledger.audit_records IS 'the audit chain of the whole house, in its one order';
SELECT ledger.guard('ledger.audit_records');

CREATE FUNCTION ledger.note_change_of_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO ledger.audit_notes (kind, actor, body)
    VALUES ('account-change', session_user,
        jsonb_build_object('before', to_jsonb(old), 'after', to_jsonb(new))::text);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION ledger.note_change_of_account() FROM PUBLIC;

CREATE TRIGGER changes_are_noted AFTER UPDATE ON ledger.accounts
    FOR EACH ROW WHEN (old IS DISTINCT FROM new)
    EXECUTE FUNCTION ledger.note_change_of_account();

-- What was booked before stands outside the chain: it says from where on it vouches.
INSERT INTO ledger.audit_notes (kind, actor, body)
SELECT 'beginning', session_user,
    jsonb_build_object('until', coalesce((SELECT jsonb_object_agg(cell, last) FROM (
        SELECT cell, max(position) AS last FROM ledger.outcomes GROUP BY cell) AS booked), '{}'),
        'ended', coalesce((SELECT jsonb_agg(event_id) FROM ledger.resolutions), '[]'))::text
WHERE EXISTS (SELECT FROM ledger.outcomes);
"""

DOWN = """
DROP TRIGGER changes_are_noted ON ledger.accounts;
DROP FUNCTION ledger.note_change_of_account();
DROP TABLE ledger.audit_records;
DROP TABLE ledger.audit_notes;
"""


def upgrade() -> None:
    """Begin the chain."""
    op.execute(UP)


def downgrade() -> None:
    """Forget the chain; what it vouched for stays."""
    op.execute(DOWN)
