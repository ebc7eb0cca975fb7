"""From a binding to what a finding says about it: whom it reaches, where, and the chain of reasons."""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import MASTERS, everybody
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Link, SubjectRef
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import ObjectRef, PolicyRule, Subject


def subject_ref(view: View, subject: Subject) -> SubjectRef:
    """Show a subject with the name that Rancher knows for it."""
    return SubjectRef(subject.kind, subject.name, subject.namespace, view.display_name(subject))


def scope_of(view: View, bindings: Iterable[Binding]) -> FindingScope:
    """Say where bindings reach; the project is named when all their namespaces are in the same one."""
    places = sorted({binding.namespace for binding in bindings})
    namespaces = tuple(place for place in places if place)
    found = {view.projects.of(name) for name in namespaces}
    only = found.pop() if len(found) == 1 else None
    return FindingScope(namespaces, only.id if only else "", "" in places)


def owner_of(view: View, binding: Binding) -> TemplateBinding | None:
    """Find the template binding that a binding is really rendered from; None for every other binding."""
    verdict = view.ownership[binding]
    owners = [owner for owner in verdict.owners if isinstance(owner, TemplateBinding)]
    return owners[0] if verdict.claim is Claim.HOLDS and owners else None


def target_of(view: View, binding: Binding) -> ObjectRef:
    """Point at the object that has to change: the owner on the management cluster, else the binding itself."""
    return targets_of(view, (binding,))[0]


def targets_of(view: View, bindings: Iterable[Binding]) -> tuple[ObjectRef, ...]:
    """Point at the objects that have to change, each once: one template binding makes many bindings."""
    makers: dict[Binding | TemplateBinding | GlobalBinding, None] = {}
    for binding in bindings:
        verdict = view.ownership[binding]
        owned = verdict.claim is Claim.HOLDS and verdict.owners and view.rancher
        makers[verdict.owners[0] if owned else binding] = None
    manager = view.rancher.cluster.name if view.rancher else ""
    return tuple(item.source.ref(view.name if isinstance(item, Binding) else manager) for item in makers)


def chain_of(view: View, grant: Grant, subject: Subject) -> tuple[Link, ...]:
    """Spell out why a subject holds a rule, from the subject to the role template binding in Rancher."""
    binding, rule = grant.binding, grant.rule
    if binding is None:
        one_of_them = "" if subject.name == MASTERS else f" is in {MASTERS}, which"
        return (Link("subject", f"{subject}{one_of_them} may do everything, without any binding"),)
    return tuple(_links(view, binding, rule, subject))


def binding_chain(view: View, binding: Binding, subjects: tuple[Subject, ...]) -> tuple[Link, ...]:
    """Spell out how a binding reaches the first of its subjects, whatever its role allows; () for no subject."""
    return chain_of(view, Grant(binding, None), subjects[0]) if subjects else ()


def _links(view: View, binding: Binding, rule: PolicyRule | None, subject: Subject) -> Iterator[Link]:
    name = view.display_name(subject)
    yield Link("subject", f"{subject}{in_brackets(name)}")
    if subject.kind == "Group":
        members = view.people.members(subject.name)
        known = ", ".join(person.display_name or person.user for person in members[:5])
        more = f" and {len(members) - 5} more" if len(members) > 5 else ""
        whom = everybody(subject.name) or "its members are not known"
        yield Link("group", f"members known to Rancher: {known}{more}" if members else whom)
    yield Link("binding", f"is bound by {binding.source} {where(binding.namespace)}", binding.source.ref(view.name))
    role = view.access.roles.get(binding.role)
    words = f"{binding.role_ref.kind} {binding.role_ref.name}"
    yield Link(
        "role", f"to {words}" + ("" if role else ", which does not exist"), role.ref(view.name) if role else None
    )
    if rule is not None:
        yield from _source(view, binding, rule)
        yield Link("rule", f"which allows {describe(rule)}")
    yield from _rendered(view, binding)


def _source(view: View, binding: Binding, rule: PolicyRule) -> Iterator[Link]:
    if binding.role[0]:
        return
    for name in view.access.aggregation.source(binding.role[1], rule):
        yield Link("aggregated-from", f"aggregated from ClusterRole {name}", view.access.roles["", name].ref(view.name))


def _rendered(view: View, binding: Binding) -> Iterator[Link]:
    verdict = view.ownership[binding]
    if verdict.claim is Claim.UNPROVEN:
        yield Link("fact", f"the binding says that Rancher made it ({verdict.marker}), which could not be verified")
    if verdict.claim is not Claim.HOLDS or view.rancher is None:
        return
    manager = view.rancher.cluster.name
    for owner in verdict.owners:
        yield Link("template-binding", f"rendered by Rancher from {owner.source}", owner.source.ref(manager))
        if isinstance(owner, TemplateBinding) and (template := view.rancher.templates.by_name.get(owner.template)):
            title = template.display_name or template.name
            yield Link("role-template", f"which binds role template {template.name} ({title})", template.ref(manager))


def where(namespace: str) -> str:
    """Say where a binding reaches."""
    return f"in namespace {namespace}" if namespace else "in the whole cluster"


def in_brackets(name: str) -> str:
    """Write a display name behind the name itself; nothing where there is none."""
    return f" ({name})" if name else ""


def describe(rule: PolicyRule) -> str:
    """Write a rule in one line, as kubectl users say it."""
    verbs = ",".join(rule.verbs)
    if rule.non_resource_urls and not rule.resources:
        return f"{verbs} on {', '.join(rule.non_resource_urls)}"
    groups = ",".join(group or "core" for group in rule.api_groups)
    names = f" named {', '.join(rule.resource_names)}" if rule.resource_names else ""
    return f"{verbs} on {_short(rule.resources)} in {groups}{names}"


def _short(words: tuple[str, ...], limit: int = 8) -> str:
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more
