"""Who reads the registration tokens of clusters."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.registration_token_readable import RULE
from tests.rules.estate import CLUSTER_ID, RANCHER, estate, found

READ = "{verbs: [get], apiGroups: [management.cattle.io], resources: [clusterregistrationtokens]}"
OWN = "{verbs: [own], apiGroups: [management.cattle.io], resources: [clusters]}"


def template(rules: str, name: str = "rt", parents: str = "", external: str = "false") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
context: cluster
external: {external}
rules: [{rules}]
roleTemplateNames: [{parents}]
---
"""


CRTB = f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb, namespace: {CLUSTER_ID}}}
clusterName: {CLUSTER_ID}
roleTemplateName: rt
groupPrincipalName: "okta_group://installers"
---
"""


def by_hand(subject: str, namespace: str = CLUSTER_ID, labels: str = "", rule: str = READ) -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: own, namespace: {namespace}}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: own, namespace: {namespace}, labels: {{{labels}}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}}
subjects: [{subject}]
---
"""


@pytest.mark.parametrize(
    "text",
    [
        template(READ),
        template(READ.replace("get", "list")),
        template(READ.replace("[get]", '["*"]').replace("clusterregistrationtokens", '"*"')),
        template("", parents="parent") + template(READ, "parent"),
        template("", external="true").replace("rules:", f"externalRules: [{READ}]\nrules:"),
        template("", external="true")
        + f"{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: rt}}, rules: [{READ}]}}\n---\n",
    ],
    ids=["get", "list", "wildcards", "inherited", "external rules", "the ClusterRole behind"],
)
def test_a_template_is_told_with_its_holders(text: str) -> None:
    [finding] = found(RULE, estate("", text + CRTB))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "RoleTemplate rt")
    assert [str(subject) for subject in finding.subjects] == ["Group:okta_group://installers"]
    assert [str(ref) for ref in finding.related] == [f"ClusterRoleTemplateBinding {CLUSTER_ID}/crtb"]


@pytest.mark.parametrize(
    "text",
    [
        template(f"{READ}, {OWN}"),
        template(READ, parents="owner") + template('{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}', "owner"),
        template(READ.replace("get", "delete")),
        template(READ.replace("management.", "provisioning.")),
        template(READ, external="true"),
        template(READ.replace("clusterregistrationtokens", "clusterregistrationtokens/status")),
    ],
    ids=["owns", "inherits an owner", "verb", "group", "rules of an external one", "subresource"],
)
def test_owners_and_other_rights_are_clean(text: str) -> None:
    assert not found(RULE, estate("", text + CRTB))


def test_a_template_that_nobody_has_is_clean() -> None:
    assert not found(RULE, estate("", template(READ)))


BOB = "{kind: User, name: u-bob}"


def test_a_binding_by_hand_is_told() -> None:
    [finding] = found(RULE, estate("", template("") + CRTB + by_hand(BOB)))
    assert str(finding.object) == f"RoleBinding {CLUSTER_ID}/own"
    assert finding.object.cluster == RANCHER
    assert [str(subject) for subject in finding.subjects] == ["User:u-bob"]


@pytest.mark.parametrize(
    "text",
    [
        by_hand(BOB, "elsewhere"),
        by_hand("{kind: ServiceAccount, name: rancher, namespace: cattle-system}"),
        by_hand(BOB, rule=READ.replace("get", "create")),
        by_hand(BOB, labels="authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234_crtb"),
    ],
    ids=["of no cluster", "platform", "verb", "says that it is Rancher's, which other rules judge"],
)
def test_other_bindings_are_not_meant(text: str) -> None:
    assert not found(RULE, estate("", template("") + CRTB + text))
