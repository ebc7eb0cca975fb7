"""Which roles the live bindings of Rancher render, for which subjects and where: the other half of a claim.

Both of Rancher's models count (section by section as its controllers do it): legacy makes a binding to each
ClusterRole of the template's closure, aggregated one to `<template>-aggregator`. Source: rancher
pkg/controllers/managementuser/rbac/{prtb_handler,crtb_handler,reconcile_roletemplate}.go and
pkg/controllers/managementuser/rbac/roletemplates/{prtb_handler,crtb_handler}.go.
"""

from collections.abc import Iterable, Mapping

import msgspec

from rbac_audit.access.bindings import Binding
from rbac_audit.access.permission import has_verb
from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import Projects
from rbac_audit.rancher.templates import CREATE_NAMESPACES, UPDATE_PSA, grants
from rbac_audit.snapshot.objects import PolicyRule, ProjectRoleTemplateBinding, Subject

Owner = TemplateBinding | GlobalBinding
_IMPERSONATION = "cattle-impersonation-"


class Rendered(msgspec.Struct, frozen=True):
    """What renders a binding: its owners, or why that cannot be known.

    `sure` is for bindings that Rancher makes for a user or itself, without a template binding to name.
    """

    owners: tuple[Owner, ...] = ()
    sure: bool = False
    unknowable: str = ""


