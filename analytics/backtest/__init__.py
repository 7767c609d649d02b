"""Looking before publishing: what a rule set would have done to transactions of the past."""
