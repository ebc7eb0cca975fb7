"""Rights one by one: which of them take effect in a namespace, what covers them, how they weigh and are said.

Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go: a request for a namespace by its name carries that name
as its namespace, so that a RoleBinding there counts; other cluster-scoped kinds and URLs are out of its reach.
"""

from collections.abc import Iterable, Iterator
from functools import cache, cached_property

import msgspec

from rbac_audit.access.escalation import breakdown, covers
from rbac_audit.access.permission import ALL
from rbac_audit.access.resources import resources
from rbac_audit.answers.what import compact
from rbac_audit.rancher.rendering.rules import PROMOTED
from rbac_audit.snapshot.objects import PolicyRule

Rights = tuple[PolicyRule, ...]
"""Single rights: rules of one verb, one group and one resource, or one verb and one URL."""

_ON_ONE = ("get", "update", "patch", "delete")
_BUT_CREATE = (*_ON_ONE, "list", "watch", "deletecollection")
_VERBS = 8
_UNKNOWN = 10


@cache
def _scopes() -> dict[tuple[str, str], bool]:
    return {(item.group, item.plural): item.namespaced for item in resources()}


@cache
def _sizes() -> dict[str, int]:
    sizes: dict[str, int] = {}
    for item in resources():
        sizes[item.group] = sizes.get(item.group, 0) + 1
    return sizes


def carried(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """Take the single rights of a RoleBinding's role that a project binding has to give as well, each once.

    Those without effect come along, for who counts rules, but not where a role template makes something of them:
    Rancher turns rights on some cluster-scoped kinds, and on creating namespaces, into rights on the whole cluster.
    """
    return tuple(dict.fromkeys(part for rule in rules for atom in breakdown(rule) for part in _carried(atom)))


def _carried(atom: PolicyRule) -> Iterator[PolicyRule]:
    if not atom.resources:
        return
    kind = (atom.api_groups[0], atom.resources[0])
    if kind == ("", "namespaces"):
        verbs = _BUT_CREATE if atom.verbs == (ALL,) else atom.verbs
        yield from (msgspec.structs.replace(atom, verbs=(verb,)) for verb in verbs if verb != "create")
    elif kind not in PROMOTED:
        yield atom


def takes_effect(atom: PolicyRule) -> bool:
    """Tell whether a RoleBinding can grant a single right at all."""
    if not atom.resources:
        return False
    plural, _, subresource = atom.resources[0].partition("/")
    kind = (atom.api_groups[0], plural)
    if kind == ("", "namespaces"):
        return bool(subresource) or atom.verbs[0] in {ALL, *_ON_ONE}
    return _scopes().get(kind) is not False


class Cover:
    """Some rules, made quick to compare with (`access.escalation.covers`)."""

    def __init__(self, rules: Iterable[PolicyRule]) -> None:
        """Split into single rights; those with a wildcard or a name are compared one by one."""
        atoms = dict.fromkeys(atom for rule in rules for atom in breakdown(rule))
        self._exact = frozenset(atoms)
        self._wide = tuple(atom for atom in atoms if atom.resource_names or _is_wide(atom))

    def uncovered(self, atoms: Iterable[PolicyRule]) -> Rights:
        """List the single rights that no rule covers."""
        return tuple(atom for atom in atoms if not self._has(atom))

    def _has(self, atom: PolicyRule) -> bool:
        if atom in self._exact:
            return True
        if atom.resource_names and msgspec.structs.replace(atom, resource_names=()) in self._exact:
            return True
        return covers(self._wide, (atom,))


def _is_wide(atom: PolicyRule) -> bool:
    words = (*atom.verbs, *atom.api_groups, *atom.resources, *atom.non_resource_urls)
    return any(ALL in word for word in words)


class Some(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Some single rights, with what is asked of them again and again."""

    atoms: Rights

    @cached_property
    def weight(self) -> int:
        """How much they weigh."""
        return weight(self.atoms)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What they are, in words."""
        return in_words(self.atoms)


def weight(atoms: Iterable[PolicyRule]) -> int:
    """Weigh single rights: one each; a wildcard as many as it stands for among the known kinds, and some more."""
    return sum(_weight(atom) for atom in atoms)


def _weight(atom: PolicyRule) -> int:
    if not atom.resources:
        return 1
    verbs = _VERBS + _UNKNOWN if atom.verbs == (ALL,) else 1
    if atom.resource_names:
        return verbs
    group, resource = atom.api_groups[0], atom.resources[0]
    if resource.partition("/")[0] != ALL:
        return verbs * (_UNKNOWN if group == ALL else 1)
    kinds = sum(_sizes().values()) if group == ALL else _sizes().get(group, 0)
    return verbs * (kinds + _UNKNOWN)


def in_words(atoms: Iterable[PolicyRule]) -> tuple[str, ...]:
    """Say rights in full, one line for what has the same verbs and group."""
    return tuple(_line(rule) for rule in compact(atoms))


def _line(rule: PolicyRule) -> str:
    verbs = ", ".join("do anything to" if verb == ALL else verb for verb in rule.verbs)
    if rule.non_resource_urls:
        return f"{verbs} {', '.join(rule.non_resource_urls)}"
    what = ", ".join("everything" if resource == ALL else resource for resource in rule.resources)
    group = {"": "the core API", ALL: "every API group"}.get(rule.api_groups[0], rule.api_groups[0])
    names = f", only {', '.join(rule.resource_names)}" if rule.resource_names else ""
    return f"{verbs} {what} of {group}{names}"
