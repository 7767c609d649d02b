"""Who proposed a rule set and who approved it: two persons, held here and nowhere else."""

from alembic import op

revision = "casework_0002"
down_revision = "casework_0001"
branch_labels = None
depends_on = None

# The author stands in each approval too, so that one row shows that two persons were at it. Names
# are compared without case: Ada and ada are one person.
TWO_PERSONS = """
CREATE TABLE casework.proposals (
    rule_set text PRIMARY KEY REFERENCES casework.rule_sets,
    author text NOT NULL CHECK (author <> ''),
    proposed_at timestamptz NOT NULL,
    note text NOT NULL,
    UNIQUE (rule_set, author)
);
COMMENT ON TABLE casework.proposals IS 'rule sets that a person wants to be published';

CREATE TABLE casework.approvals (
    rule_set text NOT NULL,
    author text NOT NULL,
    approver text NOT NULL CHECK (approver <> ''),
    approved_at timestamptz NOT NULL,
    note text NOT NULL,
    CONSTRAINT approval_of_a_proposal FOREIGN KEY (rule_set, author)
        REFERENCES casework.proposals (rule_set, author),
    CONSTRAINT approval_by_another_person CHECK (lower(approver) <> lower(author))
);
CREATE UNIQUE INDEX approval_once_per_person ON casework.approvals (rule_set, lower(approver));
COMMENT ON TABLE casework.approvals IS 'a second person says that a rule set may be published';
"""

GUARDS = """
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON casework.proposals
    FOR EACH ROW EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER never_empties BEFORE TRUNCATE ON casework.proposals
    FOR EACH STATEMENT EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON casework.approvals
    FOR EACH ROW EXECUTE FUNCTION casework.refuse_change();
CREATE TRIGGER never_empties BEFORE TRUNCATE ON casework.approvals
    FOR EACH STATEMENT EXECUTE FUNCTION casework.refuse_change();
"""

LETTERS = """
ALTER TABLE casework.dead_letters ADD COLUMN kind text;
COMMENT ON COLUMN casework.dead_letters.kind IS 'of a control record, its header; or null';
"""


def upgrade() -> None:
    """Make the tables."""
    for part in (TWO_PERSONS, GUARDS, LETTERS):
        op.execute(part)


def downgrade() -> None:
    """Drop them; rule sets and publications stay."""
    op.execute("DROP TABLE casework.approvals, casework.proposals")
    op.execute("ALTER TABLE casework.dead_letters DROP COLUMN kind")
