"""What shows that a rule says what is meant: tests at its edges, and mutants that they notice."""
