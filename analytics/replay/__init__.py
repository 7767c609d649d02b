"""Replay: what was decided is decided again from what was kept, and compared."""
