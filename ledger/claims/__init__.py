"""What must always be true of the books, one claim after the other."""
