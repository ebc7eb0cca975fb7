"""What a published fault is about, among the objects of a Rancher and its clusters, where no rule of its own tells it.

Each function lists objects for one advisory; source of what to look for: the advisory's own text.
"""

from collections.abc import Callable, Iterator

from rbac_audit.access import Permission
from rbac_audit.access.permission import ALL
from rbac_audit.audit.estate import View
from rbac_audit.audit.evaluate import missing_for
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.raw import CREATOR
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.snapshot.objects import FleetWorkspace, KubernetesObject, ObjectRef, PolicyRule, Role, Subject

Trace = Callable[[View], Iterator[ObjectRef]]

_MANAGEMENT = "management.cattle.io"
_IMPERSONATE = tuple(Permission("impersonate", "", kind) for kind in ("users", "groups"))
_ESCALATE = Permission("escalate", _MANAGEMENT, "projectroletemplatebindings")
# promotedRulesForProjects in rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go.
_PROMOTED = (
    ("ui.cattle.io", "navlinks"),
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "storageclasses"),
    ("apiregistration.k8s.io", "apiservices"),
    ("catalog.cattle.io", "clusterrepos"),
    (_MANAGEMENT, "clusters"),
)
_WRITES = tuple(
    Permission(verb, group, resource)
    for group, resource in _PROMOTED
    for verb in ("create", "update", "patch", "delete")
)


def problems(view: View, rule: Rule) -> Iterator[Problem]:
    """Evaluate another rule on a Rancher and all clusters of it that were read, where it can look."""
    for each in dict.fromkeys((view, *view.managed)):
        if rule.is_about(each) and not any(missing_for(rule, each)):
            yield from rule.check(each)


def impersonators(view: View) -> Iterator[ObjectRef]:
    """List what lets people impersonate others on a cluster that Rancher manages (CVE-2026-44945)."""
    for each in view.managed:
        if each.cluster is not view.cluster:
            roles = {role for permission in _IMPERSONATE for role in each.access.allowing(permission)}
            roles |= {role for permission in _IMPERSONATE for role, _ in each.access.allowing_named(permission)}
            bindings = (binding for role in sorted(roles) for binding in each.access.by_role.get(role, ()))
            wide = (binding for binding in bindings if not binding.namespace)
            yield from (it.source.ref(each.name) for it in wide if any(_is_user(each, who) for who in it.subjects))


def _is_user(view: View, subject: Subject) -> bool:
    """Tell whether a subject comes through Rancher, and is no administrator there anyhow."""
    if subject.kind == "User":
        known = view.people.find(subject.name) is not None
    else:
        known = subject.kind == "Group" and ("://" in subject.name or bool(view.people.members(subject.name)))
    admins = (item.subject for item in view.rancher.globals if item.admin and item.subject) if view.rancher else ()
    return known and (subject.kind, subject.name) not in {(item.kind, item.name) for item in admins}


def raisers(view: View) -> Iterator[ObjectRef]:
    """List role templates that let members raise promoted rights, and those that write such (GHSA-7m72-mh5r-6j3r)."""
    rancher = own_rancher(view)
    bound = {item.template for item in rancher.bindings if item.project} if rancher else set()
    for name in sorted(bound):
        template = rancher.templates.by_name.get(name) if rancher else None
        if rancher is not None and template is not None:
            rules = rancher.templates.rules(name, {})
            writes = not template.builtin and any(grants(rules, permission) for permission in _WRITES)
            if writes or grants(rules, _ESCALATE):
                yield template.ref(view.name)


def wide_roles(view: View) -> Iterator[ObjectRef]:
    """List Roles that Rancher made of role templates for every API group, though these name some (CVE-2021-25318)."""
    rancher = own_rancher(view)
    known = rancher.templates.by_name if rancher else {}
    for role in view.cluster.of(Role):
        template = known.get(role.name)
        if template is not None and not template.external and _is_wide(role.rules) and not _is_wide(template.rules):
            yield role.ref(view.name)


def _is_wide(rules: tuple[PolicyRule, ...]) -> bool:
    return any(ALL in rule.api_groups for rule in rules)


def grantless(view: View) -> Iterator[ObjectRef]:
    """List bindings of administrators of which nobody is written down who gave them (CVE-2023-22647)."""
    rancher = own_rancher(view)
    for item in rancher.globals if rancher else ():
        if item.admin and CREATOR not in item.source.metadata.annotations:
            yield item.source.ref(view.name)


def is_of_workspace(view: View, item: KubernetesObject) -> bool:
    """Tell whether a binding is one that a Fleet workspace brings, or lies in one (CVE-2026-44949)."""
    workspaces = {found.name for found in view.cluster.of(FleetWorkspace)} | {"fleet-default", "fleet-local"}
    return view.manages and (item.name.startswith("fleetworkspace-") or item.namespace in workspaces)
