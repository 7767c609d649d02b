"""Notes for the audit chain: proposals, approvals, publications, moves of cases, replays."""

from alembic import op

revision = "casework_0003"
down_revision = "casework_0002"
branch_labels = None
depends_on = None

# Triggers write them, in the transaction of what they tell of: no way of writing goes past them.
NOTES = """
CREATE TABLE casework.audit_notes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    actor text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body text NOT NULL
);
COMMENT ON TABLE casework.audit_notes IS 'what happened and waits to be sealed into the chain';

CREATE FUNCTION casework.note_proposal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO casework.audit_notes (kind, actor, body)
    VALUES ('proposal', new.author, to_jsonb(new)::text);
    RETURN NULL;
END $$;

CREATE FUNCTION casework.note_approval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO casework.audit_notes (kind, actor, body)
    VALUES ('approval', new.approver, to_jsonb(new)::text);
    RETURN NULL;
END $$;

CREATE FUNCTION casework.publisher(record jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
    SELECT coalesce(record ->> 'published_by', record ->> 'recorded_by', record ->> 'owner',
                    'watchkeeper')
$$;

CREATE FUNCTION casework.note_publication() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO casework.audit_notes (kind, actor, body)
    VALUES (new.kind, casework.publisher(new.record), to_jsonb(new)::text);
    RETURN NULL;
END $$;

CREATE FUNCTION casework.note_case_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO casework.audit_notes (kind, actor, body)
    VALUES ('case-move', session_user, jsonb_build_object('case_id', new.case_id,
        'tenant', new.tenant, 'before', old.status, 'after', new.status)::text);
    RETURN NULL;
END $$;

CREATE FUNCTION casework.note_replay() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO casework.audit_notes (kind, actor, body)
    VALUES ('dead-letter-replay', coalesce(new.replayed_by, session_user), jsonb_build_object(
        'number', new.number, 'topic', new.topic, 'offset', new.log_offset,
        'replayed_at', new.replayed_at)::text);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION casework.note_proposal(), casework.note_approval(),
    casework.note_publication(), casework.note_case_move(), casework.note_replay() FROM PUBLIC;
"""

TRIGGERS = """
CREATE TRIGGER rows_are_noted AFTER INSERT ON casework.proposals
    FOR EACH ROW EXECUTE FUNCTION casework.note_proposal();
CREATE TRIGGER rows_are_noted AFTER INSERT ON casework.approvals
    FOR EACH ROW EXECUTE FUNCTION casework.note_approval();
CREATE TRIGGER rows_are_noted AFTER INSERT ON casework.publications
    FOR EACH ROW EXECUTE FUNCTION casework.note_publication();
CREATE TRIGGER moves_are_noted AFTER UPDATE OF status ON casework.cases
    FOR EACH ROW WHEN (old.status IS DISTINCT FROM new.status)
    EXECUTE FUNCTION casework.note_case_move();
CREATE TRIGGER replays_are_noted AFTER UPDATE OF replayed_at ON casework.dead_letters
    FOR EACH ROW WHEN (old.replayed_at IS DISTINCT FROM new.replayed_at)
    EXECUTE FUNCTION casework.note_replay();
"""

# What was there before the chain began is told to it as it stands now.
BEFORE = """
SET LOCAL timezone = 'UTC';
INSERT INTO casework.audit_notes (kind, actor, body)
SELECT 'proposal', author, to_jsonb(p)::text FROM casework.proposals p ORDER BY proposed_at;
INSERT INTO casework.audit_notes (kind, actor, body)
SELECT 'approval', approver, to_jsonb(a)::text FROM casework.approvals a ORDER BY approved_at;
INSERT INTO casework.audit_notes (kind, actor, body)
SELECT kind, casework.publisher(record), to_jsonb(p)::text
FROM casework.publications p ORDER BY cell, position;
"""

DOWN = """
DROP TRIGGER rows_are_noted ON casework.proposals;
DROP TRIGGER rows_are_noted ON casework.approvals;
DROP TRIGGER rows_are_noted ON casework.publications;
DROP TRIGGER moves_are_noted ON casework.cases;
DROP TRIGGER replays_are_noted ON casework.dead_letters;
DROP FUNCTION casework.note_proposal(), casework.note_approval(), casework.note_publication(),
    casework.note_case_move(), casework.note_replay();
DROP FUNCTION casework.publisher(jsonb);
DROP TABLE casework.audit_notes;
"""


def upgrade() -> None:
    """Begin to note."""
    for part in (NOTES, TRIGGERS, BEFORE):
        op.execute(part)


def downgrade() -> None:
    """Stop noting; what was sealed stays with the books."""
    op.execute(DOWN)
