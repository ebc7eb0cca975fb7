"""What must not be converted into a project binding, why, and what a person can do instead."""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Binding, rule_allows
from rbac_audit.access.escalation import breakdown
from rbac_audit.access.identity import account_of
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.answers.unread import unread
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.fix.rights import takes_effect
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import ClusterRole, Metadata, Role, RoleBinding, Subject

PUBLIC_RULE = "public-namespace-extra-binding"
_GIT_LABELS = ("argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_GIT_ANNOTATIONS = (
    "meta.helm.sh/release-name",
    "fleet.cattle.io/bundle-id",
    "argocd.argoproj.io/",
    "objectset.rio.cattle.io/id",
    "objectset.rio.cattle.io/owner-",
)


class Why(msgspec.Struct, frozen=True):
    """The reason of a refusal, and the manual way."""

    reason: str
    manual: str


BUILT_IN = Why(
    "rancher-webhook lets nobody change the rules of a built-in role template",
    "restart Rancher, which resets it: kubectl -n cattle-system rollout restart deploy/rancher",
)


def in_repository(metadata: Metadata) -> str:
    """Name the mark by which an object says that a tool keeps it as it is in a Git repository; "" for none."""
    marks = [name for name in metadata.labels if name in _GIT_LABELS]
    return min((*marks, *(name for name in metadata.annotations if name.startswith("argocd.argoproj.io/"))), default="")


def owned_by(metadata: Metadata) -> str:
    """Name the mark by which an object says that something else writes it; "" for none.

    Before v3 Argo CD tracks what it writes by a label that charts set as well (argo-cd
    docs/user-guide/resource_tracking.md).
    """
    names = (*_GIT_LABELS, "app.kubernetes.io/instance")
    marks = [name for name in metadata.labels if name in names or name.startswith("objectset.rio.cattle.io/")]
    marks += [name for name in metadata.annotations if name.startswith(_GIT_ANNOTATIONS)]
    if metadata.labels.get("app.kubernetes.io/managed-by") == "Helm":
        marks.append("app.kubernetes.io/managed-by")
    marks += [f"ownerReference {owner.kind} {owner.name}" for owner in metadata.owner_references]
    return min(marks, default="")


def project_of(view: View, binding: Binding) -> ProjectInfo | Why:
    """Find the project in which the subjects of a binding can be bound instead, or say why it is left alone."""
    place = _of_place(view, binding)
    if isinstance(place, Why):
        return place
    return next(_of_maker(view, binding), None) or _of_role(view, binding) or place


def in_git(view: View, binding: Binding) -> ProjectInfo | None:
    """Find the project for a binding that only has to be changed where it is written; None for any other."""
    place = _of_place(view, binding)
    metadata = binding.source.metadata
    if isinstance(place, Why) or metadata.owner_references or not owned_by(metadata):
        return None
    shipped = view.baseline.variants(binding.source.kind, binding.namespace, binding.name)
    return None if shipped or _of_role(view, binding) else place


def _of_place(view: View, binding: Binding) -> ProjectInfo | Why:
    namespace, project = binding.namespace, view.projects.of(binding.namespace)
    if not isinstance(binding.source, RoleBinding):
        reason = "it holds on the whole cluster, which no project binding does"
        return Why(reason, "bind a cluster role template to the subject, or give it the projects that it needs")
    if namespace == PUBLIC:
        return Why(f"{PUBLIC} is open to everybody and in no tenant's project", f"remove it: --rule {PUBLIC_RULE}")
    if (project and project.system) or view.classes.namespace_class(namespace) == "system":
        reason = f"{namespace} belongs to the platform: a binding in its project reaches every part of it"
        return Why(reason, "remove the binding, or keep it in version control with the reason")
    if project is None:
        move = f"move {namespace} into a project of its own in Rancher, so that nobody gains; then plan again"
        return Why(f"{namespace} is in no project", move)
    if not project.known or project.id.partition(":")[0] != view.rancher_id:
        reason = f"{namespace} names project {project.id}, which this Rancher does not have on this cluster"
        return Why(reason, "move the namespace into a project that exists, then plan again")
    if view.projects.is_leaving(namespace):
        return Why(f"{namespace} is being deleted", "nothing: the binding goes with it")
    if project.leaving:
        reason = f"project {project.name} is being deleted, and every project binding with it"
        return Why(reason, f"move {namespace} into another project, then plan again")
    return project


