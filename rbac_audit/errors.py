"""The errors that a user sees: what failed, where, and what to do next."""


class RbacAuditError(Exception):
    """Base of every error that the command line turns into one line and an exit code."""

    exit_code = 2

    def __init__(self, what: str, where: str, problem: str, advice: str = "") -> None:
        """Join `<what> at <where>: <problem>` and the advice into one printable line."""
        line = f"{what} at {where}: {problem}"
        super().__init__(f"{line}; {advice}" if advice else line)
        self.what, self.where, self.problem, self.advice = what, where, problem, advice


class BadInput(RbacAuditError):
    """A source is not what it says it is, or holds what no source may hold."""


class BadPolicy(RbacAuditError):
    """A policy file cannot be used: unknown key, wrong type, or an example that does not hold."""


class WrongUse(RbacAuditError):
    """An option or argument that does not fit the sources given."""
