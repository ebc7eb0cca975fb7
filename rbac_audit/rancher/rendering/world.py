"""What rendering starts from: one Rancher, its clusters as they are, and a sheet to write for each."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.access.permission import has_verb
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rancher.rendering.rules import Resource, lowered, promoted
from rbac_audit.rancher.rendering.sheet import Sheet
from rbac_audit.rancher.templates import CREATE_NAMESPACES, UPDATE_PSA, grants
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import (
    ClusterRole,
    Namespace,
    PolicyRule,
    ProjectRoleTemplateBinding,
    ProvisioningCluster,
    RoleTemplate,
    User,
    UserAttribute,
)

LOCAL = "local"


class Site:
    """One managed cluster: its namespaces, its own ClusterRoles, and what is written onto it."""

    def __init__(self, rancher_id: str, cluster: Cluster, sheet: Sheet, assign: Callable[[Namespace], str]) -> None:
        """Index the namespaces by what they say about their project; `assign` speaks for those that say nothing."""
        self.id, self.sheet, self._assign = rancher_id, sheet, assign
        self._aggregation = Aggregation(cluster.of(ClusterRole))
        self._promoted: dict[str, tuple[PolicyRule, ...]] = {}
        self._lowered: dict[str, tuple[PolicyRule, ...]] = {}
        self._pod_security: dict[str, tuple[PolicyRule, ...]] = {}
        self.annotated: dict[str, list[str]] = {}
        self.by_project: dict[str, list[str]] = {}
        self.labelled: dict[str, list[str]] = {}
        self._there = {namespace.name for namespace in cluster.of(Namespace)}
        self._leaving = {item.name for item in cluster.of(Namespace) if item.metadata.deletion_timestamp}
        # Rancher is about to give them a project, or they are leaving: what is in them is on its way.
        self.unsettled = frozenset(
            item.name
            for item in cluster.of(Namespace)
            if item.metadata.deletion_timestamp or (PROJECT_ID not in item.metadata.annotations and assign(item))
        )
        for namespace in cluster.of(Namespace):
            self.place(namespace)

    def make_namespace(self, namespace: Namespace) -> None:
        """Write a namespace, and count it in its project if it is not there already."""
        self.sheet.add(namespace)
        if namespace.name not in self._there:
            self._there.add(namespace.name)
            self.place(namespace)

    def takes(self, namespace: str) -> bool:
        """Tell whether a namespace is there and not being deleted."""
        return namespace in self._there and namespace not in self._leaving

    def project_of(self, namespace: Namespace) -> str | None:
        """Return the project that a namespace is to be in, None where neither it nor Rancher names one."""
        return namespace.metadata.annotations.get(PROJECT_ID, self._assign(namespace) or None)

    def place(self, namespace: Namespace) -> None:
        """Count a namespace in its project."""
        wanted = self.project_of(namespace)
        _, colon, project = (wanted or "").partition(":")
        if colon:
            self.annotated.setdefault(wanted or "", []).append(namespace.name)
            self.by_project.setdefault(project, []).append(namespace.name)
        # The agent copies the annotation into the label, and leaves the label alone where there is no annotation.
        label = namespace.metadata.labels.get(PROJECT_ID, "") if wanted is None else project
        if label:
            self.labelled.setdefault(label, []).append(namespace.name)

    def external_rules(self, template: str) -> tuple[PolicyRule, ...]:
        """Return the rules of this cluster's own ClusterRole of that name."""
        return self._aggregation.effective(template)

    def rules_of(self, template: RoleTemplate) -> tuple[PolicyRule, ...]:
        """Return what a template itself grants here: an external one, what the ClusterRole of its name does."""
        return self.external_rules(template.name) if template.external else template.rules

    def lowered(self, template: RoleTemplate) -> tuple[PolicyRule, ...]:
        """Return the rules of a template as they stand in its ClusterRole."""
        if template.name not in self._lowered:
            self._lowered[template.name] = lowered(template.rules)
        return self._lowered[template.name]

    def promoted(self, template: RoleTemplate) -> tuple[PolicyRule, ...]:
        """Return the rules of a template itself that are promoted to the whole cluster."""
        if template.name not in self._promoted:
            self._promoted[template.name] = promoted(self.rules_of(template))
        return self._promoted[template.name]

    def changes_pod_security(self, template: RoleTemplate, project: str) -> bool:
        """Tell whether a template itself allows `updatepsa` on a project, `<cluster>:<project>`."""
        if template.name not in self._pod_security:
            found = (rule for rule in self.rules_of(template) if has_verb(rule, UPDATE_PSA.verb))
            self._pod_security[template.name] = tuple(found)
        rules = self._pod_security[template.name]
        return bool(rules) and grants(rules, msgspec.structs.replace(UPDATE_PSA, name=project))


