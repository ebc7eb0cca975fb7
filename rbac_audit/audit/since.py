"""What changed since an earlier report, by fingerprint; what was not judged again is never called gone."""

from collections.abc import Callable

import msgspec

from rbac_audit.audit.finding import Finding
from rbac_audit.audit.report import Report, Since


def compared(report: Report, old: Report) -> Report:
    """Add to a report what changed since an old one of the same estate."""
    before = {finding.fingerprint: finding for finding in old.findings}
    now = {finding.fingerprint for finding in report.findings}
    accepted = {finding.fingerprint for finding in report.waived}
    missing = [finding for mark, finding in before.items() if mark not in now]
    judged = _judged(report)
    since = Since(
        date=old.date,
        digest=old.estate.digest,
        new=tuple(finding.fingerprint for finding in report.findings if finding.fingerprint not in before),
        unchanged=len(now & before.keys()),
        gone=tuple(each for each in missing if each.fingerprint not in accepted and judged(each)),
        unjudged=tuple(each for each in missing if each.fingerprint not in accepted and not judged(each)),
        waived=sum(each.fingerprint in accepted for each in missing),
    )
    return msgspec.structs.replace(report, since=since)


def _judged(report: Report) -> Callable[[Finding], bool]:
    """Make the test whether a report would show a finding of an earlier one, were it still there."""
    rules = {result.rule for result in report.rules}
    clusters = {cluster.name for cluster in report.estate.clusters}
    blind = {(missing.rule, missing.cluster) for missing in report.not_evaluated}
    # Filters hide findings without saying which: only without any is what is missing gone.
    return lambda finding: (
        not report.filters
        and finding.rule in rules
        and finding.cluster in clusters
        and blind.isdisjoint({(finding.rule, finding.cluster), (finding.rule, "")})
    )
