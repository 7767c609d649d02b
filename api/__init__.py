"""The HTTP door: authenticate, authorise, limit, validate, remember, write to the log, answer."""
