"""Who made a raw binding, what keeps it, and whether it is in force."""

import pytest

from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.raw import RawBindings, keeper_of
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import Metadata, Subject
from tests.rancher.worlds import objects

RANCHER = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-member}, displayName: Mia}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-grouped}}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-outside}}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-global}}
---
{apiVersion: management.cattle.io/v3, kind: UserAttribute, metadata: {name: u-grouped}, UserName: u-grouped,
 GroupPrincipals: {x: {Items: [{metadata: {name: "x_group://devs"}}, {metadata: {name: "x_group://gamers"}}]}}}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: a, namespace: p}, projectName: "c-1:p",
 roleTemplateName: view, userName: u-member}
---
{apiVersion: management.cattle.io/v3, kind: ClusterRoleTemplateBinding, metadata: {name: b, namespace: c-1}, clusterName: c-1,
 roleTemplateName: view, groupPrincipalName: "x_group://devs"}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: c, namespace: p}, projectName: "c-2:p",
 roleTemplateName: view, userName: u-outside}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRole, metadata: {name: gr}, inheritedClusterRoles: [view]}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRoleBinding, metadata: {name: d}, globalRoleName: gr, userName: u-global}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRole, metadata: {name: user},
 rules: [{apiGroups: [management.cattle.io], resources: [clusters], verbs: [create]}]}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRoleBinding, metadata: {name: e}, globalRoleName: user, userName: u-outside}
"""


@pytest.fixture
def raw() -> RawBindings:
    return RawBindings(Rancher(Cluster("rancher", objects(RANCHER))), "c-1")


@pytest.mark.parametrize(
    ("kind", "name", "live"),
    [
        ("User", "u-member", True),
        ("User", "u-grouped", True),
        ("User", "u-global", True),
        ("User", "u-outside", False),
        ("User", "jdoe", False),
        ("Group", "x_group://devs", True),
        ("Group", "x_group://gamers", False),
        ("Group", "x_group://unknown", False),
        ("ServiceAccount", "robot", True),
    ],
)
def test_who_gets_through_rancher_s_proxy(raw: RawBindings, kind: str, name: str, live: bool) -> None:
    assert raw.is_live(Subject(kind=kind, name=name)) is live


def test_a_group_counts_when_somebody_in_it_is_a_member() -> None:
    text = RANCHER.replace('groupPrincipalName: "x_group://devs"', "userName: u-grouped")
    assert RawBindings(Rancher(Cluster("rancher", objects(text))), "c-1").is_live(
        Subject(kind="Group", name="x_group://gamers")
    )


@pytest.mark.parametrize(
    ("metadata", "maker"),
    [
        (Metadata(name="b", annotations={"field.cattle.io/creatorId": "u-member"}), "Mia (u-member)"),
        (
            Metadata(name="b", annotations={"field.cattle.io/creatorId": "u-gone"}),
            "u-gone, whom Rancher does not know any more",
        ),
        (Metadata(name="b", labels={"cattle.io/creator": "norman"}), "somebody in Rancher's interface"),
        (Metadata(name="b"), ""),
    ],
)
def test_who_made_it_as_far_as_it_was_written_down(raw: RawBindings, metadata: Metadata, maker: str) -> None:
    assert raw.maker_of(metadata) == maker


@pytest.mark.parametrize(
    ("labels", "annotations", "keeper"),
    [
        ({}, {"meta.helm.sh/release-name": "shop"}, "Helm release shop"),
        ({"app.kubernetes.io/managed-by": "Helm"}, {}, "Helm"),
        ({"argocd.argoproj.io/instance": "apps"}, {}, "Argo CD application apps"),
        ({}, {"argocd.argoproj.io/tracking-id": "apps:x"}, "Argo CD application apps:x"),
        ({"kustomize.toolkit.fluxcd.io/name": "infra"}, {}, "Flux kustomization infra"),
        ({}, {"fleet.cattle.io/bundle-id": "b"}, "Fleet bundle b"),
        ({"app.kubernetes.io/managed-by": "virt-operator"}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_what_keeps_it(labels: dict[str, str], annotations: dict[str, str], keeper: str) -> None:
    assert keeper_of(Metadata(name="b", labels=labels, annotations=annotations)) == keeper
