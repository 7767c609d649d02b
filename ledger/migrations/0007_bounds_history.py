"""Keep since when an account has a bound, so that the journal itself proves that it was kept."""

from alembic import op

revision = "ledger_0007"
down_revision = "ledger_0006"
branch_labels = None
depends_on = None

# Versions, not times: a version says exactly which transfers a bound came before. To know it, a
# change waits for the batches that are being booked, and those to come wait for the change. They
# take the lock of the table before they look, so they see the new bound.
UP = """
CREATE TABLE ledger.bounds_history (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_key bigint NOT NULL,
    may_go_negative boolean NOT NULL,
    balances jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ledger.bounds_history IS
    'each change of may_go_negative; an account without one always may';
COMMENT ON COLUMN ledger.bounds_history.balances IS
    'version and available by currency when it changed; a balance that is missing was opened later';
SELECT ledger.guard('ledger.bounds_history');

CREATE FUNCTION ledger.balances_of(account bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT coalesce(jsonb_object_agg(currency,
        jsonb_build_object('version', version, 'available', posted - held)), '{}')
    FROM ledger.balances WHERE account_key = account
$$;

CREATE FUNCTION ledger.keep_bound() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        LOCK TABLE ledger.watermarks IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    INSERT INTO ledger.bounds_history (account_key, may_go_negative, balances)
    VALUES (new.account_key, new.may_go_negative, ledger.balances_of(new.account_key));
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION ledger.keep_bound() FROM PUBLIC;

CREATE TRIGGER first_bound_is_kept AFTER INSERT ON ledger.accounts
    FOR EACH ROW WHEN (NOT new.may_go_negative)
    EXECUTE FUNCTION ledger.keep_bound();
CREATE TRIGGER change_of_bound_is_kept AFTER UPDATE OF may_go_negative ON ledger.accounts
    FOR EACH ROW WHEN (old.may_go_negative IS DISTINCT FROM new.may_go_negative)
    EXECUTE FUNCTION ledger.keep_bound();

-- Of the bounds that are there already, nobody knows since when: they count from here on.
LOCK TABLE ledger.watermarks IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO ledger.bounds_history (account_key, may_go_negative, balances)
SELECT account_key, false, ledger.balances_of(account_key)
FROM ledger.accounts WHERE NOT may_go_negative;
"""

DOWN = """
DROP TRIGGER change_of_bound_is_kept ON ledger.accounts;
DROP TRIGGER first_bound_is_kept ON ledger.accounts;
DROP FUNCTION ledger.keep_bound();
DROP FUNCTION ledger.balances_of(bigint);
DROP TABLE ledger.bounds_history;
"""


def upgrade() -> None:
    """Begin to keep the changes."""
    op.execute(UP)


def downgrade() -> None:
    """Forget since when; whether an account may go below nought stays."""
    op.execute(DOWN)
