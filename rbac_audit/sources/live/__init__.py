"""Clusters read live; nothing else in the package speaks to a cluster to read it."""
