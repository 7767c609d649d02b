"""Sub-commands of `watchkeeper`, one module each."""
