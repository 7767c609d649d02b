"""Alerts and the open case of each entity, dead letters, and what was published, for ever."""

from alembic import op

revision = "casework_0001"
down_revision = None
branch_labels = ("casework",)
depends_on = None

# An alert is a fact and never changes; a case is the work on the alerts of one entity, and an
# entity has one open case at a time.
ALERTS = """
CREATE SCHEMA casework;

CREATE TYPE casework.severity AS ENUM ('low', 'medium', 'high', 'critical');

CREATE TABLE casework.cases (
    case_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    entity_kind text NOT NULL,
    entity text NOT NULL,
    status text NOT NULL DEFAULT 'open'
        CHECK (status IN ('open', 'investigating', 'awaiting_approval', 'closed')),
    severity casework.severity NOT NULL,
    score smallint NOT NULL,
    alert_count integer NOT NULL CHECK (alert_count > 0),
    quiet_count integer NOT NULL CHECK (quiet_count BETWEEN 0 AND alert_count),
    first_alert_at timestamptz NOT NULL,
    last_alert_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_open_case_per_entity ON casework.cases (tenant, entity_kind, entity)
    WHERE status <> 'closed';
CREATE INDEX open_cases_by_priority
    ON casework.cases (tenant, severity DESC, score DESC, last_alert_at DESC, case_id)
    WHERE status <> 'closed';
COMMENT ON COLUMN casework.cases.quiet_count IS 'alerts that a rule keeps quiet for a while';

CREATE TABLE casework.alerts (
    alert_id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES casework.cases,
    kind text NOT NULL CHECK (kind IN ('transaction', 'operation')),
    tenant text NOT NULL,
    entity_kind text NOT NULL,
    entity text NOT NULL,
    severity casework.severity NOT NULL,
    title text NOT NULL,
    reasons text[] NOT NULL,
    rules text[] NOT NULL,
    typologies text[] NOT NULL,
    score smallint NOT NULL,
    verdict text,
    raised_at timestamptz NOT NULL,
    event_id uuid,
    transaction_id text,
    account_id text,
    amount_minor bigint,
    currency text,
    cell integer,
    position bigint,
    quieted_by text,
    CHECK ((kind = 'transaction') = (event_id IS NOT NULL))
);
CREATE INDEX alerts_by_time ON casework.alerts (tenant, raised_at DESC, alert_id DESC);
CREATE INDEX alerts_by_case ON casework.alerts (case_id, raised_at DESC);
COMMENT ON COLUMN casework.alerts.quieted_by IS 'the rule that was silenced for this key; or null';

CREATE TABLE casework.silences (
    tenant text NOT NULL,
    rule_id text NOT NULL,
    by_field text NOT NULL,
    key text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (tenant, rule_id, by_field, key)
);
COMMENT ON TABLE casework.silences IS 'how long a rule raises no further loud alert for a key';
"""

DEAD_LETTERS = """
CREATE TABLE casework.dead_letters (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    code text NOT NULL,
    pointer text NOT NULL,
    reason text NOT NULL,
    value bytea NOT NULL,
    key bytea,
    original_sha256 text NOT NULL,
    is_masked boolean NOT NULL,
    event_id uuid,
    rejected_at timestamptz NOT NULL,
    replayed_at timestamptz,
    replayed_by text,
    UNIQUE (topic, partition, log_offset),
    CHECK ((replayed_at IS NULL) = (replayed_by IS NULL)),
    CHECK (replayed_at IS NULL OR NOT is_masked)
);
CREATE INDEX dead_letters_by_code ON casework.dead_letters (code, number DESC);
"""

# What stands in the log as a control record, at its position: the log forgets, this does not.
PUBLICATIONS = """
CREATE TABLE casework.rule_sets (
    rule_set text PRIMARY KEY CHECK (rule_set ~ '^[0-9a-f]{64}$'),
    canonical bytea NOT NULL,
    CHECK (encode(sha256(canonical), 'hex') = rule_set)
);

CREATE TABLE casework.publications (
    cell integer NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('rule-set', 'list-entry', 'breaker', 'feature-warm')),
    rule_set text REFERENCES casework.rule_sets,
    record jsonb NOT NULL,
    logged_at timestamptz NOT NULL,
    PRIMARY KEY (cell, position),
    CHECK ((kind = 'rule-set') = (rule_set IS NOT NULL))
);
"""

PROGRESS = """
CREATE TABLE casework.watermarks (
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);
"""

GUARDS = """
CREATE FUNCTION casework.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of casework.% is refused: it is a record of what was',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON casework.alerts
    FOR EACH ROW EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER never_empties BEFORE TRUNCATE ON casework.alerts
    FOR EACH STATEMENT EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON casework.rule_sets
    FOR EACH ROW EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER never_empties BEFORE TRUNCATE ON casework.rule_sets
    FOR EACH STATEMENT EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON casework.publications
    FOR EACH ROW EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER never_empties BEFORE TRUNCATE ON casework.publications
    FOR EACH STATEMENT EXECUTE FUNCTION casework.refuse_change();
"""


def upgrade() -> None:
    """Make the schema."""
    for part in (ALERTS, DEAD_LETTERS, PUBLICATIONS, PROGRESS, GUARDS):
        op.execute(part)


def downgrade() -> None:
    """Drop it with all that is in it."""
    op.execute("DROP SCHEMA casework CASCADE")
