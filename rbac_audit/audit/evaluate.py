"""Rules over an estate: findings, and what could not be evaluated."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.finding import Finding, Link, SubjectRef, fingerprint
from rbac_audit.audit.report import NotEvaluated
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.advisories import undecided
from rbac_audit.harvester.rancher_advisories import RANCHER
from rbac_audit.snapshot.estate import Cluster, Gap
from rbac_audit.snapshot.objects import KubernetesObject, qualified

_NONE_READ = {
    On.HARVESTER: "no Harvester cluster was read",
    On.MANAGEMENT: "no cluster with the objects of a Rancher was read",
    On.ALL: "no cluster was read",
}


class Outcome(msgspec.Struct, frozen=True):
    """What the rules found, worst first, and where they could not look."""

    findings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]


def evaluate(estate: Estate, rules: Iterable[Rule]) -> Outcome:
    """Evaluate every rule on every cluster that it is about.

    A rule without its inputs, or without any such cluster, is not evaluated, never clean.
    """
    findings: list[Finding] = []
    blind: list[NotEvaluated] = []
    for rule in rules:
        if not any(map(rule.on.takes, estate.views)):
            blind.append(NotEvaluated(rule.id, (_NONE_READ[rule.on],)))
        for view in filter(rule.is_about, estate.views):
            missing = tuple(missing_for(rule, view))
            if not missing and (why := rule.undecided(view)):
                missing = (why,)
            partial = tuple(_partial(rule, view, estate.snapshot.gaps))
            if missing:
                blind.append(NotEvaluated(rule.id, missing, view.name))
                continue
            if partial:
                blind.append(NotEvaluated(rule.id, partial, view.name, partly=True))
            findings.extend(_finding(rule, view, problem) for problem in rule.check(view))
    return Outcome(tuple(sorted(findings, key=lambda finding: finding.order)), tuple(sorted(blind)))


def missing_for(rule: Rule, view: View) -> Iterator[str]:
    """Say what a rule would have to have read of a cluster, and of its Rancher, to look at it at all."""
    yield from (_unread(view.cluster, kind) for kind in rule.needs if not view.cluster.has(kind))
    if rule.uses and not any(view.cluster.has(kind) for kind in rule.uses):
        yield from (_unread(view.cluster, kind) for kind in rule.uses)
    if rule.needs_rancher and view.rancher is None:
        yield f"no Rancher that manages {view.name} was read"
    elif view.rancher is not None:
        rancher = view.rancher.cluster
        yield from (_unread(rancher, kind) for kind in rule.needs_rancher if not rancher.has(kind))
        # A rule that needs them says of somebody that Rancher does not know him.
        half = (kind for kind in rule.needs_rancher if kind in rancher.partial)
        yield from (f"not every {kind.kind} could be read from {rancher.name}" for kind in half)
    if rule.public and PUBLIC in view.cluster.unread_namespaces:
        yield f"namespace {PUBLIC} of {view.name} was not read"


def _partial(rule: Rule, view: View, gaps: Iterable[Gap]) -> Iterator[str]:
    uses = (*rule.uses, *rule.asks_for(view))
    yield from (_unread(view.cluster, kind) for kind in uses if not view.cluster.has(kind))
    read = {view.name: {_qualified(kind) for kind in (*rule.needs, *uses)}}
    if view.rancher is not None:
        rancher = view.rancher.cluster
        yield from (_unread(rancher, kind) for kind in rule.uses_rancher if not rancher.has(kind))
        kinds = (*rule.needs_rancher, *rule.uses_rancher)
        read.setdefault(rancher.name, set()).update(map(_qualified, kinds))
    told: set[str] = set()
    for gap in gaps:
        # A gap of unknown kinds may be of any.
        if gap.cluster in read and not (gap.kinds and read[gap.cluster].isdisjoint(gap.kinds)):
            told.update(gap.namespaces if gap.cluster == view.name else ())
            yield f"{gap.what}: {gap.reason}"
    namespaced = any(kind.namespaced for kind in (*rule.needs, *uses))
    untold = view.cluster.unread_namespaces - told
    if untold and namespaced and not rule.public:
        yield f"{len(untold)} namespaces of {view.name} were not read"


def _unread(cluster: Cluster, kind: type[KubernetesObject]) -> str:
    return f"no {kind.kind} was read from {cluster.name}"


def _qualified(kind: type[KubernetesObject]) -> str:
    return qualified(kind.kind, kind.group)


def _finding(rule: Rule, view: View, problem: Problem) -> Finding:
    subjects = tuple(sorted({subject_ref(view, subject) for subject in problem.subjects}))
    return Finding(
        rule=rule.id,
        severity=problem.severity or rule.severity,
        confidence=problem.confidence,
        cluster=view.name,
        object=problem.target,
        message=_named(problem.message, subjects),
        related=problem.related,
        subjects=subjects,
        scope=problem.scope,
        chain=(*problem.chain, *_published(rule, view, problem)),
        fix=problem.fix or rule.fix,
        references=rule.references,
        fingerprint=fingerprint(rule.id, view.name, problem.target, subjects, problem.key),
    )


def _published(rule: Rule, view: View, problem: Problem) -> Iterator[Link]:
    """Say of each advisory about the object whether the Rancher that makes such objects has the fix."""
    managing = None if rule.on is On.MANAGEMENT else view.rancher
    version = managing.version if managing else view.versions.get("rancher", "")
    for item in (each for each in RANCHER if each.id in problem.advisories):
        lacking = item.lacking(version)
        stand = "has the fix" if lacking is None else "lacks the fix"
        told = f"Rancher {version} {'may lack the fix' if lacking is False else stand}"
        yield Link("fact", f"{item}; {'which version runs is not known' if undecided('Rancher', version) else told}")


def _named(message: str, subjects: Iterable[SubjectRef]) -> str:
    """Call the subjects of a message as people know them, longer subjects first; whom exactly, the finding lists."""
    names = {str(subject): _called(subject) for subject in subjects if subject.display_name}
    names = {text: name for text, name in names.items() if text in message and name not in message}
    return _replaced(message, sorted(names.items(), key=lambda pair: -len(pair[0])))


def _replaced(message: str, names: Sequence[tuple[str, str]]) -> str:
    """Replace each text outside what was replaced before it."""
    if not names:
        return message
    (text, name), *others = names
    return name.join(_replaced(part, others) for part in message.split(text))


def _called(subject: SubjectRef) -> str:
    """A distinguished name is longer than the sentence around it."""
    own = subject.kind.lower() if len(subject.name) > 40 else str(subject)
    return f"{subject.display_name} ({own})"
