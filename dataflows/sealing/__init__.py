"""Sealing: what happened gets its place in the audit chain."""
