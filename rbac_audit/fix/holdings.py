"""What a subject holds by itself: through bindings that name it, or a group that every such identity is in.

Groups that Rancher knows of a person do not count: a membership is as old as the last login, and ends without notice.
"""

from collections.abc import Container

from rbac_audit.access import Authorizer, Binding
from rbac_audit.access.bindings import RoleKey
from rbac_audit.access.identity import AUTHENTICATED, CATTLE_AUTHENTICATED, subject_key
from rbac_audit.fix.rights import Cover
from rbac_audit.snapshot.objects import Subject

Held = frozenset[RoleKey]
Key = tuple[str, str, str, str]
"""KubernetesObject.key."""
_EVERYONE = (f"g:{AUTHENTICATED}", f"g:{CATTLE_AUTHENTICATED}")


class Holdings:
    """Who holds which roles where, on one cluster."""

    def __init__(self, access: Authorizer) -> None:
        """Look at the decisions of one cluster."""
        self.access = access
        self._covers: dict[Held, Cover] = {}

    def bindings(self, subject: Subject, namespace: str) -> list[Binding]:
        """List the bindings that reach a subject in a namespace, cluster-wide ones too."""
        keys = (subject_key(subject, namespace) or "", *_EVERYONE)
        places = ("", namespace) if namespace else ("",)
        return [
            binding
            for key in keys
            for place in places
            for binding in self.access.by_subject.get(key, {}).get(place, ())
        ]

    def held(self, subject: Subject, namespace: str, without: Container[Key] = ()) -> Held:
        """Name the roles that a subject holds in a namespace, cluster-wide ones too, but for some bindings."""
        return frozenset(item.role for item in self.bindings(subject, namespace) if item.source.key not in without)

    def cover(self, held: Held) -> Cover:
        """Add up the rules of some roles."""
        if held not in self._covers:
            self._covers[held] = Cover(rule for role in sorted(held) for rule in self.access.rules(role))
        return self._covers[held]
