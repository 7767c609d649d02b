"""The streams: scoring and operations in Bytewax; posting, archiving, alerting in plain loops."""
