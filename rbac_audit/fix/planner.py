"""From findings or a selection to a plan: the same snapshot and the same request give the same plan, byte for byte."""

from collections.abc import Container, Iterable, Iterator, Mapping

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.bindings import RoleKey
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.finding import Finding
from rbac_audit.fix.choose import AllowGain, Chooser
from rbac_audit.fix.convert import Converter
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.leftovers import LEFT, Leftovers
from rbac_audit.fix.offers import Gain, Offers, known_rancher, knows_rancher
from rbac_audit.fix.plan import FORMAT, Consent, Plan, Refusal, Step, Tool
from rbac_audit.fix.refusals import BUILT_IN
from rbac_audit.fix.remove import ABOUT_RELATED, RELABELLED, REMOVED, Remover
from rbac_audit.fix.restore import RESTORED, Restorer
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import ClusterRole, ObjectRef, Role, RoleTemplate
from rbac_audit.snapshot.objects.kubernetes import RBAC

KUBEVIRT_ONLY = "kubevirt-only-binding"
CONVERTED = (KUBEVIRT_ONLY, "raw-binding")
FIXED = tuple(sorted({*CONVERTED, RELABELLED, *REMOVED, *RESTORED, *LEFT, *ABOUT_RELATED}))
"""The rules whose findings can be planned."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to plan: the findings of some rules, or raw bindings chosen by what they are, whom they name, where.

    With `rules`, only their findings; a binding named in `objects` in any case.
    `objects` are written `RoleBinding tenant-a/devs`, `subjects` are in full, `projects` are ids.
    """

    findings: tuple[Finding, ...] = ()
    rules: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    allow_gain: AllowGain = AllowGain.NONE
    digest: str = ""
    version: str = ""


def plan(estate: Estate, view: View, request: Request) -> Plan:
    """Plan for one cluster; raises BadInput where what Rancher would do cannot be known."""
    found = list(_conversions(view, request)) if _converts(request) else []
    restored = list(Restorer(view, _relied_on(found)).plan(_left(view, request, _sources(found))))
    found += restored
    remover = Remover(view, [draft.do for draft in _drafts(restored)])
    found += remover.plan(_left(view, request, _sources(found)))
    found += Leftovers(view).plan(_left(view, request, _sources(found)), _drafts(found))
    found += {item.object: item for item in _elsewhere(view, request)}.values()
    rules = _rules(request.findings)
    numbers = {draft: f"{number:04}" for number, draft in enumerate(sorted(_drafts(found), key=_order), 1)}
    steps = tuple(_step(draft, numbers, rules, request) for draft in numbers)
    return Plan(
        format=FORMAT,
        tool=Tool(version=request.version),
        digest=request.digest,
        cluster=view.name,
        cluster_id=view.rancher_id,
        management=view.rancher.cluster.name if view.rancher else "",
        model=_model(view),
        allow_gain=request.allow_gain.value,
        steps=steps,
        refusals=tuple(sorted((item for item in found if isinstance(item, Refusal)), key=_text)),
        unread=tuple(
            f"{gap.cluster}: {gap.what}: {gap.reason}" for gap in sorted({*estate.snapshot.gaps, *estate.gaps})
        ),
    )


def _wanted(view: View, request: Request) -> Iterator[Binding]:
    """Find the bindings that are wanted gone, in the order of the snapshot."""
    found = (item for item in request.findings if item.rule in CONVERTED)
    convertible = {ref for item in found for ref in (item.object, *item.related)}
    chosen = bool(request.objects or request.subjects or request.projects)
    for binding in view.access.bindings:
        of_finding = binding.source.ref(view.name) in convertible
        wanted = of_finding if request.rules else _is_raw(view, binding)
        if (wanted or str(binding.source) in request.objects) and (not chosen or _matches(view, binding, request)):
            yield binding


def _drafts(found: Iterable[Draft | Refusal]) -> list[Draft]:
    return [item for item in found if isinstance(item, Draft)]


def _relied_on(found: Iterable[Draft | Refusal]) -> frozenset[RoleKey]:
    """Name the roles by what they grant now: what conversions replace, and what they put in its place."""
    places = (condition.target for draft in _drafts(found) for condition in draft.preconditions)
    return frozenset((place.namespace, place.name) for place in places if place.kind in {Role.kind, ClusterRole.kind})


def _sources(found: Iterable[Draft | Refusal]) -> frozenset[ObjectRef]:
    return frozenset(source for item in _drafts(found) for source in item.sources)


def _converts(request: Request) -> bool:
    """Tell whether bindings of Rancher are to be made: only then what Rancher does has to be known."""
    return not request.rules or bool(request.objects) or not set(CONVERTED).isdisjoint(request.rules)


