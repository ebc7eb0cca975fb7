"""Fixes as data first: planned, simulated, shown, and only then applied."""
