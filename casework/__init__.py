"""Books of record for human work: alerts, the cases they belong to, dead letters, publications."""
