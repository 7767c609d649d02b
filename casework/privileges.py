"""Who may do what with cases and publications; triggers and keys hold what must never happen."""

GRANTS = (
    """
    GRANT USAGE ON SCHEMA casework
        TO watchkeeper_casework, watchkeeper_api, watchkeeper_auditor;
    GRANT SELECT ON ALL TABLES IN SCHEMA casework
        TO watchkeeper_casework, watchkeeper_api, watchkeeper_auditor;
    GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA casework
        TO watchkeeper_casework, watchkeeper_api;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA casework TO watchkeeper_casework, watchkeeper_api;
    """,
    # Triggers leave the notes; only the sealer takes them away, into the chain.
    """
    REVOKE INSERT, UPDATE ON casework.audit_notes FROM watchkeeper_casework, watchkeeper_api;
    GRANT USAGE ON SCHEMA casework TO watchkeeper_sealer;
    GRANT SELECT, DELETE ON casework.audit_notes TO watchkeeper_sealer;
    """,
)
