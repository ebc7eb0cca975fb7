"""Whole estates audited as the command does it, and which findings name which object."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from rbac_audit.audit.build import Run, build_report
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.filters import Filters
from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.audit.report import Report
from rbac_audit.audit.rule import Rule
from rbac_audit.cli.policies import load_policies
from rbac_audit.fix.planner import FIXED
from rbac_audit.rules import RULES
from rbac_audit.snapshot.file import digest
from rbac_audit.sources import SourceSpec, read_estate


class Named(NamedTuple):
    """An object as a list of faults names it."""

    cluster: str
    kind: str
    namespace: str
    name: str


@cache
def every_rule() -> tuple[Rule, ...]:
    """The rules in code and the shipped policies."""
    return (*RULES, *load_policies()[0])


@cache
def audited(*paths: Path) -> Report:
    """Audit one estate with every rule."""
    snapshot = read_estate([SourceSpec(str(path)) for path in paths])
    estate = Estate(snapshot)
    run = Run("0", "2026-11-25", digest(snapshot), Severity.LOW, planned=FIXED)
    outcome = evaluate(estate, every_rule())
    return build_report(estate, outcome, every_rule(), load_policies()[1], Filters(), run)


def mentioned(finding: Finding) -> set[Named]:
    """The objects that a finding is about: its object, the related ones, those of the chain, accounts."""
    links = (link.object for link in finding.chain if link.object is not None)
    refs = {finding.object, *finding.related, *links}
    found = {Named(ref.cluster, ref.kind, ref.namespace, ref.name) for ref in refs}
    return found | {
        Named(finding.cluster, subject.kind, subject.namespace, subject.name) for subject in finding.subjects
    }


def about(finding: Finding) -> Named:
    """The object of a finding."""
    ref = finding.object
    return Named(ref.cluster, ref.kind, ref.namespace, ref.name)


def at_least(report: Report, severity: Severity) -> list[Finding]:
    """The findings of this severity and worse."""
    return [finding for finding in report.findings if finding.severity.rank <= severity.rank]
