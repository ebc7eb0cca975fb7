"""Answers to the questions people ask of an estate: can, who, what, why, what changed, what if."""
