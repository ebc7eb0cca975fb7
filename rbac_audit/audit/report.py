"""The report: one value that every format shows, so that all say the same."""

import msgspec

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.audit.sections import (
    AccountSummary,
    Capability,
    ClusterSurvival,
    Holding,
    PersonSummary,
    ProjectSummary,
    PublicNamespace,
    TemplateSummary,
)
from rbac_audit.snapshot.estate import Gap

FORMAT = "rbac-audit/report/v1"


class Tool(msgspec.Struct, frozen=True):
    """Which version made the report."""

    version: str


class ClusterSummary(msgspec.Struct, frozen=True):
    """One cluster of the estate.

    `role` is harvester, management or other; `rancher_id` is its id in Rancher (`c-m-…`) and `rancher_id_from` says
    how that is known.
    """

    name: str
    role: str
    objects: int
    origins: tuple[str, ...]
    versions: dict[str, str]
    rancher_id: str = ""
    rancher_id_from: str = ""
    display_name: str = ""


class EstateSummary(msgspec.Struct, frozen=True):
    """What the report is about; `digest` is the sha256 of the canonical snapshot."""

    clusters: tuple[ClusterSummary, ...]
    digest: str
    unknown_kinds: dict[str, int]
    notes: tuple[str, ...] = ()


class NotEvaluated(msgspec.Struct, frozen=True, order=True):
    """A rule that could not be evaluated on a cluster, wholly or (`partly`) for some namespaces or kinds."""

    rule: str
    because: tuple[str, ...]
    cluster: str = ""
    partly: bool = False


class RuleResult(msgspec.Struct, frozen=True):
    """One rule of the run: what it is about, and how many findings it has in this report.

    `planned` says that `rbac-audit fix plan` takes its findings, to plan a change or to refuse one with the reason.
    """

    rule: str
    title: str
    severity: Severity
    findings: int
    why: str
    fix: str
    references: tuple[str, ...]
    planned: bool = False


class Since(msgspec.Struct, frozen=True):
    """What changed since an earlier report: fingerprints of new findings, those that are gone, and what is not known.

    A finding of the earlier report that this one does not have is `gone` only where its rule was judged again; else it
    is `unjudged`: left out by a filter, or not looked at. `waived` ones were accepted since.
    """

    date: str
    digest: str
    new: tuple[str, ...]
    unchanged: int
    gone: tuple[Finding, ...]
    unjudged: tuple[Finding, ...] = ()
    waived: int = 0


class Extract(msgspec.Struct, frozen=True):
    """That the report is about one project only: how many findings that reach it reach further and are left out.

    `cluster_wide` counts the subjects who can act in the project because they can on the whole cluster.
    """

    project: str
    withheld: int
    cluster_wide: int


class Summary(msgspec.Struct, frozen=True):
    """The numbers of the report; `hidden` counts findings that a display filter left out."""

    by_severity: dict[str, int]
    objects: int
    exit_code: int
    findings: int
    hidden: int
    gaps: int
    not_evaluated: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is shown; findings sorted worst first."""

    format: str = FORMAT
    tool: Tool
    date: str
    estate: EstateSummary
    summary: Summary
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    waived: tuple[Finding, ...] = ()
    rules: tuple[RuleResult, ...] = ()
    projects: tuple[ProjectSummary, ...] = ()
    people: tuple[PersonSummary, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    holdings: tuple[Holding, ...] = ()
    filters: dict[str, list[str]] = {}
    templates: tuple[TemplateSummary, ...] = ()
    accounts: tuple[AccountSummary, ...] = ()
    survival: tuple[ClusterSurvival, ...] = ()
    public: tuple[PublicNamespace, ...] = ()
    command: str = ""
    since: Since | None = None
    extract: Extract | None = None
