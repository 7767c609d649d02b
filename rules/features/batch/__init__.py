"""Features of a whole history at once: sorted arrays and ranges of them, no event by event."""