def _of_maker(view: View, binding: Binding) -> Iterator[Why]:
    metadata = binding.source.metadata
    claim = view.ownership[binding].claim
    if view.baseline.variants(binding.source.kind, binding.namespace, binding.name):
        yield Why("a part of the platform ships it", "leave it: it is restored at the next start or upgrade")
    elif mark := owned_by(metadata):
        yield Why(
            f"it is written from elsewhere ({mark}) and would come back",
            "take it out where it comes from, and add the project binding that `fix show --output` writes",
        )
    elif claim is Claim.HOLDS:
        yield Why("Rancher makes it", "change the role template binding that it comes from")
    elif claim is Claim.FORGED:
        reason = "it carries marks of Rancher that are not true"
        yield Why(reason, "find out who made it, and take the marks away; then plan again")
    elif claim is not Claim.NONE:
        yield Why("it carries marks of Rancher that could not be confirmed", "see rule orphaned-rancher-binding")
    elif metadata.deletion_timestamp:
        yield Why("it is being deleted", "plan again when it is gone")
    elif metadata.finalizers:
        yield Why(f"it has a finalizer ({metadata.finalizers[0]}) that would hold it", "ask whoever set the finalizer")


def _of_role(view: View, binding: Binding) -> Why | None:
    name = f"{binding.role_ref.kind} {binding.role_ref.name}"
    if binding.role not in view.access.roles:
        kind = Role if binding.role[0] else ClusterRole
        if unread(view, binding.role[:1], (kind,)):
            return Why(f"{name} was not read", f"collect {kind.plural} as well, then plan again")
        return Why(f"{name} does not exist, so nobody knows what it would grant", "remove it: --rule dangling-role-ref")
    if view.access.roles[binding.role].metadata.deletion_timestamp:
        return Why(
            f"{name} is being deleted, and grants nothing then", "bind another role, or plan again when it is gone"
        )
    rules = view.access.rules(binding.role)
    effective = [atom for rule in rules for atom in breakdown(rule) if takes_effect(atom)]
    # An external role template stands for the very role, names and all.
    template = view.rancher.templates.by_name.get(binding.role_ref.name) if view.rancher else None
    same = template is not None and template.external and isinstance(view.access.roles[binding.role], ClusterRole)
    if any(rule_allows(rule, EVERYTHING) for rule in rules):
        return Why(f"{name} allows everything", "decide what is needed, and bind a role template of just that")
    if any(atom.resource_names for atom in effective) and not same:
        reason = f"{name} is limited to objects by name, which mean something else in every namespace"
        return Why(reason, "keep it in version control, or bind a role template without the names by decision")
    if not effective:
        return Why(
            f"{name} grants nothing in a namespace: it is about cluster-scoped kinds or URLs",
            "delete it; what is wanted needs a cluster role template",
        )
    return None


def of_subject(view: View, subject: Subject, namespace: str) -> Why | None:
    """Say why one subject of a binding cannot be in a project binding; None where it can."""
    match subject.kind:
        case "ServiceAccount":
            return _account(subject.namespace or namespace, subject.name)
        case "User" if account := account_of(subject.name):
            return _account(*account)
        case "User":
            return _of_user(view, subject.name)
        case "Group":
            return _of_group(view, subject.name)
    return Why(f"{subject.kind} is no kind of subject", "remove it: it matches nobody")


def _account(namespace: str, name: str) -> Why:
    reason = f"ServiceAccount {namespace}/{name} is no user of Rancher, whose project bindings for accounts are unsound"
    return Why(reason, "keep its binding in version control, to a role of your own instead of an operator's")


def _of_user(view: View, name: str) -> Why | None:
    person = view.people.find(name)
    if name.startswith("system:"):
        return Why(f"{name} is a user of the platform", "leave it, or remove it where it was added by hand")
    if person is None and not (view.rancher and view.rancher.knows_users):
        return Why("which users Rancher has was not read", "give the management cluster as a source, then plan again")
    if person is None:
        same = [item.user for item in view.people.all if name in {item.username, item.display_name}]
        hint = f"; did you mean {same[0]}, whose login that is" if len(same) == 1 else ""
        return Why(f"Rancher has no user {name}: it matches nobody who comes through Rancher", f"remove it{hint}")
    if person.leaving:
        return Why(f"Rancher is deleting user {name}", "nothing, or remove it when the user is gone")
    if person.system:
        return Why(f"{name} is a system user of Rancher", "leave it: Rancher binds its own users")
    return None


def _of_group(view: View, name: str) -> Why | None:
    if name.startswith("system:"):
        return Why(f"{name} is everybody of a kind, not a group of people", "bind the people or groups that need it")
    if "://" not in name:
        return Why(f"{name} is not a group of an auth provider of Rancher", "bind the group by its principal id")
    if not view.people.members(name):
        reason = f"no user that Rancher knows is in group {name}"
        return Why(reason, "check the group; if it is real, let a member log in, then plan again")
    return None
