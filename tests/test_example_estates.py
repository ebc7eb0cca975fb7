"""The example estates audited: every fault of their READMEs is found, and the clean ones are clean."""

import re
from pathlib import Path

import pytest

from rbac_audit.audit.finding import Finding, Severity
from tests.estates import about, at_least, audited, every_rule, mentioned

EXAMPLES = Path(__file__).parent.parent / "examples"
TENANCY = ("tenancy-legacy", "tenancy-aggregated")

# The faults of lived-in: the rule that finds each, and the objects of its README.
FAULTS = {
    "F01": ("kubevirt-only-binding", ["RoleBinding webstore-front/tomas-console"]),
    "F02": ("kubevirt-only-binding", ["RoleBinding ledger-books/oncall-vms"]),
    "F03": ("kubevirt-only-binding", ["RoleBinding webstore-back/order-watchers"]),
    "F04": ("operator-label-copied", ["RoleBinding research-gpu/research-migrate"]),
    "F05": ("shipped-role-edited", ["ClusterRole kubevirt.io:view"]),
    "F06": ("operator-binding-subject-added", ["ClusterRoleBinding kubevirt.io:default"]),
    "F07": ("dangling-role-ref", ["RoleBinding webstore-back/backup-agent"]),
    "F08": ("aggregation-changed", ["ClusterRole inventory-viewer"]),
    "F09": ("public-namespace-write", ["RoleBinding harvester-public/image-librarians"]),
    "F10": ("public-namespace-secret", ["Secret harvester-public/registry-login"]),
    "F11": ("public-namespace-in-project", ["Namespace harvester-public"]),
    "F12": ("broad-group-binding", ["RoleBinding research-scratch/open-bench"]),
    "F13": ("anonymous-access", ["RoleBinding webstore-front/status-page"]),
    "F14": ("cluster-admin-equivalent", ["ClusterRoleBinding sven-emergency"]),
    "F15": ("wildcard-role", ["ClusterRole toolbox", "RoleBinding ledger-books/month-end-toolbox"]),
    "F16": ("cluster-wide-secret-read", ["ClusterRoleBinding ledger-view-everywhere"]),
    "F17": ("cluster-wide-edit", ["ClusterRoleTemplateBinding c-m-t5n2vq8c/crtb-2yobzwmaze"]),
    "F18": ("system-project-member", ["ProjectRoleTemplateBinding c-m-t5n2vq8c-p-s7f9j/prtb-cmf6pip3tu"]),
    "F19": ("forged-ownership", ["RoleBinding ledger-books/rb-4c7u2mkq5w"]),
    "F20": ("orphaned-rancher-binding", ["RoleBinding research-gpu/rb-rwx5cn3dol"]),
    "F21": ("unknown-subject", ["RoleBinding webstore-back/summer-intern"]),
    "F22": (
        "disabled-user-bound",
        ["User u-c7m4k", "ProjectRoleTemplateBinding c-m-t5n2vq8c-p-9tq5m/prtb-wgzbut3zsk"],
    ),
    "F23": ("locked-role-template-bound", ["ProjectRoleTemplateBinding c-m-t5n2vq8c-p-h2x8c/prtb-54qrykihls"]),
    "F24": ("settings-write", ["ClusterRole cluster-settings-editor", "ClusterRoleBinding marcus-settings"]),
    "F25": ("addons-write", ["ProjectRoleTemplateBinding c-m-t5n2vq8c-p-9tq5m/prtb-q7zv5i44tg"]),
    "F26": ("escalation-verbs", ["RoleBinding webstore-back/tomas-tokens", "RoleBinding webstore-back/releaser-roles"]),
    "F27": ("foreign-service-account", ["RoleBinding ledger-books/training-results"]),
    "F28": ("namespace-outside-project", ["Namespace attic"]),
    "F29": ("registration-url-insecure", ["Setting cluster-registration-url"]),
    "F30": ("leftover-cluster-admin-agent", ["ClusterRoleBinding cattle-admin-binding"]),
    "F31": ("cross-project-reference", ["VirtualMachineRestore research-scratch/books-numbers"]),
    "F32": ("vm-network-shared", ["NetworkAttachmentDefinition research-gpu/office"]),
    "F33": ("open-ip-pool", ["IPPool office"]),
}
# Near-misses with no finding at all, and below those which only the named rules may speak of.
CLEAN = {
    "N01": ["RoleBinding webstore-front/developers-migrate"],
    "N02": ["ClusterRole kubevirt-night-shift", "RoleBinding research-gpu/night-shift"],
    "N03": ["RoleBinding webstore-back/exporter-orders"],
    "N04": ["RoleBinding research-scratch/oncall-pods"],
    "N05": ["ClusterRoleBinding harvester-authenticated"],
    "N06": ["ClusterRoleBinding harvester", "ClusterRoleBinding longhorn-support-bundle", "ClusterRoleBinding rancher"],
    "N07": ["ClusterRoleBinding cdi.kubevirt.io:config-reader"],
    "N08": [
        "Secret harvester-public/iso-image-template-userdata",
        "Secret harvester-public/raw-image-template-userdata",
    ],
    "N09": ["KeyPair harvester-public/it-desk"],
    "N10": ["RoleBinding research-gpu/rb-2himqitetk"],
    "N11": ["ClusterRoleBinding crb-oikbjctw64"],
    "N12": ["Namespace drafts"],
    "N13": ["User u-j3qrd5d7wn"],
    "N14": ["RoleTemplate rt-vm-snapshots"],
    "N15": ["VirtualMachineRestore webstore-front/nginx-1-again"],
    "N16": ["NetworkAttachmentDefinition webstore-front/vlan-310", "IPPool webstore"],
}
# F10's Secret is readable through the binding of N05, which is said of the binding, as a matter of Secrets.
SAID = {("N05", "RoleBinding harvester-public/harvester-public"): {"secrets-readable-by-viewers"}}
# The only findings above info in a clean estate: its README says that read-only members read Secrets, and the pod
# security setting is off, as it comes.
TRUE_OF_STOCK = {"secrets-readable-by-viewers", "pod-security-off"}


