"""Words that the messages of several rules share."""

from collections.abc import Iterable

from rbac_audit.snapshot.objects import Subject


def names(things: Iterable[object], limit: int = 3) -> str:
    """List the first few of some subjects or objects and count the others."""
    words = [str(thing) for thing in things]
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def verb(subjects: tuple[Subject, ...], one: str, many: str) -> str:
    """Choose the form of a verb for that many subjects."""
    return one if len(subjects) == 1 else many
