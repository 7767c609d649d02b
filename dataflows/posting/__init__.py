"""Posting: decisions become transfers, holds and outcomes in the books."""
