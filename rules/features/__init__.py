"""Numbers about a key's past: what they mean (`naive`) and how the stream keeps them."""
