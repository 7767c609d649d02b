"""The audit chain: what happened, in one order, so that no one can change it unseen."""
