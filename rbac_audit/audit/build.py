"""The report put together: findings after the display filters, the numbers, and the estate behind them."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from rbac_audit.audit.capabilities import CapabilitySpec, columns, holdings, templates
from rbac_audit.audit.contents import accounts, added_up, contents, quotas, shared
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import Outcome
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.filters import Filters, Reached
from rbac_audit.audit.finding import Finding, Severity, SubjectRef
from rbac_audit.audit.public import public
from rbac_audit.audit.report import ClusterSummary, EstateSummary, Report, RuleResult, Summary, Tool
from rbac_audit.audit.rule import Rule
from rbac_audit.audit.sections import Holding, PersonSummary, ProjectSummary, TokenSummary
from rbac_audit.audit.survival import survival
from rbac_audit.snapshot.objects import Subject


class Run(msgspec.Struct, frozen=True):
    """What a report needs beside the estate: who made it, when, of which snapshot, and when to fail.

    `command` is the command line that asked for it; `planned` are the rules whose findings `fix plan` takes.
    """

    version: str
    date: str
    digest: str
    fail_on: Severity
    command: str = ""
    planned: tuple[str, ...] = ()


def build_report(
    estate: Estate,
    outcome: Outcome,
    rules: Iterable[Rule],
    capabilities: tuple[CapabilitySpec, ...],
    filters: Filters,
    run: Run,
) -> Report:
    """Put the report together; the exit code is that of what is shown."""
    reached = Reached((view.name, project) for view in estate.views for project in view.projects.all)
    shown = tuple(item for item in outcome.findings if filters.shows(item, reached.names(item)))
    gaps = tuple(sorted({*estate.snapshot.gaps, *estate.gaps}))
    counts = Counter(finding.severity for finding in shown)
    blind = bool(gaps or outcome.not_evaluated)
    held = tuple(sorted(row for view in estate.harvesters for row in holdings(view, capabilities)))
    failing = any(finding.severity.rank <= run.fail_on.rank for finding in shown)
    return Report(
        tool=Tool(run.version),
        date=run.date,
        estate=_estate(estate, run.digest),
        summary=Summary(
            by_severity={severity.value: counts[severity] for severity in Severity},
            objects=sum(map(len, estate.snapshot.clusters)),
            exit_code=1 if failing else 3 if blind else 0,
            findings=len(shown),
            hidden=len(outcome.findings) - len(shown),
            gaps=len(gaps),
            not_evaluated=len(outcome.not_evaluated),
        ),
        findings=shown,
        gaps=gaps,
        not_evaluated=outcome.not_evaluated,
        rules=_rules(rules, shown, run.planned),
        projects=tuple(project for view in estate.harvesters for project in _projects(view)),
        people=_people(estate),
        capabilities=columns(capabilities),
        holdings=held,
        filters=filters.stated(),
        templates=tuple(row for view in estate.harvesters for row in templates(view, capabilities)),
        accounts=tuple(row for view in estate.harvesters for row in accounts(view, _accounts(view, held))),
        survival=tuple(survival(view) for view in estate.harvesters),
        public=tuple(row for view in estate.harvesters if (row := public(view, capabilities)) is not None),
        command=run.command,
    )


def _estate(estate: Estate, digest: str) -> EstateSummary:
    snapshot = estate.snapshot
    clusters = tuple(_cluster(view) for view in estate.views)
    return EstateSummary(clusters, digest, dict(snapshot.unknown_kinds), snapshot.notes)


def _cluster(view: View) -> ClusterSummary:
    managed = view.rancher.clusters.get(view.rancher_id) if view.rancher else None
    return ClusterSummary(
        name=view.name,
        role=view.role,
        objects=len(view.cluster),
        origins=view.cluster.origins,
        versions=view.versions,
        rancher_id=view.rancher_id,
        rancher_id_from=view.rancher_id_from,
        display_name=managed.spec.display_name if managed else "",
    )


def _rules(rules: Iterable[Rule], shown: Iterable[Finding], planned: tuple[str, ...]) -> tuple[RuleResult, ...]:
    counts = Counter(finding.rule for finding in shown)
    return tuple(
        RuleResult(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            findings=counts[rule.id],
            why=rule.why,
            fix=rule.fix.text,
            references=rule.references,
            planned=rule.id in planned,
        )
        for rule in sorted(rules, key=lambda rule: rule.id)
    )


def _projects(view: View) -> Iterable[ProjectSummary]:
    members: dict[str, list[tuple[SubjectRef, str]]] = {}
    for binding in view.rancher.bindings if view.rancher else ():
        if binding.project and binding.subject:
            members.setdefault(binding.project, []).append((subject_ref(view, binding.subject), binding.template))
    lying, seen, limits = contents(view), shared(view), quotas(view)
    for project in view.projects.all:
        yield ProjectSummary(
            cluster=view.name,
            id=project.id,
            name=project.name,
            system=project.system,
            namespaces=project.namespaces,
            members=tuple(sorted(members.get(project.id, ()))),
            contents=added_up(view, lying, project.namespaces),
            quota=limits.get(project.id),
            shared=seen.get(project.id, ()),
        )


def _accounts(view: View, held: Iterable[Holding]) -> set[Subject]:
    rows = (row.subject for row in held if row.cluster == view.name and row.subject.kind == "ServiceAccount")
    return {Subject(kind=row.kind, name=row.name, namespace=row.namespace) for row in rows}


def _people(estate: Estate) -> tuple[PersonSummary, ...]:
    people = [person for rancher in estate.ranchers for person in rancher.people.all if not person.system]
    return tuple(
        PersonSummary(
            subject=SubjectRef("User", person.user, "", person.display_name),
            enabled=person.enabled,
            groups=person.groups,
            groups_as_of=person.groups_as_of,
            last_login=person.last_login,
            username=person.username,
            principals=person.principals,
            tokens=tuple(TokenSummary(*msgspec.structs.astuple(token)) for token in person.tokens),
        )
        for person in sorted(people, key=lambda person: person.user)
    )
