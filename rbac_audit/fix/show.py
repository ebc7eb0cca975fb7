"""A plan for people: as a table of steps, as a difference of manifests, and as one HTML page to mail."""

from collections.abc import Iterator, Mapping

import yaml

from rbac_audit.fix.plan import Candidate, Change, Difference, Edits, Plan, Refusal, Step
from rbac_audit.report import html
from rbac_audit.report.text import count

REACH = {
    "project": "in the project",
    "standing": "with every project binding",
    "management": "on the management cluster",
    "cluster": "ON THE WHOLE CLUSTER",
    "namespace": "in the namespace",
}


def table(plan: Plan) -> Iterator[str]:
    """Say what each step does, to whom, and what needs a decision."""
    model = f"{plan.model} model" if plan.model else "without what its Rancher makes, which was not read"
    known = ", ".join(filter(None, (plan.cluster_id, model)))
    yield f"plan for {plan.cluster} ({known}), made by rbac-audit {plan.tool.version}"
    yield f"from snapshot {plan.digest[:16] or 'unknown'}, gains allowed without consent: {plan.allow_gain}"
    for step in plan.steps:
        yield ""
        yield from _step(step)
    if plan.refusals:
        yield ""
        yield "not planned:"
        yield from (line for refusal in plan.refusals for line in _refusal(refusal))
    yield ""
    yield from (f"not read: {line}" for line in plan.unread)
    waiting, writes = _totals(plan)
    done = f"{count(len(plan.steps), 'step')} with {count(writes, 'write')}"
    yield f"{done}, {waiting} without the consent they need, {len(plan.refusals)} refused"


def page(plan: Plan) -> str:
    """Write it as one HTML file in the look of the report."""
    waiting, writes = _totals(plan)
    told = {"state": _state, "weighed": _weighed, "edits": _edits, "count": count, "reach": REACH}
    return html.page("plan.html.j2", plan=plan, waiting=waiting, writes=writes, **told)


def _totals(plan: Plan) -> tuple[int, int]:
    """Count the steps without the consent that they need, and the writes of all."""
    return sum(not step.agreed for step in plan.steps), sum(len(step.do) for step in plan.steps)


def _step(step: Step) -> Iterator[str]:
    yield f"{step.id}  {step.action}  [{_state(step)}]  {step.title}"
    yield from (f"      consent: {reason}" for reason in step.consent.because)
    if step.after:
        yield f"      comes after {', '.join(step.after)}, without which it would do something else"
    yield from (f"      {line}" for line in _edits(step.do))
    for effect in step.effects:
        name = f" ({effect.display_name})" if effect.display_name else ""
        kept = sorted({namespace for kept in effect.kept for namespace in kept.namespaces})
        yield f"      {effect.subject}{name}" + (f" keeps all it has in {', '.join(kept)}" if kept else "")
        yield from (line for item in effect.gained for line in _difference("gains", item))
        yield from (line for item in effect.lost for line in _difference("loses", item))
    for item in step.candidates:
        yield f"      role template {item.role_template}: {_weighed(item)}, adds {item.adds}"


def _state(step: Step) -> str:
    if not step.agreed:
        return "needs consent"
    return "ready, consent given" if step.consent.needed else "ready"


def _weighed(item: Candidate) -> str:
    return "chosen" if item.chosen else "lacks some" if item.lacks else "would do"


def _difference(verb: str, item: Difference) -> Iterator[str]:
    places = ", ".join(name for name in item.namespaces if name)
    yield f"        {verb} {REACH[item.reach]}{f' ({places})' if places else ''} of {item.cluster}:"
    yield from (f"          {line}" for line in item.rights)


def _edits(edits: Edits) -> Iterator[str]:
    for creation in edits.creates:
        yield f"+ {_name(creation.manifest)} on {creation.cluster}"
    for change in edits.changes:
        yield f"~ {change.target} on {change.target.cluster}: {_what(change)}"
    for target in edits.deletes:
        yield f"- {target} on {target.cluster}"


def _what(change: Change) -> str:
    words = [f"set {name}" for name in change.fields]
    words += [f"label {name}" + ("" if value is None else f"={value}") for name, value in change.labels.items()]
    return ", ".join(words)


def _name(manifest: Mapping[str, object]) -> str:
    metadata = manifest["metadata"]
    space, name = (metadata.get("namespace", ""), metadata["name"]) if isinstance(metadata, dict) else ("", "")
    return f"{manifest['kind']} {space}/{name}" if space else f"{manifest['kind']} {name}"


def _refusal(refusal: Refusal) -> Iterator[str]:
    yield f"  {refusal.object}" + (f", {refusal.subject}" if refusal.subject else "") + f": {refusal.reason}"
    yield f"    instead: {refusal.manual}"
    yield from (f"    {line}" for line in _edits(refusal.change))
    for item in refusal.effect.gained if refusal.effect else ():
        yield from (f"  {line}" for line in _difference("gains", item))


def difference(plan: Plan) -> Iterator[str]:
    """Write what comes and what goes as a difference of manifests."""
    for step in plan.steps:
        yield f"# step {step.id}: {step.title}"
        for creation in step.do.creates:
            yield from _document("+", creation.cluster, creation.manifest)
        for old, new in zip(step.undo.changes, step.do.changes, strict=True):
            yield from _change(old, new)
        for creation in step.undo.creates:
            yield from _document("-", creation.cluster, creation.manifest)


def _change(old: Change, new: Change) -> Iterator[str]:
    yield f"@@ {new.target.cluster}: {new.target}"
    for sign, change in (("-", old), ("+", new)):
        labels = {name: value for name, value in change.labels.items() if value is not None}
        content = {**change.fields, **({"labels": labels} if labels else {})}
        yield from _lines(sign, content) if content else ()


def _document(sign: str, cluster: str, manifest: Mapping[str, object]) -> Iterator[str]:
    yield f"@@ {cluster}: {_name(manifest)}"
    yield from _lines(sign, manifest)


def _lines(sign: str, content: Mapping[str, object]) -> Iterator[str]:
    text = yaml.dump(dict(content), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10_000)
    yield from (f"{sign}{line}" for line in text.splitlines())
