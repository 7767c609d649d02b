"""What a copy of an account's balances is called, wherever it is kept for a moment."""


def balance_key(tenant: str, account_id: str) -> bytes:
    """The key of a copy; no identifier holds a space, so two accounts never share one."""
    return f"balance:{tenant} {account_id}".encode()
