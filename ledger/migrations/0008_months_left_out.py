"""Let the books go on where a month has begun in the partition for the rest."""

from alembic import op

revision = "ledger_0008"
down_revision = "ledger_0007"
branch_labels = None
depends_on = None

# Who has slept for months may book before making the month, and it could not be made afterwards:
# what is booked stays where it is. It is read all the same, only not set apart.
UP = """
CREATE OR REPLACE FUNCTION ledger.make_months(first date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
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
            BEGIN
                EXECUTE format('CREATE TABLE ledger.%I PARTITION OF ledger.transfers '
                    'FOR VALUES FROM (%L) TO (%L)', name, start || ' 00:00:00+00',
                    (start + interval '1 month')::date || ' 00:00:00+00');
                PERFORM ledger.guard_against_truncate(('ledger.' || name)::regclass);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING 'what was booked in % stays in ledger.transfers_rest', start;
            END;
        END IF;
    END LOOP;
    RETURN made;
END $$;
"""

DOWN = """
CREATE OR REPLACE FUNCTION ledger.make_months(first date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
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
"""


def upgrade() -> None:
    """Leave such a month out."""
    op.execute(UP)


def downgrade() -> None:
    """Fail there."""
    op.execute(DOWN)
