"""SQL conditions over a transaction and its features: parsed, typed, and compiled."""
