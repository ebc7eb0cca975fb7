"""A step before it has a number and before anybody asked whether it needs consent."""

import msgspec

from rbac_audit.fix.offers import Gain
from rbac_audit.fix.plan import Candidate, Edits, Effect, Precondition, Rendering
from rbac_audit.snapshot.objects import ObjectRef


class Draft(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is done and undone, and what it means; `sources` are the objects because of which it is done.

    `decisions` are reasons for consent that lie in the rule and not in the effect; `order` is that among its like;
    `after` are those without which the effects would be others.
    """

    action: str
    order: int = 0
    title: str
    sources: tuple[ObjectRef, ...]
    gains: tuple[Gain, ...] = ()
    decisions: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    do: Edits
    undo: Edits
    preconditions: tuple[Precondition, ...] = ()
    expect: tuple[Rendering, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    after: tuple["Draft", ...] = ()
