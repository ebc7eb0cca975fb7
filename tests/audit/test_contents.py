"""What lies in projects, what of it others can read, quotas, and the workloads of service accounts."""

import pytest

from rbac_audit.audit.contents import accounts, added_up, contents, quotas, shared
from rbac_audit.snapshot.objects import KeyPair, Secret, Subject, VirtualMachine
from tests.rules.estate import estate, view

SHOP, LAB = "c-m-abcd1234:p-shop", "c-m-abcd1234:p-lab"
HARVESTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: till, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: lab, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}}
---
{apiVersion: harvesterhci.io/v1beta1, kind: VirtualMachineImage, metadata: {name: base, namespace: shop}}
---
{apiVersion: harvesterhci.io/v1beta1, kind: VirtualMachineImage, metadata: {name: other, namespace: till}}
---
{apiVersion: harvesterhci.io/v1beta1, kind: VirtualMachineImage, metadata: {name: theirs, namespace: lab}}
---
{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: web, namespace: shop}}
---
{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: db, namespace: till}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: looker},
 rules: [{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get, list]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lookers, namespace: shop}
roleRef: {kind: ClusterRole, name: looker}
subjects: [{kind: User, name: u-eve}, {kind: User, name: u-bob}, {kind: ServiceAccount, name: ci, namespace: lab}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: members, namespace: lab}
roleRef: {kind: ClusterRole, name: looker}
subjects: [{kind: ServiceAccount, name: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: wide}
roleRef: {kind: ClusterRole, name: looker}
subjects: [{kind: User, name: u-wide}]
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: builder, namespace: lab}, spec: {template: {spec: {serviceAccountName: ci}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: plain, namespace: lab}, spec: {template: {spec: {}}}}
"""
RANCHER = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob}, displayName: Bob}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: reader}, context: project}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-1, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: reader, userName: u-bob}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-m-abcd1234},
 spec: {displayName: Shop, resourceQuota: {limit: {limitsCpu: 64000m, pods: "20"}, usedLimit: {pods: "3"}}}}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-lab, namespace: c-m-abcd1234}, spec: {displayName: Lab}}
"""
VIEW = view(estate(HARVESTER, RANCHER))


def test_what_lies_in_the_namespaces_is_added_up_by_kind() -> None:
    total = added_up(VIEW, contents(VIEW), ("shop", "till"))
    assert {kind: number for kind, number in total.items() if number} == {"VirtualMachine": 2, "VirtualMachineImage": 2}


def test_a_kind_that_was_read_and_is_not_there_is_0_and_an_unread_one_is_left_out() -> None:
    blind = view(estate(HARVESTER, RANCHER, unread=(KeyPair, VirtualMachine)))
    total = added_up(blind, contents(blind), ("lab",))
    assert total["Secret"] == 0
    assert "KeyPair" not in total
    assert Secret.kind in total


def test_only_who_is_no_member_reads_what_is_shared() -> None:
    (images,) = shared(VIEW)[SHOP]
    assert (images.kind, [str(item) for item in images.objects]) == (
        "VirtualMachineImage",
        ["VirtualMachineImage shop/base"],
    )
    assert [str(subject) for subject in images.readers] == ["ServiceAccount:lab/ci", "User:u-eve"]


def test_members_and_who_reads_the_whole_cluster_are_no_sharing_of_a_project() -> None:
    assert LAB not in shared(VIEW)


def test_the_quota_is_ranchers() -> None:
    found = quotas(VIEW)
    assert [found[item.id] for item in VIEW.projects.all] == [{}, {"limitsCpu": "64000m", "pods": "20"}]


def test_without_the_project_object_the_quota_is_not_known() -> None:
    assert quotas(view(estate(HARVESTER))) == {}


@pytest.mark.parametrize(
    ("name", "workloads"), [("ci", ["Deployment lab/builder"]), ("default", ["Deployment lab/plain"])]
)
def test_a_service_account_has_the_workloads_that_run_as_it(name: str, workloads: list[str]) -> None:
    (row,) = accounts(VIEW, [Subject(kind="ServiceAccount", name=name, namespace="lab")])
    assert [str(item) for item in row.workloads] == workloads
