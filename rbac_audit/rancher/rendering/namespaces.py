"""What both models write onto a cluster: roles over a project's namespaces, impersonation, global administrators.

Source: rancher pkg/controllers/managementuser/rbac/{namespace_handler,globalrolebinding_handler}.go and
pkg/impersonation/impersonation.go.
"""

from rbac_audit.rancher.marks import IMPERSONATION, IMPERSONATION_NAMESPACE, PROJECT_ROLE
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rancher.rendering.rules import Resource
from rbac_audit.rancher.rendering.sheet import cluster_binding, cluster_role, metadata
from rbac_audit.rancher.rendering.world import Site, World, is_of_project
from rbac_audit.snapshot.objects import Namespace, PolicyRule, ServiceAccount, Subject, User

_IMPERSONATOR = {"authz.cluster.cattle.io/impersonator": "true"}
_EXTRAS = "authentication.k8s.io"


def project_roles(world: World, site: Site) -> None:
    """Write `<project>-namespaces-readonly` and `-edit`.

    One binding that cannot be rendered keeps the namespaces of its project out of both roles.
    """
    known = {project.name for project in world.rancher.projects if project.namespace == site.id}
    broken = {item.project for item in world.bindings if is_of_project(item) and world.rancher.fault_of(item)}
    for project in sorted({*known, *site.by_project}):
        every = tuple(sorted(site.by_project.get(project, ())))
        settled = tuple(name for name in every if name not in site.unsettled)
        # A namespace that was there before the fault, or whose turn comes, may be in them or not.
        for names in ((), settled, every) if f"{site.id}:{project}" in broken else (every, settled):
            _project_role(site, f"{project}-namespaces-readonly", _on(("", "namespaces"), names, "get"))
            manage = _on(("management.cattle.io", "projects"), (project,), "manage-namespaces")
            _project_role(site, f"{project}-namespaces-edit", (*manage, *_on(("", "namespaces"), names, "*")))


def _project_role(site: Site, name: str, rules: tuple[PolicyRule, ...]) -> None:
    site.sheet.add(cluster_role(name, rules, annotations={PROJECT_ROLE: name}))


def _on(resource: Resource, names: tuple[str, ...], verb: str) -> tuple[PolicyRule, ...]:
    group, plural = resource
    rule = PolicyRule(verbs=(verb,), api_groups=(group,), resources=(plural,), resource_names=names)
    return (rule,) if names else ()


def global_admins(world: World, site: Site) -> None:
    """Write `globaladmin-*` for the subjects of global roles that make a cluster-admin."""
    for item in world.rancher.globals:
        if item.admin and item.subject and item.role:
            annotations = {
                "authz.cluster.cattle.io/admin-globalrole-checked": "true",
                "authz.cluster.cattle.io/globalrole": item.role.name,
                "authz.cluster.cattle.io/globalrolebinding": item.source.name,
            }
            site.sheet.write_for(item)
            made = cluster_binding("cluster-admin", item.subject, name=item.admin_binding_name, annotations=annotations)
            site.sheet.add(made)


def impersonation_namespace(world: World, site: Site) -> None:
    """Write the namespace of the impersonation accounts, if there is a user to impersonate."""
    if not any(item.cluster == site.id and _is_impersonated(world, item.subject) for item in world.bindings):
        return
    labels = {**_IMPERSONATOR, "kubernetes.io/metadata.name": IMPERSONATION_NAMESPACE}
    bare = Namespace(metadata=metadata(IMPERSONATION_NAMESPACE, labels=labels))
    if project := site.project_of(bare):
        labels = {**labels, PROJECT_ID: project.partition(":")[2]}
        bare = Namespace(metadata=metadata(IMPERSONATION_NAMESPACE, "", labels, {PROJECT_ID: project}))
    site.make_namespace(bare)


def _is_impersonated(world: World, subject: Subject | None) -> bool:
    return subject is not None and subject.kind == "User" and subject.name in world.users


def impersonation(world: World, site: Site, subject: Subject) -> None:
    """Write the account as which Rancher's proxy acts for a user, with what is known of the last logins."""
    user = world.users.get(subject.name) if subject.kind == "User" else None
    if user is None:
        return
    name = f"{IMPERSONATION}{user.name}"
    learnt = world.learnt.get(user.name)
    groups = {group.name for group in learnt.groups} if learnt else set[str]()
    principals, names = (learnt.principal_ids, learnt.usernames) if learnt else (user.principal_ids, _named(user))
    rules = (
        _impersonate("users", (user.name,)),
        _impersonate("userextras/requesttokenid"),
        _impersonate("userextras/requesthost"),
        _impersonate("groups", tuple(sorted({*groups, "system:authenticated", "system:cattle:authenticated"}))),
        *([_impersonate("userextras/principalid", tuple(sorted(principals)))] if principals else []),
        *([_impersonate("userextras/username", tuple(sorted(names)))] if names else []),
    )
    role = cluster_role(name, rules, labels=_IMPERSONATOR)
    account = Subject(kind="ServiceAccount", name=name, namespace=IMPERSONATION_NAMESPACE)
    site.sheet.add(role)
    site.sheet.add(ServiceAccount(metadata=metadata(name, IMPERSONATION_NAMESPACE, _IMPERSONATOR, owner=role)))
    site.sheet.add(cluster_binding(name, account, name=name, labels=_IMPERSONATOR, owner=role))


def _named(user: User) -> tuple[str, ...]:
    return (user.display_name,) if user.display_name else ()


def _impersonate(resource: str, names: tuple[str, ...] = ()) -> PolicyRule:
    group = _EXTRAS if "/" in resource else ""
    return PolicyRule(verbs=("impersonate",), api_groups=(group,), resources=(resource,), resource_names=names)
