"""Watching the traffic itself: volumes, ratios, silence and lag, by windows over `received_at`."""
