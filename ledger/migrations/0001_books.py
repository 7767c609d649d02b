"""The books: accounts, balances, transfers, holds and one outcome per transaction for ever."""

from alembic import op

revision = "ledger_0001"
down_revision = None
branch_labels = ("ledger",)
depends_on = None

# Amounts are whole minor units. A balance counts credits minus debits, on every kind of account,
# so that all balances of a currency add up to nought.
ACCOUNTS = """
CREATE SCHEMA ledger;

CREATE TABLE ledger.accounts (
    account_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    account_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
    is_customer boolean NOT NULL,
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    customer_id text,
    branch_id text,
    may_go_negative boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    UNIQUE (tenant, account_id),
    CONSTRAINT only_the_bank_s_own_bear_a_space CHECK (is_customer = (account_id NOT LIKE '% %'))
);
CREATE INDEX accounts_by_customer ON ledger.accounts (tenant, customer_id)
    WHERE customer_id IS NOT NULL;
CREATE INDEX accounts_by_branch ON ledger.accounts (tenant, branch_id)
    WHERE branch_id IS NOT NULL;
COMMENT ON COLUMN ledger.accounts.currency IS 'of its first posting; null: many';

CREATE TABLE ledger.balances (
    account_key bigint NOT NULL REFERENCES ledger.accounts,
    currency text NOT NULL CHECK (octet_length(currency) = 3),
    posted bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    PRIMARY KEY (account_key, currency)
) WITH (fillfactor = 50);
COMMENT ON COLUMN ledger.balances.held IS 'set aside by holds that would debit the account';
COMMENT ON COLUMN ledger.balances.version IS 'how many transfers made it';
"""

# By month of booking, so that a month can leave as one piece; `outcomes` stays whole, because
# an id must be unique for ever. Cell and position name the decision that moved the money.
JOURNAL = """
CREATE TABLE ledger.transfers (
    cell integer NOT NULL,
    position bigint NOT NULL,
    leg smallint NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('posting', 'resolution')),
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    debit_after bigint NOT NULL,
    debit_version bigint NOT NULL,
    credit_after bigint NOT NULL,
    credit_version bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (cell, position, leg, booked_at),
    CHECK (debit_account <> credit_account)
) PARTITION BY RANGE (booked_at);
CREATE INDEX transfers_by_debit ON ledger.transfers (debit_account, currency, debit_version);
CREATE INDEX transfers_by_credit ON ledger.transfers (credit_account, currency, credit_version);
CREATE TABLE ledger.transfers_rest PARTITION OF ledger.transfers DEFAULT;

CREATE VIEW ledger.legs AS
SELECT debit_account AS account_key, currency, -amount_minor AS moved, debit_after AS after,
       debit_version AS version, event_id, cell, position, occurred_at, booked_at
FROM ledger.transfers
UNION ALL
SELECT credit_account, currency, amount_minor, credit_after,
       credit_version, event_id, cell, position, occurred_at, booked_at
FROM ledger.transfers;
COMMENT ON VIEW ledger.legs IS 'each transfer seen from both of its accounts';

CREATE TABLE ledger.holds (
    event_id uuid PRIMARY KEY,
    hold_id uuid NOT NULL,
    cell integer NOT NULL,
    position bigint NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    CHECK (debit_account <> credit_account)
);

CREATE TABLE ledger.resolutions (
    event_id uuid PRIMARY KEY REFERENCES ledger.holds,
    resolution_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('post', 'release', 'expire')),
    reason text NOT NULL,
    resolved_by text NOT NULL,
    resolved_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL
);

CREATE TABLE ledger.outcomes (
    event_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    transaction_id text NOT NULL,
    account_id text NOT NULL,
    type text NOT NULL,
    direction text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    cell integer NOT NULL,
    position bigint NOT NULL,
    verdict text NOT NULL,
    score smallint NOT NULL,
    rule_set text NOT NULL,
    hits jsonb NOT NULL,
    list_hit jsonb,
    status text NOT NULL CHECK (status IN ('posted', 'held', 'refused', 'declined')),
    reason_code text,
    payload_hash bytea NOT NULL CHECK (octet_length(payload_hash) = 16),
    decided_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    CHECK ((status = 'refused') = (reason_code IS NOT NULL))
);

CREATE TABLE ledger.conflicts (
    cell integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    booked_hash bytea NOT NULL,
    refused_hash bytea NOT NULL,
    refused_transaction jsonb NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (cell, position)
);
"""

# Where we stand and how much there is: written in the same transaction as what they count.
PROGRESS = """
CREATE TABLE ledger.watermarks (
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE ledger.totals (
    cell integer NOT NULL,
    name text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (cell, name)
);
"""

GUARDS = """
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of ledger.% is refused: what is booked stays; book a correction instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger.guard(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON %s '
        'FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change()', guarded);
    PERFORM ledger.guard_against_truncate(guarded);
END $$;

CREATE FUNCTION ledger.guard_against_truncate(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER never_empties BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', guarded);
END $$;

-- A partition takes the row trigger from its parent, but not the one against TRUNCATE.
CREATE FUNCTION ledger.make_months(first date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    start date;
    made integer := 0;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.make_months'));
    FOR ahead IN 0 .. months - 1 LOOP
        start := date_trunc('month', first) + make_interval(months => ahead);
        name := 'transfers_' || to_char(start, 'YYYY_MM');
        IF to_regclass('ledger.' || name) IS NULL THEN
            EXECUTE format('CREATE TABLE ledger.%I PARTITION OF ledger.transfers '
                'FOR VALUES FROM (%L) TO (%L)', name, start || ' 00:00:00+00',
                (start + interval '1 month')::date || ' 00:00:00+00');
            PERFORM ledger.guard_against_truncate(('ledger.' || name)::regclass);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

SELECT ledger.guard('ledger.transfers'), ledger.guard('ledger.holds'),
    ledger.guard('ledger.resolutions'), ledger.guard('ledger.outcomes'),
    ledger.guard('ledger.conflicts'), ledger.guard_against_truncate('ledger.transfers_rest');
"""


def upgrade() -> None:
    """Make the schema."""
    for part in (ACCOUNTS, JOURNAL, PROGRESS, GUARDS):
        op.execute(part)


def downgrade() -> None:
    """Drop it with all that is booked."""
    op.execute("DROP SCHEMA ledger CASCADE")
