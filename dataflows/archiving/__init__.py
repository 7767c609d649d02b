"""Archiving: every decided transaction as a row of the archive, once, within seconds."""
