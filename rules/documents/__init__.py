"""The files of a catalogue: read, checked against each other, and all their mistakes named."""
