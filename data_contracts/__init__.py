"""The words: every event as a frozen value, its codec, its topic and its published contract."""
