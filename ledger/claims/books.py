"""Claims about the books as a whole: they only grow, and know how far they are."""

from ledger.claims.claim import Invariant

NOTHING_CHANGES = Invariant(
    "I12",
    "Triggers keep what is booked from being changed, deleted or emptied",
    """
    SELECT format('%s: %s is missing, off or another', relation.oid::regclass, guard)
    FROM pg_class relation
    CROSS JOIN (VALUES ('only_grows', 27), ('never_empties', 34)) AS guards (guard, type)
    LEFT JOIN pg_trigger t
           ON t.tgrelid = relation.oid AND t.tgname = guard AND t.tgenabled IN ('O', 'A')
          AND t.tgfoid = to_regproc('ledger.refuse_change') AND t.tgtype = type
          AND t.tgattr = '' AND t.tgqual IS NULL
    WHERE relation.oid = ANY (current_setting('ledger.journal')::regclass[]) AND t.oid IS NULL
    UNION ALL
    -- It raises an error; one that returned would let the change through.
    SELECT 'ledger.refuse_change does not refuse' FROM pg_proc
    WHERE oid = to_regproc('ledger.refuse_change') AND prosrc ~* '\\mreturn\\M'
    """,
)
RIGHTS_ARE_LEAST = Invariant(
    "I12b",
    "No process has the right to change or remove what is booked, and only posting to add to it",
    """
    SELECT format('%s may %s %s', coalesce(r.rolname, 'everybody'), privilege_type,
                  relation.oid::regclass)
    FROM (SELECT c.oid, c.relowner, acl FROM pg_class c
          CROSS JOIN LATERAL (SELECT c.relacl AS acl
                              UNION ALL
                              SELECT attacl FROM pg_attribute a WHERE a.attrelid = c.oid) given
          WHERE c.oid = ANY (current_setting('ledger.journal')::regclass[])) relation
    CROSS JOIN LATERAL aclexplode(acl) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE grantee <> relowner
      AND CASE privilege_type
          WHEN 'INSERT' THEN r.rolname IS DISTINCT FROM
               CASE relation.oid WHEN 'ledger.audit_records'::regclass THEN 'watchkeeper_sealer'
                                 ELSE 'watchkeeper_posting' END
          ELSE privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER') END
    UNION ALL
    SELECT format('%s may do what the owner of the books may', r.rolname)
    FROM pg_roles r JOIN pg_namespace n ON n.nspname = 'ledger'
    WHERE r.rolname = ANY (current_setting('ledger.processes')::name[])
      AND pg_has_role(r.oid, n.nspowner, 'MEMBER')
    """,
)
TOTALS_COUNT = Invariant(
    "I17",
    "The totals are what counting gives",
    """
    SELECT format('cell %s %s: total %s, counted %s', cell, name, coalesce(t.count, 0),
                  coalesce(c.count, 0))
    FROM (SELECT * FROM ledger.totals WHERE name <> 'duplicates') t
    FULL JOIN (SELECT cell, status AS name, count(*) FROM ledger.outcomes GROUP BY 1, 2
               UNION ALL
               SELECT cell, 'conflicts', count(*) FROM ledger.conflicts GROUP BY 1) c
        USING (cell, name)
    WHERE coalesce(t.count, 0) <> coalesce(c.count, 0)
    """,
)
WATERMARK_IS_HIGHEST = Invariant(
    "I18",
    "Nothing stands in the books above the watermark of its cell",
    """
    SELECT format('cell %s: booked up to %s, watermark %s', o.cell, o.position, w.position)
    FROM (SELECT cell, max(position) AS position FROM ledger.outcomes GROUP BY cell) o
    LEFT JOIN ledger.watermarks w
           ON w.topic = current_setting('ledger.decisions') AND w.partition = o.cell
    WHERE w.position IS NULL OR o.position > w.position
    """,
)
