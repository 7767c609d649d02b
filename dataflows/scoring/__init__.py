"""Scoring: every transaction of the log becomes one decision, in order, whatever crashes."""
