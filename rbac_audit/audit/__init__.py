"""Access policies and rules over a snapshot make a report."""
