"""The report: one value that every format shows, so that all say the same."""

import msgspec

from rbac_audit.audit.finding import Finding, Severity, SubjectRef
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import ObjectRef

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
    """One rule of the run: what it is about and how many findings it has in this report."""

    rule: str
    title: str
    severity: Severity
    findings: int
    why: str
    fix: str
    references: tuple[str, ...]


class Holding(msgspec.Struct, frozen=True, order=True):
    """What a subject can do in a project (or, with project "", outside projects or cluster-wide).

    One row for each subject, cluster, project and reach; `capabilities` are names of `Report.capabilities`, `through`
    the bindings, or the template bindings behind them; `member` says whether Rancher shows the subject in that
    project.
    """

    subject: SubjectRef
    cluster: str
    project: str
    cluster_wide: bool
    namespaces: tuple[str, ...]
    capabilities: tuple[str, ...]
    through: tuple[ObjectRef, ...]
    member: bool


class ProjectSummary(msgspec.Struct, frozen=True):
    """A project: its namespaces on the Harvester cluster and who is a member by which role template."""

    cluster: str
    id: str
    name: str
    system: bool
    namespaces: tuple[str, ...]
    members: tuple[tuple[SubjectRef, str], ...]


class PersonSummary(msgspec.Struct, frozen=True):
    """A person as Rancher knows them; `groups_as_of` is when the groups were last learnt."""

    subject: SubjectRef
    enabled: bool
    groups: tuple[str, ...]
    groups_as_of: str
    last_login: str


class Capability(msgspec.Struct, frozen=True):
    """A column of the matrix: something a person can do, in words."""

    name: str
    title: str


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
