"""What a version lacks, as findings: with the objects that an advisory is about, and without any."""

from collections.abc import Iterable, Iterator, Mapping

from rbac_audit.audit.finding import Confidence, FindingScope, Link
from rbac_audit.audit.rule import Problem
from rbac_audit.harvester.advisories import Advisory
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ObjectRef


def lacking_of(version: str, table: Iterable[Advisory]) -> dict[Advisory, bool]:
    """Choose what a version lacks the fix of, surely (True) or perhaps."""
    return {item: sure for item in table if (sure := item.lacking(version)) is not None}


def told(
    target: ObjectRef, product: str, lacking: Mapping[Advisory, bool], shown: Mapping[str, tuple[ObjectRef, ...]]
) -> Iterator[Problem]:
    """Report each advisory that has objects by itself and as certain, and the others together and as possible."""
    for item, sure in lacking.items():
        if refs := shown.get(item.id):
            yield _problem(
                target,
                f"{product} {'lacks' if sure else 'may lack'} the fix of {item.id} ({item.what}), and "
                f"{names(refs)} {'shows' if len(refs) == 1 else 'show'} what it is about",
                {item: sure},
                refs,
            )
    rest = {item: sure for item, sure in lacking.items() if not shown.get(item.id)}
    if rest:
        yield _problem(target, f"{product} has known faults: {names(item.id for item in rest)}", rest, ())


def _problem(
    target: ObjectRef, message: str, lacking: Mapping[Advisory, bool], shown: tuple[ObjectRef, ...]
) -> Problem:
    return Problem(
        target=target,
        message=message,
        related=shown,
        scope=FindingScope(cluster_wide=True),
        chain=tuple(Link("fact", f"{'' if sure else 'perhaps '}{item}") for item, sure in lacking.items()),
        confidence=Confidence.CERTAIN if shown and all(lacking.values()) else Confidence.POSSIBLE,
        key=" ".join(item.id for item in lacking),
    )
