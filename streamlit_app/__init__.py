"""The analysts' desk: what is happening now, and why."""
