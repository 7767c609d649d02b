"""The command line, the embedded local stack, the doctor and the simulator of traffic."""
