"""Reports made for tests: the same number always gives the same report."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from rbac_audit.audit.finding import (
    Confidence,
    Finding,
    FindingScope,
    Fix,
    Link,
    Safety,
    Severity,
    SubjectRef,
    fingerprint,
)
from rbac_audit.audit.report import (
    Capability,
    ClusterSummary,
    EstateSummary,
    Holding,
    NotEvaluated,
    PersonSummary,
    ProjectSummary,
    Report,
    RuleResult,
    Summary,
    Tool,
)
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import ObjectRef

RBAC = "rbac.authorization.k8s.io"
RANCHER = "management.cattle.io"
CLUSTERS = (
    ClusterSummary(
        name="harvester-a",
        role="harvester",
        objects=3_412,
        origins=("bundle-a.zip",),
        versions={"harvester": "v1.6.0", "kubernetes": "v1.33.4+rke2r1"},
        rancher_id="c-m-7vkq2x9n",
        rancher_id_from="from the annotations of its namespaces",
        display_name="Berlin",
    ),
    ClusterSummary(
        name="harvester-b",
        role="harvester",
        objects=1_207,
        origins=("harvester-b.yaml", "more/harvester-b.yaml"),
        versions={},
    ),
    ClusterSummary(
        name="local",
        role="management",
        objects=2_955,
        origins=("rancher-backup.tar.gz",),
        versions={"rancher": "v2.12.1"},
        rancher_id="local",
        rancher_id_from="it is Rancher's own cluster",
        display_name="Rancher",
    ),
)
PROJECT_NAMES = ("Payments", "Research", "Webshop", "Data platform", "Training", "System", "Field offices", "Billing")
GIVEN = ("Ada", "Bruno", "Chioma", "Dilek", "Emil", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kaito", "Leila")
FAMILY = ("Adler", "Bianchi", "Castro", "Dvorak", "Eriksen", "Fofana", "Garcia", "Haddad", "Ivanova", "Jansen", "Kim")
CAPABILITIES = (
    Capability("console", "Open the console of a virtual machine"),
    Capability("secrets", "Read Secrets"),
    Capability("power", "Start, stop and restart virtual machines"),
    Capability("delete", "Delete virtual machines"),
    Capability("images", "Create images"),
    Capability("exec", "Run commands in pods"),
    Capability("bind", "Give rights to others"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A rule of the tests, and what its findings say."""

    rule: str
    title: str
    severity: Severity
    message: str
    safety: Safety
    confidence: Confidence = Confidence.CERTAIN


SAMPLES = (
    Sample(
        "cluster-admin-by-rule",
        "Somebody can do everything on the cluster",
        Severity.CRITICAL,
        "{who} can do everything on the cluster through ClusterRoleBinding {name}",
        Safety.CONSENT,
    ),
    Sample(
        "vm-console-by-outsiders",
        "VM console open to someone outside the project",
        Severity.HIGH,
        "{who} can open every VM console in {namespace} without being a member of the project",
        Safety.CONSENT,
    ),
    Sample(
        "kubevirt-only-binding",
        "Binding to a role that an upgrade replaces",
        Severity.HIGH,
        "RoleBinding {namespace}/{name} points at a role that the next upgrade may replace",
        Safety.SAFE,
        Confidence.POSSIBLE,
    ),
    Sample(
        "secrets-readable-by-viewers",
        "Viewers can read Secrets",
        Severity.MEDIUM,
        "{who} may only look, but can read every Secret in {namespace}",
        Safety.MANUAL,
    ),
    Sample(
        "orphaned-binding",
        "Binding left behind by a deleted project membership",
        Severity.LOW,
        "RoleBinding {namespace}/{name} has no ProjectRoleTemplateBinding any more",
        Safety.SAFE,
    ),
    Sample(
        "duplicate-binding",
        "The same right is given twice",
        Severity.INFO,
        "RoleBinding {namespace}/{name} gives {who} what they already have",
        Safety.SAFE,
    ),
)
QUIET = Sample("public-namespace-write", "Write access to harvester-public", Severity.HIGH, "", Safety.MANUAL)


