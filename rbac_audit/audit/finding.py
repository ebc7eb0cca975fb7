"""A finding: what is wrong, where, who is affected, the chain that proves it, and what to do."""

import hashlib
from enum import Enum

import msgspec

from rbac_audit.snapshot.objects import ObjectRef


class Severity(Enum):
    """How bad it is; compare with `rank`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical to 4 for info: the order of a report."""
        return list(Severity).index(self)


class Confidence(Enum):
    """`certain`: follows from the objects read; `possible`: depends on something that was not read or not run."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


class Safety(Enum):
    """Whether a fix can be applied as it is, needs a decision, or needs a person."""

    SAFE = "safe"
    CONSENT = "consent"
    MANUAL = "manual"


class Fix(msgspec.Struct, frozen=True):
    """What to do about it."""

    safety: Safety
    text: str


class SubjectRef(msgspec.Struct, frozen=True, order=True):
    """A subject as a report shows it, with the person's name where Rancher knows one."""

    kind: str
    name: str
    namespace: str = ""
    display_name: str = ""

    def __str__(self) -> str:
        """`User:alice`, `Group:devs`, `ServiceAccount:ns/name`."""
        return f"{self.kind}:{self.namespace}/{self.name}" if self.namespace else f"{self.kind}:{self.name}"


class FindingScope(msgspec.Struct, frozen=True):
    """Where the access reaches: `project` is `<cluster id>:<project id>`."""

    namespaces: tuple[str, ...] = ()
    project: str = ""
    cluster_wide: bool = False


class Link(msgspec.Struct, frozen=True):
    """One step of a chain of reasons.

    `step` is one of subject, group, binding, role, aggregated-from, rule, role-template, template-binding, person,
    fact; `text` says the step in words; `object` is there where the step is an object.
    """

    step: str
    text: str
    object: ObjectRef | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one object; the fields are the JSON contract (`reports/report.schema.json`)."""

    rule: str
    severity: Severity
    confidence: Confidence
    cluster: str
    object: ObjectRef
    message: str
    related: tuple[ObjectRef, ...] = ()
    subjects: tuple[SubjectRef, ...] = ()
    scope: FindingScope = FindingScope()
    chain: tuple[Link, ...] = ()
    fix: Fix
    references: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def order(self) -> tuple[int, str, str, ObjectRef, str]:
        """Worst first, then by rule, cluster, object: the order of every report."""
        return (self.severity.rank, self.rule, self.cluster, self.object, self.fingerprint)


def fingerprint(rule: str, cluster: str, target: ObjectRef, subjects: tuple[SubjectRef, ...], key: str = "") -> str:
    """Identify a finding over runs: 16 hex digits of a hash over rule, object, subjects and the rule's own key.

    Subjects are part of it, so that a waiver never covers somebody who was added later; uids and versions are not.
    """
    parts = (
        rule,
        cluster,
        target.api_group,
        target.kind,
        target.namespace,
        target.name,
        key,
        *sorted(map(str, subjects)),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
