"""What each role template would give a subject of one project.

The effective rules are those of `answers.template`: what the rendering of a binding grants on this very cluster, with
what its ClusterRoleBindings and the management cluster add.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from rbac_audit.access import Authorizer
from rbac_audit.access.escalation import breakdown
from rbac_audit.answers.template import NAMESPACE, PROJECT, Beyond, Granted, granted
from rbac_audit.audit.estate import View
from rbac_audit.errors import BadInput
from rbac_audit.fix.holdings import Held, Holdings
from rbac_audit.fix.rights import Cover, Rights, Some, carried, takes_effect
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.naming import aggregator
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.rancher.rendering.assignment import assignment
from rbac_audit.rancher.rendering.sheet import Sheet
from rbac_audit.rancher.rendering.world import Site
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import ClusterRole, Feature, PolicyRule, RoleTemplate, Subject

_STANDING = ("-clustermember", "-projectmember", "-namespaces-readonly")


def knows_rancher(view: View) -> bool:
    """Tell whether enough of the managing Rancher was read to say what it would do."""
    rancher = view.rancher
    return bool(rancher and view.rancher_id and rancher.knows_bindings and rancher.aggregated is not None)


def known_rancher(view: View) -> Rancher:
    """Return the Rancher of a cluster if enough of it was read to say what it would do; raises BadInput."""
    rancher = view.rancher
    if rancher is None or not view.rancher_id or not rancher.knows_bindings:
        problem = "the role templates, bindings and projects of the Rancher that manages it were not read"
        raise BadInput("cluster", view.name, problem, "give its management cluster as a source as well")
    if rancher.aggregated is None:
        problem = "whether aggregated-roletemplates is on was not read"
        raise BadInput("features", rancher.cluster.name, problem, "collect features.management.cattle.io as well")
    return rancher


class Offer(msgspec.Struct, frozen=True, eq=False):
    """One role template: its single rights in a namespace, and its bindings beyond, of PROJECT and NAMESPACE."""

    template: RoleTemplate
    rights: Rights
    cover: Cover
    beyond: tuple[Beyond, ...]
    closure: tuple[RoleTemplate, ...]

    @property
    def name(self) -> str:
        """Name of the role template."""
        return self.template.name

    @property
    def legacy(self) -> tuple[str, ...]:
        """ClusterRoles that the legacy model binds in each namespace."""
        return tuple(item.name for item in self.closure)

    @property
    def aggregated(self) -> tuple[str, ...]:
        """ClusterRoles that the aggregated model binds in each namespace."""
        return (self.name if self.template.external else aggregator(self.name),)


class Gain(msgspec.Struct, frozen=True, eq=False):
    """Rights that somebody would get: where, how far that reaches (see `plan.Difference`), and which."""

    reach: str
    cluster: str
    namespaces: tuple[str, ...]
    rights: Some


class Offers:
    """The role templates of the Rancher that manages a cluster, as far as anybody can bind them in a project."""

    def __init__(self, view: View, rancher: Rancher) -> None:
        """Index what subjects hold now, on the cluster and on the one that manages it."""
        self._view, self._rancher = view, rancher
        self.here = Holdings(view.access)
        same = rancher.cluster is view.cluster
        self.there = self.here if same else Holdings(Authorizer(rancher.cluster))
        self._lacking: dict[tuple[str, Rights], Some] = {}
        self._added: dict[tuple[str, Held], Some] = {}
        self._known: dict[Rights, Some] = {}

    @cached_property
    def all(self) -> tuple[Offer, ...]:
        """Every role template that may be chosen, by name."""
        found = (self.offer(item) for _, item in sorted(self._rancher.templates.by_name.items()))
        return tuple(item for item in found if item)

    @cached_property
    def _site(self) -> Site:
        cluster, rancher_id = self._view.cluster, self._view.rancher_id
        return Site(rancher_id, cluster, Sheet(), assignment(self._rancher, rancher_id))

    def offer(self, template: RoleTemplate) -> Offer | None:
        """Work out one role template; None for one that nobody can bind in a project.

        rancher-webhook finds no rules for an external template without externalRules and without a ClusterRole of
        its name on the management cluster (pkg/auth/roleTemplate.go).
        """
        if template.context != "project" or template.locked:
            return None
        closure = self._rancher.templates.closure(template.name)
        local = self.there.access.roles
        external = (item for item in closure.templates if item.external)
        bare = any(not item.external_rules and ("", item.name) not in local for item in external)
        if closure.missing or closure.cyclic or closure.leaving or bare:
            return None
        found = granted(self._view, template.name)
        return None if found.missing else _offer(found, template, closure.templates)

    def new(self, template: RoleTemplate) -> Offer:
        """Work out a role template that need not be there yet."""
        cluster = self._rancher.cluster
        found = (item for kind in (RoleTemplate, ClusterRole, Feature) for item in cluster.of(kind))
        known = [item for item in found if item.key != template.key]
        rancher = Rancher(Cluster(cluster.name, [*known, template]))
        view = View(self._view.cluster, rancher, self._view.rancher_id, "stated")
        return _offer(granted(view, template.name), template, rancher.templates.closure(template.name).templates)

    def some(self, atoms: Rights) -> Some:
        """Keep equal rights once."""
        return self._known.setdefault(atoms, Some(atoms))

    def lacks(self, offer: Offer, wanted: Rights) -> Some:
        """List what a template lacks of some rights."""
        key = (offer.name, wanted)
        if key not in self._lacking:
            self._lacking[key] = self.some(offer.cover.uncovered(wanted))
        return self._lacking[key]

    def reached(self, project: ProjectInfo) -> tuple[str, ...]:
        """List the namespaces in which a binding of a project is rendered: the aggregated model goes by labels."""
        if self._rancher.aggregated:
            return tuple(sorted(self._site.labelled.get(project.id.partition(":")[2], ())))
        return tuple(sorted(self._site.annotated.get(project.id, ())))

    def gains(self, offer: Offer, subject: Subject, project: ProjectInfo) -> tuple[Gain, ...]:
        """List what a subject would get by a template in a project, beyond what it holds now."""
        return (*self._inside(offer, subject, project), *self._outside(offer, subject, project))

    def _inside(self, offer: Offer, subject: Subject, project: ProjectInfo) -> Iterator[Gain]:
        alike: dict[Some, list[str]] = {}
        for namespace in self.reached(project):
            held = self.here.held(subject, namespace)
            key = (offer.name, held)
            if key not in self._added:
                fresh = self.here.cover(held).uncovered(filter(takes_effect, offer.rights))
                self._added[key] = self.some(fresh)
            alike.setdefault(self._added[key], []).append(namespace)
        for rights, namespaces in alike.items():
            if rights.atoms:
                yield Gain("project", self._view.name, tuple(namespaces), rights)

    def _outside(self, offer: Offer, subject: Subject, project: ProjectInfo) -> Iterator[Gain]:
        short = project.id.partition(":")[2]
        places = {PROJECT: project.backing_namespace, self._view.rancher_id: self._view.rancher_id}
        for item in offer.beyond:
            here = item.cluster == self._view.name
            namespace = places.get(item.namespace, item.namespace)
            names = {PROJECT: (short,), NAMESPACE: self.reached(project)}
            rules = (_named(rule, names) for rule in item.rules)
            atoms = tuple(atom for rule in rules for atom in breakdown(rule))
            holdings = self.here if here else self.there
            fresh = holdings.cover(holdings.held(subject, namespace)).uncovered(atoms)
            if fresh:
                yield Gain(_reach(item), item.cluster, (namespace,), Some(fresh))


def _offer(found: Granted, template: RoleTemplate, closure: tuple[RoleTemplate, ...]) -> Offer:
    rights = carried((*found.rules, *found.void))
    return Offer(template, rights, Cover(rights), found.beyond, closure)


def _named(rule: PolicyRule, names: dict[str, tuple[str, ...]]) -> PolicyRule:
    found: Iterable[str] = (real for name in rule.resource_names for real in names.get(name, (name,)))
    return msgspec.structs.replace(rule, resource_names=tuple(found))


def _reach(item: Beyond) -> str:
    if item.role.endswith(_STANDING):
        return "standing"
    return "management" if item.namespace else "cluster"
