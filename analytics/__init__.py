"""Looking back: the archive in SQL, and the totals that have to agree."""
