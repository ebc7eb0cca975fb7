import pytest

from rbac_audit.audit.sections import ClusterSurvival
from rbac_audit.audit.survival import survival
from rbac_audit.harvester.survival import Survival
from rbac_audit.rancher.naming import role_binding_name
from tests.rules.estate import estate, view

ESTATE = f"""
{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: own, namespace: shop}}}}
---
{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: "kubevirt.io:view"}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: gone, namespace: shop}}
roleRef: {{kind: ClusterRole, name: gone}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: own, namespace: shop}}
roleRef: {{kind: Role, name: own}}
subjects: [{{kind: User, name: u-bob}}, {{kind: ServiceAccount, name: ci}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: viewers}}
roleRef: {{kind: ClusterRole, name: "kubevirt.io:view"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: copied, namespace: shop, labels: {{app.kubernetes.io/managed-by: virt-operator}}}}
roleRef: {{kind: ClusterRole, name: "kubevirt.io:admin"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: harvester-public, namespace: harvester-public}}
roleRef: {{kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}}]
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: till, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {role_binding_name("till", "ClusterRole", "reader", "User", "u-bob")}, namespace: till,
  labels: {{authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-1}}}}
roleRef: {{kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: User, name: u-bob, apiGroup: rbac.authorization.k8s.io}}]
"""
RANCHER = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob}, displayName: Bob}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: reader}, context: project,
 rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-1, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: reader, userName: u-bob}
"""


@pytest.fixture(scope="module")
def found() -> ClusterSurvival:
    return survival(view(estate(ESTATE, RANCHER)))


def test_bindings_that_somebody_made_are_listed_those_at_most_risk_first(found: ClusterSurvival) -> None:
    assert [(fate.survival, str(fate.binding), fate.role) for fate in found.bindings] == [
        ("operator-gc", "RoleBinding shop/copied", "ClusterRole kubevirt.io:admin"),
        ("dangling", "RoleBinding shop/gone", "ClusterRole gone"),
        ("kubevirt-role", "ClusterRoleBinding viewers", "ClusterRole kubevirt.io:view"),
        ("custom-role", "RoleBinding shop/own", "Role own"),
    ]


def test_the_others_are_counted(found: ClusterSurvival) -> None:
    assert (found.shipped, found.rendered) == (1, 1)


def test_a_binding_says_for_whom_it_is(found: ClusterSurvival) -> None:
    own = found.bindings[-1]
    assert [(str(subject), subject.display_name) for subject in own.subjects] == [
        ("User:u-bob", "Bob"),
        ("ServiceAccount:shop/ci", ""),
    ]


def test_what_says_that_it_is_ranchers_is_listed_where_that_cannot_be_verified() -> None:
    unproven = survival(view(estate(ESTATE)))
    assert unproven.rendered == 0
    assert "rancher-rendered" in {fate.survival for fate in unproven.bindings}


def test_every_class_has_its_advice(found: ClusterSurvival) -> None:
    advice = {fate.first for fate in found.bindings}
    assert len(advice) == 4
    assert all(text.endswith(".") for text in advice)
    from rbac_audit.audit import survival as module

    assert set(module._FIRST) == set(Survival)
