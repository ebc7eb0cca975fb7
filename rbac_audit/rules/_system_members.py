"""Members of System projects, on a cluster that was read and on those that only their Rancher shows."""

from collections.abc import Container, Iterator

from rbac_audit.access.identity import home_of
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Link, Severity
from rbac_audit.audit.rule import Problem
from rbac_audit.harvester.platform import is_platform, is_platform_namespace
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.projects import ProjectInfo, Projects
from rbac_audit.rules._takeover import consequence
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ObjectRef, Subject


def system_members(view: View) -> Iterator[Problem]:
    """Report whom Rancher binds in the System project of the cluster, and beside Rancher of clusters not read."""
    rancher = view.rancher
    if rancher is None:
        return
    rendered = _rendered(view)
    # On its own cluster Rancher keeps the bindings and registration tokens of clusters and projects in namespaces.
    internal = {*rancher.clusters, *rancher.backing_namespaces.values()} if view.rancher_id == "local" else set()
    known = {view.rancher_id: view.projects}
    for name in rancher.clusters:
        if _is_unread(view, rancher, name):
            known[name] = Projects(name, rancher.projects, ())
    for item in rancher.bindings:
        # Of a template that is not there nobody has anything: template-binding-astray tells that.
        there = item.template in rancher.templates.by_name and not rancher.gives_nothing(item)
        if item.cluster not in known or item.subject is None or not there:
            continue
        project = known[item.cluster].find(item.project)
        places = _system_places(project, internal) if project is not None else None
        if places is not None and not _is_inside(view, rancher, item.cluster, item.subject):
            yield _member(view, rancher, item, item.subject, places, tuple(rendered.get(item, ())))


def _is_inside(view: View, rancher: Rancher, cluster: str, subject: Subject) -> bool:
    if cluster == view.rancher_id:
        return belongs(view, subject)
    return is_platform(subject) or rancher.is_owner(cluster, subject) or _is_of_rancher(view, subject)


def _system_places(project: ProjectInfo, internal: Container[str]) -> tuple[str, ...] | None:
    """Name the namespaces of the platform in a project: all of the System project's, None where another has none."""
    if project.system:
        return project.namespaces
    return tuple(name for name in project.namespaces if is_platform_namespace(name) or name in internal) or None


def belongs(view: View, subject: Subject) -> bool:
    """Tell whether a subject is of the platform or owns the cluster, so that a binding gives nothing new."""
    home = home_of(subject)
    own = is_platform(subject) or (bool(home) and view.classes.namespace_class(home) == "system")
    return own or view.standing.is_cluster_owner(subject) or _is_of_rancher(view, subject)


def _is_of_rancher(view: View, subject: Subject) -> bool:
    person = view.people.find(subject.name) if subject.kind == "User" else None
    return person is not None and person.system


def _is_unread(view: View, rancher: Rancher, cluster: str) -> bool:
    covered = view.prediction is not None and view.prediction.covers(cluster)
    return view.manages and cluster in rancher.clusters and not covered


def _rendered(view: View) -> dict[TemplateBinding, list[ObjectRef]]:
    """Find the RoleBindings that template bindings make in the System project and in namespaces of the platform."""
    found: dict[TemplateBinding, list[ObjectRef]] = {}
    places = view.access.by_namespace
    own = view.projects.system_namespaces()
    meant = sorted(name for name in places if name in own or (name and view.classes.namespace_class(name) == "system"))
    for binding in (item for name in meant for item in places[name]):
        verdict = view.ownership[binding]
        for owner in verdict.owners if verdict.claim is Claim.HOLDS else ():
            if isinstance(owner, TemplateBinding):
                found.setdefault(owner, []).append(binding.source.ref(view.name))
    return found


def _member(  # the parts of a sentence
    view: View,
    rancher: Rancher,
    item: TemplateBinding,
    subject: Subject,
    places: tuple[str, ...],
    related: tuple[ObjectRef, ...],
) -> Problem:
    closure = rancher.templates.closure(item.template).templates
    here = item.cluster == view.rancher_id
    roles = {part.name: view.access.rules(("", part.name)) if here else part.external_rules for part in closure}
    what, severity = consequence(rancher.templates.rules(item.template, roles))
    there = view.access.roles if here else {}
    external = [part.name for part in closure if part.external and ("", part.name) not in there]
    unread = () if here and view.cluster.whole(ClusterRole) else tuple(external)
    possible = bool(unread) and severity is not Severity.CRITICAL
    if possible:
        what = f"may do what ClusterRole {names(unread)} of the cluster allows, which was not read"
    ref = item.source.ref(rancher.cluster.name)
    known = view.projects.find(item.project) if here else None
    project = f"project {item.project}, which has namespaces of the platform" if known and not known.system else ""
    title = f"role template {item.template} in {project or f'the System project {item.project}'}"
    listed = f" ({names(places)})" if places else ""
    return Problem(
        target=ref,
        message=f"{item.source} gives {subject} {title}{listed}: it {what}",
        related=related,
        subjects=(subject,),
        scope=FindingScope(places, item.project),
        chain=(Link("subject", str(subject)), Link("template-binding", f"is bound by {item.source} to {title}", ref)),
        severity=Severity.CRITICAL if possible else severity,
        confidence=Confidence.POSSIBLE if possible else Confidence.CERTAIN,
    )