def lived_in() -> tuple[Finding, ...]:
    return audited(EXAMPLES / "lived-in").findings


def texts(finding: Finding) -> set[str]:
    """What a finding is about, as the tables write it."""
    return {
        f"{it.kind} {it.namespace}/{it.name}" if it.namespace else f"{it.kind} {it.name}" for it in mentioned(finding)
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    rule, objects = FAULTS[fault]
    seen = {text for finding in lived_in() if finding.rule == rule for text in texts(finding)}
    assert set(objects) <= seen


@pytest.mark.parametrize("miss", CLEAN)
def test_a_near_miss_is_not_flagged(miss: str) -> None:
    assert [finding for finding in lived_in() if str(finding.object) in CLEAN[miss]] == []


@pytest.mark.parametrize(("miss", "text"), SAID)
def test_a_near_miss_is_only_flagged_for_what_is_true_of_it(miss: str, text: str) -> None:
    assert {finding.rule for finding in lived_in() if str(finding.object) == text} == SAID[miss, text]


def test_nothing_but_the_planted_faults_is_serious() -> None:
    planted = {text for _, objects in FAULTS.values() for text in objects}
    report = audited(EXAMPLES / "lived-in")
    assert {str(finding.object) for finding in at_least(report, Severity.HIGH)} <= planted


def test_the_readme_lists_the_same_faults_and_near_misses() -> None:
    text = (EXAMPLES / "lived-in/README.md").read_text("utf-8")
    assert set(re.findall(r"^\| (F\d\d) \|", text, re.MULTILINE)) == set(FAULTS)
    assert set(re.findall(r"^\| (N\d\d) \|", text, re.MULTILINE)) == set(CLEAN)
    objects = [text for _, named in FAULTS.values() for text in named] + [
        it for named in CLEAN.values() for it in named
    ]
    missing = [it for it in objects if it.split(" ")[1].split("/")[-1] not in text]
    assert missing == []


@pytest.mark.parametrize("estate", TENANCY)
def test_a_clean_estate_is_clean(estate: str) -> None:
    report = audited(EXAMPLES / estate)
    assert {finding.rule for finding in at_least(report, Severity.LOW)} == TRUE_OF_STOCK
    assert at_least(report, Severity.HIGH) == []
    assert not report.gaps
    assert not [item for item in report.not_evaluated if not item.partly]


def test_both_models_of_rancher_give_the_same_findings() -> None:
    legacy, aggregated = (
        [
            (finding.rule, finding.severity, about(finding), finding.subjects)
            for finding in audited(EXAMPLES / it).findings
        ]
        for it in TENANCY
    )
    assert legacy == aggregated


def test_every_rule_is_evaluated_on_the_examples() -> None:
    """Without this, a rule that cannot look would pass as clean above."""
    blind = {item.rule for it in (*TENANCY, "lived-in") for item in audited(EXAMPLES / it).not_evaluated}
    assert blind == set()
    assert {rule for rule, _ in FAULTS.values()} <= {rule.id for rule in every_rule()}
