"""Reports made for tests: the same number always gives the same report."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from msgspec.structs import replace

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
    ClusterSummary,
    EstateSummary,
    NotEvaluated,
    Report,
    RuleResult,
    Since,
    Summary,
    Tool,
)
from rbac_audit.audit.sections import (
    AccountSummary,
    BindingFate,
    Capability,
    ClusterSurvival,
    HeldGrant,
    Holding,
    PersonSummary,
    ProjectSummary,
    PublicBinding,
    PublicNamespace,
    PublicSecret,
    Shared,
    TemplateSummary,
    TokenSummary,
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
        contents={"VirtualMachine": number, "Secret": 1},
        quota={"limitsCpu": "64000m"} if number % 3 else None,
        shared=(
            Shared(
                "VirtualMachineImage",
                (ObjectRef("harvesterhci.io", "VirtualMachineImage", "image-x", f"ns-{number:02}-0", cluster.name),),
                (subject(number * 13),),
            ),
        )
        if number % 2
        else (),
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
                template = "project-member" if who in members else ""
                source = "rancher" if template else ("raw", "unproven", "shipped")[number % 3]
                grant = HeldGrant(binding, source, "ClusterRole edit", can, home.namespaces, template)
                made.append(holding(who, home.cluster, home.id, (grant,), member=who in members))
    through = ObjectRef(RBAC, "ClusterRoleBinding", "crb-operators", "", "harvester-a")
    made.append(holding(person(1), "harvester-a", "", (HeldGrant(through, "raw", "ClusterRole ops", names),)))
    loose = ObjectRef(RBAC, "RoleBinding", "by-hand", "loose", "harvester-b")
    made.append(
        holding(person(2), "harvester-b", "", (HeldGrant(loose, "raw", "Role loose/opener", ("console",), ("loose",)),))
    )
    team = HeldGrant(replace(loose, name="team", namespace="ns-00-0"), "raw", "Role r", ("secrets",), ("ns-00-0",))
    made.append(holding(SubjectRef("Group", "okta_group://team-1"), projects[0].cluster, projects[0].id, (team,)))
    return tuple(sorted(set(made)))


def holding(
    who: SubjectRef, cluster: str, home: str, grants: tuple[HeldGrant, ...], *, member: bool = False
) -> Holding:
    """One row as the audit makes it: the unions follow from the grants."""
    return Holding(
        subject=who,
        cluster=cluster,
        project=home,
        cluster_wide=not any(grant.namespaces for grant in grants),
        namespaces=tuple(sorted({name for grant in grants for name in grant.namespaces})),
        capabilities=tuple(sorted({name for grant in grants for name in grant.capabilities})),
        through=tuple(sorted({grant.through for grant in grants})),
        member=member,
        grants=grants,
    )


def templates() -> tuple[TemplateSummary, ...]:
    """What the role templates of the members say: less than some of them hold, and more."""
    says = {"project-owner": ("bind", "console", "secrets"), "project-member": ("console", "power"), "read-only": ()}
    return tuple(
        TemplateSummary(cluster.name, name, name.replace("-", " ").capitalize(), can)
        for cluster in CLUSTERS[:2]
        for name, can in says.items()
    )


FATES = (
    BindingFate(
        "operator-gc",
        ObjectRef(RBAC, "RoleBinding", "vm-admins-copy", "ns-00-0", "harvester-a"),
        "ClusterRole kubevirt.io:admin",
        (person(4), person(5)),
        "it carries a label of the operator and is not what the operator installs, so the operator deletes it",
        "Take the label off the binding before the upgrade.",
    ),
    BindingFate(
        "kubevirt-role",
        ObjectRef(RBAC, "ClusterRoleBinding", "vm-viewers", "", "harvester-a"),
        "ClusterRole kubevirt.io:view",
        (SubjectRef("Group", "okta_group://team-1"),),
        "kubevirt.io:view is the operator's and changes with its version",
        "Add the subjects to the project with a role template, then delete the binding.",
    ),
    BindingFate(
        "custom-role",
        ObjectRef(RBAC, "RoleBinding", "own", "ns-02-0", "harvester-a"),
        "Role ns-02-0/own",
        (),
        "no code is known that touches it; keep it in version control",
        "Keep it in version control, so that it can be made again.",
    ),
)


def public() -> PublicNamespace:
    """One binding that ships and one that does not, a Secret of either kind, readers and writers."""
    authenticated = SubjectRef("Group", "system:authenticated")
    place = ObjectRef(RBAC, "RoleBinding", "harvester-public", "harvester-public", "harvester-a")
    secret = ObjectRef("", "Secret", "iso-image-template-userdata", "harvester-public", "harvester-a")
    return PublicNamespace(
        cluster="harvester-a",
        project=project(0).id,
        contents={"Secret": 2, "VirtualMachineImage": 1, "VirtualMachineTemplate": 0},
        bindings=(
            PublicBinding(False, replace(place, name="publishers"), "ClusterRole edit", (person(3),), ("images",)),
            PublicBinding(True, place, "ClusterRole view", (authenticated,), ("console", "secrets")),
        ),
        secrets=(
            PublicSecret(False, replace(secret, name="registry-pull"), "kubernetes.io/dockerconfigjson"),
            PublicSecret(True, secret, ""),
        ),
        readers=(authenticated, person(3)),
        writers=((person(3), ("VirtualMachineImage", "Secret")),),
        unread=("KeyPair",),
    )


def since(report: Report) -> Report:
    """The same report with what an earlier one had: every third finding is new, two are gone, one was not judged."""
    marks = tuple(finding.fingerprint for finding in report.findings[::3])
    old = tuple(finding(10_000 + i, report.projects) for i in range(3))
    return replace(
        report,
        since=Since("2026-11-01", "d" * 64, marks, len(report.findings) - len(marks), old[:2], old[2:], waived=1),
    )


def people() -> tuple[PersonSummary, ...]:
    return tuple(
        PersonSummary(
            subject=person(number),
            enabled=number % 9 != 4,
            groups=tuple(f"okta_group://team-{(number + i) % 40}" for i in range(number % 3)),
            groups_as_of=f"2026-0{1 + number % 9}-1{number % 10}T08:30:00Z" if number % 3 else "",
            last_login=f"2026-1{number % 2}-0{1 + number % 9}T06:12:44Z" if number % 4 else "",
            username=f"login-{number}",
            principals=(f"local://{person(number).name}",),
            tokens=(
                TokenSummary(
                    f"token-{number}", "kubeconfig", never_expires=True, expires_at="", cluster="c-m-7vkq2x9n"
                ),
                TokenSummary(
                    f"t-{number}", "session", never_expires=False, expires_at="2026-12-01T00:00:00Z", cluster=""
                ),
                TokenSummary(f"k-{number}", "api-key", never_expires=False, expires_at="", cluster=""),
            )
            if number % 3
            else (),
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
            planned=sample.rule == "kubevirt-only-binding",
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
        templates=templates(),
        accounts=(
            AccountSummary(
                SubjectRef("ServiceAccount", "deployer-3", namespace="ns-03"),
                "harvester-a",
                (ObjectRef("apps", "Deployment", "builder", "ns-03", "harvester-a"),),
            ),
        ),
        survival=(ClusterSurvival("harvester-a", 106, 253, FATES),),
        public=(public(),),
        command="rbac-audit audit estate --format html -o report.html",
    )
