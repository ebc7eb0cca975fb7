"""What a role template really grants on one cluster.

A binding of it to nobody, in a project or on the cluster, is rendered as Rancher would; what its bindings give is the
answer. Project and namespace of it are called PROJECT and NAMESPACE.
"""

import difflib
from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Authorizer
from rbac_audit.access.escalation import breakdown, uncovered
from rbac_audit.answers.unread import missing_from
from rbac_audit.answers.what import compact, is_void
from rbac_audit.audit.estate import View
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rancher.rendering import render
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    KubernetesObject,
    ManagementCluster,
    Metadata,
    Namespace,
    PolicyRule,
    Project,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
)

PROJECT, NAMESPACE, _NOBODY = "PROJECT", "NAMESPACE", "SUBJECT"
_LOCAL = "local"


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """One binding more than those that are meant: its cluster and namespace ("" for all of it), its role, its rules."""

    cluster: str
    namespace: str
    role: str
    rules: tuple[PolicyRule, ...]


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What a template grants: in the project's namespaces, or on the whole cluster where its context is cluster.

    `void` are those of its rules that have no effect, `missing` what it inherits or stands for and is not there,
    `leaving` which of its templates are being deleted, `unread` what was not read and could change the answer. Nobody
    can be bound anew to a `locked` one.
    """

    template: str
    display_name: str
    context: str
    model: str
    inherits: tuple[str, ...]
    external: tuple[str, ...]
    missing: tuple[str, ...]
    cyclic: bool
    locked: bool
    leaving: tuple[str, ...]
    rules: tuple[PolicyRule, ...]
    void: tuple[PolicyRule, ...]
    beyond: tuple[Beyond, ...]
    unread: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What one template grants and another does not, and the other way round; `beyond` are names of roles."""

    only_one: tuple[PolicyRule, ...]
    only_other: tuple[PolicyRule, ...]
    beyond_only_one: tuple[str, ...]
    beyond_only_other: tuple[str, ...]


def granted(view: View, name: str) -> Granted:
    """Say what a role template, by name or display name, grants on a cluster.

    Raises WrongUse for a name that no template or several have, BadInput where the Rancher was not read.
    """
    rancher = view.rancher
    if rancher is None or not view.rancher_id:
        problem = "the Rancher that manages it was not read"
        raise BadInput("cluster", view.name, problem, "give its management cluster as a source as well")
    template = _find(rancher, name)
    closure = rancher.templates.closure(template.name)
    there = {role.name for role in view.cluster.of(ClusterRole)}
    external = tuple(item.name for item in closure.templates if item.external)
    given = tuple(_given(view, rancher, template))
    inside = [rule for item in given if _is_meant(item, view, template) for rule in item.rules]
    beyond = tuple(item for item in given if not _is_meant(item, view, template))
    in_project = template.context == "project"
    elsewhere = [rule for item in beyond if item.cluster == view.name and not item.namespace for rule in item.rules]
    atoms = tuple(dict.fromkeys(atom for rule in inside for atom in breakdown(rule)))
    cannot = frozenset(atom for atom in atoms if in_project and is_void(atom))
    return Granted(
        template=template.name,
        display_name=template.display_name,
        context=template.context,
        model="aggregated" if rancher.aggregated else "legacy",
        inherits=tuple(item.name for item in closure.templates[1:]),
        external=external,
        missing=(*closure.missing, *(f"ClusterRole {item}" for item in external if item not in there)),
        cyclic=closure.cyclic,
        locked=template.locked,
        leaving=tuple(item.name for item in closure.templates if item.metadata.deletion_timestamp),
        rules=compact(rule for rule in atoms if rule not in cannot),
        # What a ClusterRoleBinding that comes with it grants is not lost.
        void=compact(uncovered(elsewhere, (rule for rule in atoms if rule in cannot))),
        beyond=beyond,
        unread=tuple(_unread(view, rancher, external=bool(external))),
    )


def _unread(view: View, rancher: Rancher, *, external: bool) -> Iterator[str]:
    """Name what a template's rights rest on: templates, ClusterRoles behind external ones, the model of Rancher."""
    behind = (ClusterRole,) if external else ()
    lines = [*missing_from(rancher.cluster, view.gaps, (RoleTemplate, *behind))]
    lines += missing_from(view.cluster, view.gaps, behind) if rancher.cluster is not view.cluster else ()
    yield from (f"{line}; what that grants is not in this answer" for line in lines)
    if rancher.aggregated is None:
        yield f"not read from {rancher.cluster.name}: feature aggregated-roletemplates; taken to be off"