class Expected:
    """What one Rancher renders on one of its clusters."""

    def __init__(
        self,
        rancher: Rancher,
        rancher_id: str,
        projects: Projects,
        cluster_roles: Mapping[str, tuple[PolicyRule, ...]],
        *,
        manages_itself: bool,
    ) -> None:
        """Index the bindings by everything they render, in proportion to their closures."""
        self._id, self._local = rancher_id, manages_itself
        self._templates, self._people, self._projects = rancher.templates, rancher.people, projects
        self._cluster_roles = cluster_roles
        self._admins = {item.admin_binding_name: item for item in rancher.globals if item.admin}
        self._globals = {item.source.name: item for item in rancher.globals}
        self._namespaced: dict[tuple[str, str, str], list[TemplateBinding]] = {}
        self._cluster: dict[tuple[str, str], list[TemplateBinding]] = {}
        self._by_label: dict[str, list[TemplateBinding]] = {}
        self._power: dict[str, tuple[tuple[str, ...], bool, tuple[PolicyRule, ...]]] = {}
        for item in rancher.bindings:
            self._index(item)

    def _index(self, item: TemplateBinding) -> None:
        source = item.source
        label = naming.prtb_owner_label if isinstance(source, ProjectRoleTemplateBinding) else naming.crtb_owner_label
        for key in (naming.owner_key(source.namespace, source.name), label(source.name), source.metadata.uid):
            self._by_label.setdefault(key, []).append(item)
        if item.subject is None or item.cluster != self._id:
            return
        who = _who(item.subject)
        roles = self._roles(item)
        if not item.project:
            for role in roles:
                self._cluster.setdefault((role, who), []).append(item)
            return
        for role in roles:
            self._namespaced.setdefault((item.project, role, who), []).append(item)
        for role in self._project_roles(item, roles):
            self._cluster.setdefault((role, who), []).append(item)

    def _roles(self, item: TemplateBinding) -> tuple[str, ...]:
        closure = self._templates.closure(item.template).templates
        # A missing template still renders a dangling aggregated binding, and legacy roles outlive their template.
        return tuple(
            dict.fromkeys((*(template.name for template in closure), item.template, naming.aggregator(item.template)))
        )

    def _project_roles(self, item: TemplateBinding, roles: Iterable[str]) -> tuple[str, ...]:
        project = item.project.partition(":")[2]
        promoted, creates, rules = self._powers(item.template, tuple(roles))
        access = ("create-ns", f"{project}-namespaces-edit") if creates else (f"{project}-namespaces-readonly",)
        named = msgspec.structs.replace(UPDATE_PSA, name=f"{item.cluster}:{project}")
        psa = (f"{project}-namespaces-psa",) if grants(rules, named) else ()
        return (*promoted, *access, *psa)

    def _powers(self, template: str, roles: tuple[str, ...]) -> tuple[tuple[str, ...], bool, tuple[PolicyRule, ...]]:
        """Work out what follows from a template in every project: promoted roles, creating namespaces, rules of psa."""
        if template not in self._power:
            rules = self._templates.rules(template, self._cluster_roles)
            promoted = (*(naming.safe_concat(role, "promoted") for role in roles),)
            psa = tuple(rule for rule in rules if has_verb(rule, UPDATE_PSA.verb))
            names = (*promoted, naming.safe_concat(template, "promoted-aggregator"))
            self._power[template] = (names, grants(rules, CREATE_NAMESPACES), psa)
        return self._power[template]

    def rendered(self, binding: Binding) -> Rendered:
        """Find every live owner that would make this binding: all its subjects, its role, its place."""
        if len(binding.subjects) != 1:
            return Rendered()
        subject, role = binding.subjects[0], binding.role_ref.name
        who = _who(subject)
        owners = list(self._owners(binding, role, who))
        if owners:
            return Rendered(tuple(owners))
        if (admin := self._admins.get(binding.name)) and role == "cluster-admin" and admin.subject:
            return Rendered((admin,)) if _who(admin.subject) == who else Rendered()
        if binding.name.startswith(_IMPERSONATION) and binding.name == role:
            return self._impersonation(binding)
        return self._management_plane(binding) if self._local else Rendered()

    def _owners(self, binding: Binding, role: str, who: str) -> dict[TemplateBinding, None]:
        if binding.role_ref.kind != "ClusterRole":
            return {}
        if not binding.namespace:
            return dict.fromkeys(self._cluster.get((role, who), ()))
        project = self._projects.of(binding.namespace)
        places = [project.id] if project else []
        if label := self._projects.label_of(binding.namespace):
            places.append(f"{self._id}:{label}")
        return dict.fromkeys(item for place in places for item in self._namespaced.get((place, role, who), ()))

    def _impersonation(self, binding: Binding) -> Rendered:
        user = binding.name.removeprefix(_IMPERSONATION)
        subject = binding.subjects[0]
        own = subject.kind == "ServiceAccount" and subject.name == binding.name
        return Rendered(sure=own and self._people.find(user) is not None)

    def _management_plane(self, binding: Binding) -> Rendered:
        # Rendering on the management cluster is not modelled: a marker that leads to a live owner is believed.
        if self.claimed(binding):
            return Rendered(sure=True)
        metadata = binding.source.metadata
        kinds = {owner.kind for owner in metadata.owner_references}
        owned = not kinds.isdisjoint({"User", "Cluster", "RoleTemplate", "GlobalRole"})
        global_name = metadata.labels.get("authz.management.cattle.io/grb-owner", "")
        global_name = global_name or binding.name.removeprefix("cattle-globalrolebinding-")
        return Rendered(sure=owned or global_name in self._globals)

    def claimed(self, binding: Binding) -> tuple[Owner, ...]:
        """Follow a binding's name, labels and owner references to the live owners that they state."""
        metadata = binding.source.metadata
        names = [*metadata.labels, *metadata.labels.values(), *(owner.uid for owner in metadata.owner_references)]
        found: dict[Owner, None] = dict.fromkeys(item for item in [self._admins.get(binding.name)] if item)
        for name in names:
            found.update(dict.fromkeys(self._by_label.get(name, ()) if name else ()))
        for owner in metadata.owner_references:
            if owner.kind == "GlobalRoleBinding" and owner.name in self._globals:
                found[self._globals[owner.name]] = None
        return tuple(found)


def _who(subject: Subject) -> str:
    return (
        f"{subject.kind}:{subject.namespace}/{subject.name}"
        if subject.kind == "ServiceAccount"
        else (f"{subject.kind}:{subject.name}")
    )
