"""Measuring the whole way on a stack of its own."""