def compare(one: Granted, other: Granted) -> Comparison:
    """Compare what takes effect, wildcards as what they cover."""
    here, there = ([item.role for item in side.beyond] for side in (one, other))
    return Comparison(
        only_one=compact(uncovered(other.rules, one.rules)),
        only_other=compact(uncovered(one.rules, other.rules)),
        beyond_only_one=tuple(sorted(set(here) - set(there))),
        beyond_only_other=tuple(sorted(set(there) - set(here))),
    )


def _find(rancher: Rancher, name: str) -> RoleTemplate:
    known = rancher.templates.by_name
    found = [known[name]] if name in known else [item for item in known.values() if item.display_name == name]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(item.name for item in found))
        raise WrongUse("role template", name, "several have this display name", f"one of: {names}")
    close = difflib.get_close_matches(name, sorted(known), n=3)
    hint = f"did you mean {' or '.join(close)}" if close else "roletemplates.management.cattle.io has the names"
    read = "" if rancher.cluster.whole(RoleTemplate) else f" among those that were read from {rancher.cluster.name}"
    raise WrongUse("role template", name, f"there is none of this name{read}", hint)


def _is_meant(item: Beyond, view: View, template: RoleTemplate) -> bool:
    """Tell the bindings in the project's namespaces, or those of the template on the cluster, from the others."""
    if item.cluster != view.name:
        return False
    if template.context == "project":
        return item.namespace == NAMESPACE
    # On the management cluster itself, membership stands beside them.
    return not item.namespace and not item.role.startswith(f"ClusterRole {view.rancher_id}-cluster")


def _given(view: View, rancher: Rancher, template: RoleTemplate) -> Iterator[Beyond]:
    """Render a binding of the template, and list every binding that it makes with the rules it gives."""
    objects = _sample(view.rancher_id, template)
    local = [*_all(rancher.cluster, RoleTemplate, ClusterRole), *objects]
    is_local = view.rancher_id == _LOCAL
    namespace = Namespace(metadata=Metadata(name=NAMESPACE, annotations={PROJECT_ID: f"{view.rancher_id}:{PROJECT}"}))
    management = Cluster(rancher.cluster.name, [*local, namespace] if is_local else local)
    cluster = management if is_local else Cluster(view.name, [*view.cluster.of(ClusterRole), namespace])
    made = render(Rancher(management), {view.rancher_id: cluster}, aggregated_model=bool(rancher.aggregated))
    for site, before in {_LOCAL: management, view.rancher_id: cluster}.items():
        yield from _bound(before, made[site])


def _all(cluster: Cluster, *kinds: type[KubernetesObject]) -> list[KubernetesObject]:
    return [item for kind in kinds for item in cluster.of(kind)]


def _sample(rancher_id: str, template: RoleTemplate) -> list[KubernetesObject]:
    """Make a project and a binding of the template, to a group that is nobody."""
    cluster = ManagementCluster(metadata=Metadata(name=rancher_id))
    project = Project(metadata=Metadata(name=PROJECT, namespace=rancher_id))
    if template.context == "project":
        return [
            cluster,
            project,
            ProjectRoleTemplateBinding(
                metadata=Metadata(name="BINDING", namespace=PROJECT),
                project_name=f"{rancher_id}:{PROJECT}",
                role_template_name=template.name,
                group_name=_NOBODY,
            ),
        ]
    binding = ClusterRoleTemplateBinding(
        metadata=Metadata(name="BINDING", namespace=rancher_id),
        cluster_name=rancher_id,
        role_template_name=template.name,
        group_name=_NOBODY,
    )
    return [cluster, project, binding]


def _bound(before: Cluster, made: Iterable[KubernetesObject]) -> Iterator[Beyond]:
    there = {item.key: item for item in (*before.of(ClusterRole), *made)}
    kinds = (ClusterRole, Role, RoleBinding, ClusterRoleBinding)
    access = Authorizer(Cluster(before.name, [item for item in there.values() if isinstance(item, kinds)]))
    for binding in access.bindings:
        if any(subject.name == _NOBODY for subject in binding.subjects):
            yield Beyond(
                cluster=before.name,
                namespace=binding.namespace,
                role=f"{binding.role_ref.kind} {binding.role_ref.name}",
                rules=compact(access.rules(binding.role)),
            )
