"""What is suspicious and why: rule documents, features over windows, evaluation. Pure computing."""
