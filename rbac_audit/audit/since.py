"""What changed since an earlier report, by fingerprint; what was not judged again is never called gone."""

from collections.abc import Callable

import msgspec

from rbac_audit.audit.filters import Filters, Reached
from rbac_audit.audit.finding import Finding
from rbac_audit.audit.report import Report, Since
from rbac_audit.errors import WrongUse


def compared(report: Report, old: Report, filters: Filters) -> Report:
    """Add to a report what changed since an old one of the same estate, as far as the filters show it.

    Raises WrongUse for an old report that lacks findings, or is about other clusters.
    """
    _check(report, old)
    reached = Reached((project.cluster, project) for project in (*old.projects, *report.projects))
    shown = [each for each in old.findings if filters.shows(each, reached.names(each))]
    before = {finding.fingerprint for finding in shown}
    now = {finding.fingerprint for finding in report.findings}
    accepted = {finding.fingerprint for finding in report.waived}
    missing = [each for each in shown if each.fingerprint not in now]
    open_still = [each for each in missing if each.fingerprint not in accepted]
    judged = _judged(report)
    since = Since(
        date=old.date,
        digest=old.estate.digest,
        new=tuple(each.fingerprint for each in report.findings if each.fingerprint not in before),
        unchanged=sum(each.fingerprint in before for each in report.findings),
        gone=tuple(filter(judged, open_still)),
        unjudged=tuple(each for each in open_still if not judged(each)),
        waived=len(missing) - len(open_still),
    )
    return msgspec.structs.replace(report, since=since)


def _check(report: Report, old: Report) -> None:
    advice = "compare with a whole report of the same estate"
    if old.extract is not None:
        raise WrongUse("option", "--since", "the earlier report is about one project only", advice)
    if old.filters and old.filters != report.filters:
        said = "; ".join(f"{name} {', '.join(values)}" for name, values in sorted(old.filters.items()))
        raise WrongUse("option", "--since", f"the earlier report was made with other filters ({said})", advice)
    clusters = {cluster.name for cluster in report.estate.clusters}
    if clusters.isdisjoint(cluster.name for cluster in old.estate.clusters):
        raise WrongUse("option", "--since", "the earlier report is about other clusters", advice)


def _judged(report: Report) -> Callable[[Finding], bool]:
    """Make the test whether a report would show a finding of an earlier one, were it still there."""
    rules = {result.rule for result in report.rules}
    clusters = {cluster.name for cluster in report.estate.clusters}
    blind = {(missing.rule, missing.cluster) for missing in report.not_evaluated}
    return lambda finding: (
        finding.rule in rules
        and finding.cluster in clusters
        and blind.isdisjoint({(finding.rule, finding.cluster), (finding.rule, "")})
    )
