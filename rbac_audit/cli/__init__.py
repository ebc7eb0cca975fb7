"""The command line: the only place where things are wired together."""