def _conversions(view: View, request: Request) -> Iterator[Draft | Refusal]:
    rancher = known_rancher(view)
    chooser = Chooser(Offers(view, rancher), request.allow_gain, rancher.templates.by_name)
    yield from Converter(view, rancher, chooser).convert(tuple(_wanted(view, request)))


def _model(view: View) -> str:
    if not knows_rancher(view):
        return ""
    return "aggregated" if view.rancher and view.rancher.aggregated else "legacy"


def _left(view: View, request: Request, taken: Container[ObjectRef]) -> Iterator[Finding]:
    """Find what other findings are about, unless a step is there for the object already: nothing is touched twice."""
    chosen = bool(request.objects or request.subjects or request.projects)
    matching = {item.source.ref(view.name) for item in view.access.bindings if _matches(view, item, request)}
    for item in request.findings:
        here = [ref for ref in (item.object, *item.related) if ref.cluster == view.name]
        about = [ref for ref in here if ref not in taken and (not chosen or ref in matching)]
        if about and (item.object in about or item.rule in ABOUT_RELATED):
            yield item


def _elsewhere(view: View, request: Request) -> Iterator[Refusal]:
    """Say of what is wrong in the managing Rancher how it is fixed."""
    if view.rancher is None or view.rancher.cluster is view.cluster:
        return
    for item in request.findings:
        if item.object.cluster == view.rancher.cluster.name and item.rule not in (*CONVERTED, *ABOUT_RELATED):
            where, manual = item.object.cluster, item.fix.text
            if item.object.kind == RoleTemplate.kind:
                reason, manual = BUILT_IN.reason, BUILT_IN.manual
            elif item.object.api_group == RBAC:
                reason = f"it is on cluster {where}, and this plan is for {view.name}"
                manual = f"plan for it: --cluster {where}"
            else:
                reason = f"it is Rancher's own, on cluster {where}: no step deletes what its webhook may not let back"
            yield Refusal(object=str(item.object), reason=reason, manual=manual)


def _is_raw(view: View, binding: Binding) -> bool:
    shipped = view.baseline.variants(binding.source.kind, binding.namespace, binding.name)
    return bool(binding.namespace) and not shipped and view.ownership[binding].claim is Claim.NONE


def _matches(view: View, binding: Binding, request: Request) -> bool:
    project = view.projects.of(binding.namespace)
    return (
        (not request.objects or str(binding.source) in request.objects)
        and (not request.subjects or any(str(item) in request.subjects for item in binding.subjects))
        and (not request.projects or (project is not None and project.id in request.projects))
    )


def _rules(findings: Iterable[Finding]) -> dict[ObjectRef, set[str]]:
    rules: dict[ObjectRef, set[str]] = {}
    for finding in findings:
        # A finding about a whole project names its bindings as related.
        for ref in (finding.object, *(finding.related if finding.rule in (*CONVERTED, *ABOUT_RELATED) else ())):
            rules.setdefault(ref, set()).add(finding.rule)
    return rules


def _step(draft: Draft, numbers: Mapping[Draft, str], rules: dict[ObjectRef, set[str]], request: Request) -> Step:
    because = tuple(_because(draft, request.allow_gain))
    return Step(
        id=numbers[draft],
        after=tuple(sorted(numbers[each] for each in draft.after)),
        action=draft.action,
        title=draft.title,
        rules=tuple(sorted({rule for source in draft.sources for rule in rules.get(source, ())})),
        consent=Consent(needed=bool(because), because=because),
        effects=draft.effects,
        do=draft.do,
        preconditions=draft.preconditions,
        expect=draft.expect,
        undo=draft.undo,
        candidates=draft.candidates,
    )


def _because(draft: Draft, allow: AllowGain) -> Iterator[str]:
    for effect in draft.effects:
        for lost in effect.lost:
            yield f"{effect.subject} loses rights {_places(lost.namespaces)}"
    seen: dict[str, None] = dict.fromkeys(draft.decisions)
    for gain in draft.gains:
        if allow.forbids(gain):
            seen[_gained(gain)] = None
    yield from seen


def _gained(gain: Gain) -> str:
    number = len(gain.rights.words)
    lines = "1 line" if number == 1 else f"{number} lines"
    return f"gain ({gain.reach}) {_places(gain.namespaces)} of {gain.cluster}: {lines} of rights, see effects"


def _places(namespaces: tuple[str, ...]) -> str:
    named = ", ".join(name for name in namespaces if name)
    return f"in {named}" if named else "on the whole cluster"


def _order(draft: Draft) -> tuple[str, int, str]:
    return draft.action, draft.order, str(draft.sources[0])


def _text(refusal: Refusal) -> tuple[str, str]:
    return refusal.object, refusal.subject
