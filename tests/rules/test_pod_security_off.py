"""Where tenants may run privileged pods."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.pod_security_off import RULE
from rbac_audit.snapshot.objects import HarvesterSetting
from tests.rules.estate import CLUSTER_ID, estate, found, not_evaluated

OFF = '{"enabled":false,"whitelistedNamespacesList":"", "privilegedNamespacesList":"", "restrictedNamespacesList":""}'
ON = '{"enabled":true,"whitelistedNamespacesList":"cert-manager"}'
KUBEVIRT = (
    "{apiVersion: kubevirt.io/v1, kind: KubeVirt, metadata: {name: kubevirt, namespace: harvester-system}}\n---\n"
)
BOB, CI = "{kind: User, name: u-bob}", "{kind: ServiceAccount, name: ci}"
PODS = 'verbs: [create], apiGroups: [""], resources: [pods]'
OWNER = f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: cluster-owner}}
builtin: true
context: cluster
rules: [{{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb, namespace: {CLUSTER_ID}}}
clusterName: {CLUSTER_ID}
roleTemplateName: cluster-owner
userName: u-bob
"""


def setting(value: str = "", default: str = OFF) -> str:
    return f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: cluster-pod-security-standard}}
value: '{value}'
default: '{default}'
---
"""


def namespace(name: str, level: str | None = None, more: str = "") -> str:
    labels = f"pod-security.kubernetes.io/enforce: '{level}'" if level is not None else ""
    return f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}{more}}}}}}}\n---\n"


def may(rule: str = PODS, place: str = "shop", who: str = BOB, name: str = "own") -> str:
    """Give somebody a rule in a namespace, cluster-wide for "" ."""
    kind, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{{rule}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: {name}{where}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{who}]
---
"""


def test_the_shipped_state_is_told_once() -> None:
    text = namespace("shop") + namespace("lab") + namespace("quiet") + may() + may(place="lab", who=CI, name="more")
    [finding] = found(RULE, estate(setting() + text))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert str(finding.object) == "Setting cluster-pod-security-standard"
    assert "is off, and 2 subjects may create pods in namespaces lab, shop" in finding.message
    assert [str(ref) for ref in finding.related] == ["Namespace lab", "Namespace shop"]


def test_before_the_setting_there_is_none_to_turn_on() -> None:
    [finding] = found(RULE, estate(KUBEVIRT + namespace("shop") + may()))
    assert str(finding.object) == "Namespace shop"
    assert "cluster-pod-security-standard is not there" in finding.message


@pytest.mark.parametrize("value", [OFF, "", '{"enabled": "true"}', "not JSON", "[]", "[" * 100_000])
def test_only_a_true_enabled_turns_it_on(value: str) -> None:
    [finding] = found(RULE, estate(setting(value) + namespace("shop") + may()))
    assert "is off" in finding.message


@pytest.mark.parametrize(
    ("labels", "words", "confidence"),
    [
        (namespace("shop", "privileged"), "has the label", Confidence.CERTAIN),
        (namespace("shop", "privileged", ', pss.harvesterhci.io/managed: "true"'), "as the setting lists it", None),
        (namespace("shop"), "is left out, although cluster-pod-security-standard is on", Confidence.POSSIBLE),
    ],
)
def test_an_exception_is_told_by_itself(labels: str, words: str, confidence: Confidence | None) -> None:
    [finding] = found(
        RULE, estate(setting(ON) + labels + namespace("lab", "baseline") + may() + may(place="lab", name="l"))
    )
    assert str(finding.object) == "Namespace shop"
    assert words in finding.message
    assert (finding.severity, finding.confidence) == (Severity.HIGH, confidence or Confidence.CERTAIN)
    assert [str(subject) for subject in finding.subjects] == ["User:u-bob"]


@pytest.mark.parametrize("level", ["baseline", "restricted", "", "privilegde"])
@pytest.mark.parametrize("value", [OFF, ON])
def test_a_standard_on_the_namespace_is_enough(value: str, level: str) -> None:
    assert not found(RULE, estate(setting(value) + namespace("shop", level) + may()))


@pytest.mark.parametrize(
    "rule",
    [
        'verbs: ["*"], apiGroups: ["*"], resources: ["*"]',
        "verbs: [create], apiGroups: [batch], resources: [cronjobs]",
        "verbs: [patch], apiGroups: [apps], resources: [deployments]",
        "verbs: [update], apiGroups: [apps], resources: [statefulsets], resourceNames: [db]",
        'verbs: [patch], apiGroups: [""], resources: ["*/ephemeralcontainers"]',
    ],
)
def test_whatever_makes_or_changes_what_runs_counts(rule: str) -> None:
    assert found(RULE, estate(setting() + namespace("shop") + may(rule)))


@pytest.mark.parametrize(
    "text",
    [
        may('verbs: [update, patch], apiGroups: [""], resources: [pods]'),
        may('verbs: [create], apiGroups: [""], resources: [pods/exec]'),
        may('verbs: [create], apiGroups: [""], resources: [pods], resourceNames: [own]'),
        may("verbs: [patch], apiGroups: [apps], resources: [deployments/scale]"),
        may("verbs: [create], apiGroups: [kubevirt.io], resources: [virtualmachines]"),
        may(place="harvester-system"),
        may(place=""),  # cluster-wide-edit tells
        may(who="{kind: ServiceAccount, name: harvester, namespace: harvester-system}"),
    ],
)
def test_other_rights_places_and_people_are_not_meant(text: str) -> None:
    assert not found(RULE, estate(setting() + namespace("shop") + namespace("harvester-system") + text))


def test_who_owns_the_cluster_needs_no_pod_for_it() -> None:
    text = setting() + namespace("shop") + may()
    assert found(RULE, estate(text, OWNER.replace("u-bob", "u-eve")))
    assert not found(RULE, estate(text, OWNER))


def test_a_cluster_that_is_no_harvester_is_not_judged() -> None:
    assert not found(RULE, estate(namespace("shop") + may()))


def test_settings_that_were_not_read_are_said() -> None:
    of = estate(KUBEVIRT + namespace("shop") + may(), unread=[HarvesterSetting])
    [finding] = found(RULE, of)
    assert "cluster-pod-security-standard is not known" in finding.message
    [entry] = not_evaluated(RULE, of)
    assert entry.because == ("no Setting was read from harvester",)