class World(msgspec.Struct, frozen=True, dict=True, eq=False):
    """One Rancher with the sites whose clusters were read."""

    rancher: Rancher
    sites: Mapping[str, Site]
    sheet: Sheet
    aggregated: bool
    wanted: tuple[TemplateBinding, ...]

    @property
    def local(self) -> Site:
        """The management cluster as a managed one."""
        return self.sites[LOCAL]

    @cached_property
    def users(self) -> dict[str, User]:
        """The users by their names."""
        return {user.name: user for user in self.rancher.cluster.of(User)}

    @cached_property
    def learnt(self) -> dict[str, UserAttribute]:
        """What was learnt at the last logins, by the names of the users."""
        return {item.name: item for item in self.rancher.cluster.of(UserAttribute)}

    @cached_property
    def provisioning(self) -> dict[str, list[ProvisioningCluster]]:
        """The objects that clusters are provisioned by, by the cluster's id."""
        found: dict[str, list[ProvisioningCluster]] = {}
        for cluster in self.rancher.cluster.of(ProvisioningCluster):
            found.setdefault(cluster.status.cluster_name, []).append(cluster)
        return found

    @cached_property
    def bindings(self) -> tuple[TemplateBinding, ...]:
        """The bindings that Rancher keeps, in the order of their keys.

        Of equal ones in a namespace it deletes all but the oldest, then the first by name; the service account is no
        part of what is compared (management/auth/roletemplates/{prtb,crtb}_handler.go deleteDuplicate…).
        """
        kept: dict[tuple[str, ...], TemplateBinding] = {}
        alive = [item for item in self.wanted if not item.source.metadata.deletion_timestamp]
        for item in sorted(alive, key=_age):
            source = item.source
            who = source.user_principal_name or source.user_name or source.group_principal_name or source.group_name
            scope = item.project or item.cluster
            kept.setdefault((source.kind, source.namespace, who, item.template, scope), item)
        return tuple(sorted(kept.values(), key=lambda item: item.source.key))

    @cached_property
    def leaving(self) -> tuple[TemplateBinding, ...]:
        """The bindings that Rancher deletes, duplicates among them: what they made may still be there."""
        kept = frozenset(self.bindings)
        return tuple(item for item in self.wanted if item not in kept)

    def creates_namespaces(self, item: TemplateBinding) -> bool:
        """Tell whether a binding's closure states the right to create namespaces, in the `rules` of any template."""
        if item.template not in self._creating:
            found = any(grants(template.rules, CREATE_NAMESPACES) for template in self.closure(item))
            self._creating[item.template] = found
        return self._creating[item.template]

    def closure(self, item: TemplateBinding) -> tuple[RoleTemplate, ...]:
        """List a binding's template and all that it inherits."""
        return self.rancher.templates.closure(item.template).templates

    def is_whole(self, item: TemplateBinding) -> bool:
        """Tell whether a binding's template and everything it inherits is there, without a cycle."""
        closure = self.rancher.templates.closure(item.template)
        return not closure.missing and not closure.cyclic

    def is_misplaced(self, item: TemplateBinding) -> bool:
        """Tell whether a project's binding lies outside the backing namespace of its project."""
        backing = self.rancher.backing_namespaces.get(item.project)
        return backing is not None and item.source.namespace != backing

    def shares_name(self, item: TemplateBinding) -> bool:
        """Tell whether another project of the cluster, or another cluster, has a binding of the same name.

        That of who made a project or cluster is always called creator-project-owner or creator-cluster-owner.
        """
        return self._names[item.cluster if item.project else "", item.source.name] > 1

    @cached_property
    def _names(self) -> Counter[tuple[str, str]]:
        return Counter((item.cluster if item.project else "", item.source.name) for item in self.bindings)

    def is_of_no_project(self, item: TemplateBinding) -> bool:
        """Tell whether a project's binding names a project that Rancher does not have."""
        return bool(item.project) and item.project not in self.rancher.backing_namespaces

    @cached_property
    def _creating(self) -> dict[str, bool]:
        return {}

    @cached_property
    def planes(self) -> dict[tuple[str, tuple[Resource, ...]], tuple[PolicyRule, ...]]:
        """What templates grant on the management plane, by template and table of resources, as it gets known."""
        return {}


def _age(item: TemplateBinding) -> tuple[str, str]:
    return item.source.metadata.creation_timestamp, item.source.name


def is_of_project(item: TemplateBinding) -> bool:
    """Tell a project's binding from a cluster's."""
    return isinstance(item.source, ProjectRoleTemplateBinding)
