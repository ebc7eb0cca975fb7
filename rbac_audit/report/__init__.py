"""The formats of the report, one a file: each renders the same value, so that all say the same."""