def token(*parts: object, length: int = 5) -> str:
    """Some letters that look like an object's generated suffix and depend on nothing but the arguments."""
    return sha256(repr(parts).encode()).hexdigest()[:length]


def person(number: int) -> SubjectRef:
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[number // len(GIVEN) % len(FAMILY)]}"
    return SubjectRef("User", f"u-{token('user', number)}", display_name=name if number % 5 else "")


def subject(number: int) -> SubjectRef:
    """Mostly people, some groups and service accounts."""
    if number % 11 == 7:
        return SubjectRef("Group", f"okta_group://team-{number % 40}")
    if number % 7 == 3:
        return SubjectRef("ServiceAccount", f"deployer-{number % 9}", namespace=f"ns-{number % 60:02}")
    return person(number % 130)


def project(number: int) -> ProjectSummary:
    cluster = CLUSTERS[number % 2]
    name = PROJECT_NAMES[number % len(PROJECT_NAMES)]
    members = tuple((person(number * 3 + i), ("project-owner", "project-member", "read-only")[i % 3]) for i in range(4))
    return ProjectSummary(
        cluster=cluster.name,
        id=f"{cluster.rancher_id or 'c-m-unlinked'}:p-{token('project', number)}",
        name=name if number < len(PROJECT_NAMES) else f"{name} {number}",
        system=name == "System",
        namespaces=tuple(f"ns-{number:02}-{i}" for i in range(1 + number % 4)),
        members=members if name != "Training" else (),
    )


def finding(number: int, projects: tuple[ProjectSummary, ...]) -> Finding:
    sample = SAMPLES[number % len(SAMPLES)] if number % 3 else SAMPLES[number % 2 + 3]
    home = projects[number * 7 % len(projects)]
    namespace = home.namespaces[number % len(home.namespaces)]
    who = subject(number)
    name = f"rb-{token('binding', number, length=10)}"
    wide = sample.severity is Severity.CRITICAL
    kind = "ClusterRoleBinding" if wide else "RoleBinding"
    target = ObjectRef(RBAC, kind, name, "" if wide else namespace, home.cluster)
    role = ObjectRef(RBAC, "ClusterRole", ("admin", "edit", "view", "vm-user")[number % 4], "", home.cluster)
    shown = who.display_name or who.name
    return Finding(
        rule=sample.rule,
        severity=sample.severity,
        confidence=sample.confidence,
        cluster=home.cluster,
        object=target,
        message=sample.message.format(who=shown, name=name, namespace=namespace),
        related=(role,),
        subjects=(who, subject(number + 1)) if number % 4 == 0 else (who,),
        scope=FindingScope(() if wide else (namespace,), "" if wide else home.id, wide),
        chain=(
            Link("subject", f"{shown} is named in the binding"),
            Link("binding", f"{target} gives the role {role.name}", target),
            Link("role", f"{role} allows get on virtualmachineinstances/console", role),
            Link("fact", f"{shown} is not a member of {home.name}"),
        ),
        fix=Fix(sample.safety, f"Delete {target}, then add {shown} to the project {home.name} if they need it."),
        references=("https://example.org/docs/rbac", "CIS 5.1.3"),
        fingerprint=fingerprint(sample.rule, home.cluster, target, (who,)),
    )


def holdings(projects: tuple[ProjectSummary, ...]) -> tuple[Holding, ...]:
    """Members and some outsiders in each project, an operator of a whole cluster, and somebody outside projects."""
    names = tuple(each.name for each in CAPABILITIES)
    made = []
    for number, home in enumerate(projects):
        members = {member for member, _ in home.members}
        for i, who in enumerate((*sorted(members)[:3], subject(number * 13), subject(number * 5 + 1))):
            binding = ObjectRef(RBAC, "RoleBinding", f"rb-{token(number, i)}", home.namespaces[0], home.cluster)
            can = names[i % 3 : 2 + (number + i) % 5]
            if can:
                row = (who, home.cluster, home.id, False, home.namespaces, can, (binding,), who in members)
                made.append(Holding(*row))
    through = ObjectRef(RBAC, "ClusterRoleBinding", "crb-operators", "", "harvester-a")
    made.append(Holding(person(1), "harvester-a", "", True, (), names, (through,), False))
    loose = ObjectRef(RBAC, "RoleBinding", "by-hand", "loose", "harvester-b")
    made.append(Holding(person(2), "harvester-b", "", False, ("loose",), ("console",), (loose,), False))
    return tuple(sorted(set(made)))


def people() -> tuple[PersonSummary, ...]:
    return tuple(
        PersonSummary(
            subject=person(number),
            enabled=number % 9 != 4,
            groups=tuple(f"okta_group://team-{(number + i) % 40}" for i in range(number % 3)),
            groups_as_of=f"2026-0{1 + number % 9}-1{number % 10}T08:30:00Z" if number % 3 else "",
            last_login=f"2026-1{number % 2}-0{1 + number % 9}T06:12:44Z" if number % 4 else "",
        )
        for number in range(60)
    )


GAPS = (
    Gap(
        "harvester-b",
        "Secrets in 3 namespaces",
        "the server answered 403 Forbidden",
        "Give the reader get and list on secrets, or pass the namespaces with --namespace.",
        ("Secret",),
        ("ns-01-0", "ns-01-1", "ns-03-0"),
    ),
    Gap("local", "Rancher's group members", "no GroupMember objects in the backup", "Make a full backup."),
)
NOT_EVALUATED = (
    NotEvaluated("public-namespace-write", ("no VirtualMachineImage was read",)),
    NotEvaluated("secrets-readable-by-viewers", ("Secret was not read in 3 namespaces",), "harvester-b", partly=True),
)


def rules(findings: tuple[Finding, ...]) -> tuple[RuleResult, ...]:
    return tuple(
        RuleResult(
            rule=sample.rule,
            title=sample.title,
            severity=sample.severity,
            findings=sum(finding.rule == sample.rule for finding in findings),
            why=f"{sample.title}: whoever can do this can also see what others keep there.\nIt is rarely meant.",
            fix="Remove the binding, and add the people to the project who need the access.",
            references=("https://example.org/docs/rbac",),
        )
        for sample in (*SAMPLES, QUIET)
    )


def summary(findings: tuple[Finding, ...], gaps: int, not_evaluated: int, hidden: int = 0) -> Summary:
    levels = {each.value: sum(finding.severity is each for finding in findings) for each in Severity}
    objects = sum(cluster.objects for cluster in CLUSTERS)
    code = 1 if findings else 3 if gaps or not_evaluated else 0
    return Summary(levels, objects, code, len(findings), hidden, gaps, not_evaluated)


def estate(kinds: dict[str, int] | None = None) -> EstateSummary:
    notes = ("The cluster harvester-b is not managed by the Rancher that was read.",)
    return EstateSummary(CLUSTERS, sha256(b"estate").hexdigest(), kinds or {}, notes)


@cache
def report(number_of_findings: int, *, gaps: bool = True, projects: int = 12, waived: int = 0) -> Report:
    """A report with that many findings, sorted worst first as the audit does."""
    homes = tuple(project(number) for number in range(projects))
    found = tuple(sorted((finding(i, homes) for i in range(number_of_findings)), key=lambda each: each.order))
    unread, missing = (GAPS, NOT_EVALUATED) if gaps else ((), ())
    return Report(
        tool=Tool("0.1.0"),
        date="2026-11-24",
        estate=estate({"Widget.example.org": 14, "Gadget.example.org": 3}),
        summary=summary(found, len(unread), len(missing), hidden=2 if gaps else 0),
        findings=found,
        gaps=unread,
        not_evaluated=missing,
        waived=tuple(finding(-1 - i, homes) for i in range(waived)),
        rules=rules(found),
        projects=homes,
        people=people(),
        capabilities=CAPABILITIES,
        holdings=holdings(homes),
        filters={"severity": ["medium", "high"]} if gaps else {},
    )
