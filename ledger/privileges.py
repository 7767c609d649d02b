"""Who may do what with the books: nobody changes what is booked, and only posting books."""

GRANTS = (
    """
    GRANT USAGE ON SCHEMA ledger
        TO watchkeeper_posting, watchkeeper_api, watchkeeper_auditor;
    GRANT SELECT ON ALL TABLES IN SCHEMA ledger
        TO watchkeeper_posting, watchkeeper_api, watchkeeper_auditor;
    """,
    # Posting adds to the journal, and moves what counts it.
    """
    GRANT INSERT ON ledger.outcomes, ledger.transfers, ledger.holds, ledger.resolutions,
        ledger.corrections, ledger.conflicts, ledger.accounts, ledger.balances,
        ledger.watermarks, ledger.totals
        TO watchkeeper_posting;
    GRANT UPDATE (posted, held, version) ON ledger.balances TO watchkeeper_posting;
    GRANT UPDATE (position, next_offset) ON ledger.watermarks TO watchkeeper_posting;
    GRANT UPDATE (count) ON ledger.totals TO watchkeeper_posting;
    GRANT UPDATE (done_before) ON ledger.expiry TO watchkeeper_posting;
    GRANT EXECUTE ON FUNCTION ledger.make_months(date, integer) TO watchkeeper_posting;
    """,
    # Who acts leaves notes; only the sealer takes them away, into the chain.
    """
    GRANT INSERT (kind, actor, body) ON ledger.audit_notes
        TO watchkeeper_posting, watchkeeper_api;
    GRANT USAGE ON SCHEMA ledger TO watchkeeper_sealer;
    GRANT SELECT, DELETE ON ledger.audit_notes TO watchkeeper_sealer;
    GRANT SELECT, INSERT ON ledger.audit_records TO watchkeeper_sealer;
    """,
    # The API keeps the registry; a balance that it opens is nought.
    """
    GRANT INSERT ON ledger.accounts TO watchkeeper_api;
    GRANT UPDATE (customer_id, branch_id, may_go_negative) ON ledger.accounts TO watchkeeper_api;
    GRANT INSERT (account_key, currency) ON ledger.balances TO watchkeeper_api;
    """,
)
