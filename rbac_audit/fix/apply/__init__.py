"""The half of fixes that speaks to clusters: make before break, with a journal of every intent and outcome."""
