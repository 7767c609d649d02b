"""The books: double-entry transfers, balances, holds, and one outcome per transaction for ever."""
