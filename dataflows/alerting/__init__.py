"""Alerting: what somebody has to look at, filed once, under the open case of its entity."""
