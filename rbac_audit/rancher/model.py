"""One Rancher: what its management cluster says about users, templates, bindings and the clusters it manages."""

from functools import cached_property

from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding, global_bindings, template_bindings
from rbac_audit.rancher.people import People
from rbac_audit.rancher.templates import RoleTemplates, makes_owner
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    Feature,
    GlobalRole,
    GlobalRoleBinding,
    ManagementCluster,
    Project,
    ProjectRoleTemplateBinding,
    RancherSetting,
    RoleTemplate,
    Subject,
    Token,
    User,
    UserAttribute,
)
from rbac_audit.snapshot.reshape import web_host

WHO_IS_WHO = (
    ProjectRoleTemplateBinding,
    ClusterRoleTemplateBinding,
    RoleTemplate,
    GlobalRole,
    GlobalRoleBinding,
    User,
    UserAttribute,
)
"""What must have been read to tell members and owners from others."""


class Rancher:
    """Rancher as one management cluster describes it."""

    def __init__(self, cluster: Cluster) -> None:
        """Keep the cluster; everything else is worked out when it is asked for."""
        self.cluster = cluster
        self.knows_bindings = all(
            cluster.whole(kind) for kind in (ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, RoleTemplate)
        )
        self.knows_users = cluster.whole(User)
        self.knows_members = all(cluster.whole(kind) for kind in WHO_IS_WHO)

    @cached_property
    def clusters(self) -> dict[str, ManagementCluster]:
        """The clusters it manages, by id."""
        return {item.name: item for item in self.cluster.of(ManagementCluster)}

    @cached_property
    def people(self) -> People:
        """Its users."""
        return People(self.cluster.of(User), self.cluster.of(UserAttribute), self.cluster.of(Token))

    @cached_property
    def templates(self) -> RoleTemplates:
        """Its role templates."""
        return RoleTemplates(self.cluster.of(RoleTemplate))

    @cached_property
    def bindings(self) -> tuple[TemplateBinding, ...]:
        """Its project and cluster role template bindings."""
        return template_bindings(
            self.cluster.of(ProjectRoleTemplateBinding), self.cluster.of(ClusterRoleTemplateBinding), self.people
        )

    @cached_property
    def globals(self) -> tuple[GlobalBinding, ...]:
        """Its global role bindings."""
        return global_bindings(self.cluster.of(GlobalRoleBinding), self.cluster.of(GlobalRole), self.people)

    @cached_property
    def _owners(self) -> frozenset[tuple[str, str]]:
        """Who owns which cluster, "" for all of them."""
        found = {("", str(item.subject)) for item in self.globals if item.admin and item.subject}
        for item in self.bindings:
            if item.subject and not item.project and makes_owner(self.templates.closure(item.template), "clusters"):
                found.add((item.cluster, str(item.subject)))
        return frozenset(found)

    def is_owner(self, cluster: str, subject: Subject) -> bool:
        """Tell whether somebody owns a cluster or administers Rancher, as far as it shows: also by a known group."""
        person = self.people.find(subject.name) if subject.kind == "User" else None
        names = (str(subject), *(f"Group:{group}" for group in (person.groups if person else ())))
        return any((place, name) in self._owners for place in ("", cluster) for name in names)

    @property
    def projects(self) -> tuple[Project, ...]:
        """Its projects, of all clusters."""
        return self.cluster.of(Project)

    @cached_property
    def backing_namespaces(self) -> dict[str, str]:
        """Where the bindings of each of its projects lie, by `<cluster>:<project>`."""
        return {f"{item.namespace}:{item.name}": item.status.backing_namespace or item.name for item in self.projects}

    def fault_of(self, item: TemplateBinding) -> str:
        """Say what makes Rancher fail on a project's binding, and with it on the whole project; "" for nothing.

        A missing template or an empty subject is no failure; a missing parent, a cycle and several subjects are
        (rancher pkg/controllers/managementuser/rbac/namespace_handler.go, as v2.15 was seen to run).
        """
        source = item.source
        named = source.user_name or source.user_principal_name or source.group_principal_name or source.group_name
        if item.subject is None and named:
            return "it names several subjects"
        closure = self.templates.closure(item.template)
        if item.template not in self.templates.by_name or not (closure.missing or closure.cyclic):
            return ""
        if closure.cyclic:
            return f"role template {item.template} inherits in a circle"
        return f"role template {item.template} inherits {', '.join(closure.missing)}, which does not exist"

    def gives_nothing(self, item: TemplateBinding) -> bool:
        """Tell whether Rancher makes nothing for a binding: in its legacy model, where it fails on the template."""
        return self.aggregated is False and self.cluster.whole(RoleTemplate) and bool(self.fault_of(item))

    def setting(self, name: str) -> RancherSetting | None:
        """Find one of its settings; None where there is none, or they were not read."""
        return next((item for item in self.cluster.of(RancherSetting) if item.name == name), None)

    @property
    def version(self) -> str:
        """Its version as its settings say, "" where they were not read."""
        found = self.setting("server-version")
        return (found.value or found.default) if found else ""

    @property
    def host(self) -> str:
        """The host of its URL (setting server-url) in lower case, "" where that is not known."""
        found = self.setting("server-url")
        return web_host(found.value or found.default) if found else ""

    @property
    def aggregated(self) -> bool | None:
        """Whether the feature aggregated-roletemplates is on; None where the features were not read."""
        found = [item.enabled for item in self.cluster.of(Feature) if item.name == "aggregated-roletemplates"]
        return found[0] if found else None
