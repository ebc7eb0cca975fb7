"""What edits of one cluster's RBAC objects do to everybody's rights there, through aggregated roles too."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rbac_audit.access import Authorizer, Binding, Permission, rule_allows
from rbac_audit.access.bindings import RoleKey
from rbac_audit.access.escalation import breakdown
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.holdings import Holdings
from rbac_audit.fix.objects import target, typed
from rbac_audit.fix.offers import Gain
from rbac_audit.fix.plan import Difference, Edits, Effect
from rbac_audit.fix.rights import Rights, Some, takes_effect
from rbac_audit.fix.simulate import Objects, edit, summed
from rbac_audit.harvester.platform import is_platform
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, KubernetesObject, Role, RoleBinding, Subject

ADMINISTER = Permission("create", "rbac.authorization.k8s.io", "rolebindings")
_KINDS: tuple[type[KubernetesObject], ...] = (ClusterRole, Role, ClusterRoleBinding, RoleBinding)


class Consequence(msgspec.Struct, frozen=True, eq=False):
    """Whose rights change, what they gain, and where nobody would administer any more ("" for the whole cluster)."""

    effects: tuple[Effect, ...]
    gains: tuple[Gain, ...]
    leaderless: tuple[str, ...]


def consequence(view: View, *edits: Edits, since: Iterable[Edits] = ()) -> Consequence:
    """Work out what edits change for each subject by itself, after others were made."""
    earlier = tuple(since)
    before = access_after(view, earlier) if earlier else view.access
    return _Comparison(view, before, access_after(view, (*earlier, *edits))).consequence()


def following(view: View, do: Edits, done: Sequence[Draft]) -> tuple[Consequence, tuple[Draft, ...]]:
    """Work out what edits change after steps, and without which of these they would fail or change something else."""

    def result(since: Iterable[Draft]) -> Consequence:
        return consequence(view, do, since=(draft.do for draft in since))

    found, places = result(done), {target(typed(item), item.cluster) for item in do.creates}
    builds = bool(done) and result(()).effects != found.effects
    return found, tuple(
        draft
        for draft in done
        if not places.isdisjoint(draft.do.deletes)
        or (builds and result(each for each in done if each is not draft).effects != found.effects)
    )


def access_after(view: View, edits: Iterable[Edits]) -> Authorizer:
    """Make the decisions of a cluster as they are after edits of it."""
    objects: Objects = {item.key: item for kind in _KINDS for item in view.cluster.of(kind)}
    for each in edits:
        edit({view.name: objects}, each)
    objects.update((role.key, role) for role in summed(view.cluster, objects))
    return Authorizer(Cluster(view.name, objects.values()))


class _Comparison:
    """Two states of one cluster side by side."""

    def __init__(self, view: View, before: Authorizer, after: Authorizer) -> None:
        self._view = view
        self._before, self._after = Holdings(before), Holdings(after)
        self._known: dict[tuple[object, ...], tuple[Some, Some]] = {}
        self._some: dict[Rights, Some] = {}

    def consequence(self) -> Consequence:
        effects: list[Effect] = []
        gains: list[Gain] = []
        places: dict[str, None] = {}
        for subject, where in sorted(self._affected().items(), key=lambda item: str(item[0])):
            lost: dict[Some, list[str]] = {}
            gained: dict[Some, list[str]] = {}
            for namespace, (was, now) in sorted(where.items()):
                less, more = self._difference(subject, namespace, was, now)
                lost.setdefault(less, []).append(namespace)
                gained.setdefault(more, []).append(namespace)
                if is_person(subject) and any(rule_allows(atom, ADMINISTER) for atom in less.atoms):
                    places[namespace] = None
            gains += list(self._gains(gained))
            if effect := self._effect(subject, lost, gained):
                effects.append(effect)
        return Consequence(tuple(effects), tuple(gains), tuple(filter(self._is_leaderless, places)))

    def _affected(self) -> dict[Subject, dict[str, tuple[frozenset[RoleKey], frozenset[RoleKey]]]]:
        """Find who is bound, where, by what is not the same before and after: the roles of then and now."""
        found: dict[Subject, dict[str, tuple[set[RoleKey], set[RoleKey]]]] = {}
        for number, (these, others) in enumerate(((self._before, self._after), (self._after, self._before))):
            there = {item.source.key: item for item in others.access.bindings}
            for binding in these.access.bindings:
                if self._is_same(binding, there.get(binding.source.key)):
                    continue
                for subject in binding.subjects:
                    where = found.setdefault(placed(subject, binding.namespace), {})
                    where.setdefault(binding.namespace, (set(), set()))[number].add(binding.role)
        return {
            subject: {place: (frozenset(was), frozenset(now)) for place, (was, now) in where.items()}
            for subject, where in found.items()
        }

    def _is_same(self, one: Binding, other: Binding | None) -> bool:
        return (
            other is not None
            and one.role == other.role
            and one.subjects == other.subjects
            and self._before.access.rules(one.role) == self._after.access.rules(one.role)
        )

    def _difference(
        self, subject: Subject, namespace: str, was: frozenset[RoleKey], now: frozenset[RoleKey]
    ) -> tuple[Some, Some]:
        """Work out what a subject loses and gains in a place: equal holdings have equal answers."""
        held = self._before.held(subject, namespace), self._after.held(subject, namespace)
        key = (*held, was, now, bool(namespace))
        if key not in self._known:
            lost = self._after.cover(held[1]).uncovered(_rights(self._before, was, namespace))
            gained = self._before.cover(held[0]).uncovered(_rights(self._after, now, namespace))
            self._known[key] = self._some.setdefault(lost, Some(lost)), self._some.setdefault(gained, Some(gained))
        return self._known[key]

    def _effect(self, subject: Subject, lost: dict[Some, list[str]], gained: dict[Some, list[str]]) -> Effect | None:
        less, more = tuple(self._words(lost)), tuple(self._words(gained))
        name = self._view.display_name(subject)
        return Effect(subject=str(subject), display_name=name, lost=less, gained=more) if less or more else None

    def _words(self, alike: dict[Some, list[str]]) -> Iterator[Difference]:
        for gain in self._gains(alike):
            words = gain.rights.words
            yield Difference(reach=gain.reach, cluster=gain.cluster, namespaces=gain.namespaces, rights=words)

    def _gains(self, alike: dict[Some, list[str]]) -> Iterator[Gain]:
        for rights, places in alike.items():
            for reach, namespaces in (
                ("cluster", tuple(place for place in places if not place)),
                ("namespace", tuple(place for place in places if place)),
            ):
                if rights.atoms and namespaces:
                    yield Gain(reach, self._view.name, namespaces, rights)

    def _is_leaderless(self, namespace: str) -> bool:
        """Tell whether nobody administers a place after it; an account, and a part of the platform, is nobody."""
        bindings = (grant.binding for grant in self._after.access.holders(ADMINISTER) if grant.binding)
        found = (item for item in bindings if item.namespace in {"", namespace})
        return not any(is_person(subject) for item in found for subject in item.subjects)


def is_person(subject: Subject) -> bool:
    """Tell whether a subject may be a person: no account, and no part of the platform."""
    return subject.kind != "ServiceAccount" and not is_platform(subject)


def _rights(holdings: Holdings, roles: Iterable[RoleKey], namespace: str) -> Rights:
    atoms = (atom for role in sorted(roles) for rule in holdings.access.rules(role) for atom in breakdown(rule))
    return tuple(dict.fromkeys(atom for atom in atoms if not namespace or takes_effect(atom)))
