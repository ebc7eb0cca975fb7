"""What bindings make for provisioning and registration, which need not be there."""

import base64
import hashlib

import pytest

from rbac_audit.rancher.naming import subject_hash
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import Role, RoleBinding, Subject
from tests.rancher.rendering.test_render import DOWN, MODELS, crtb, prtb, rendered
from tests.rancher.settled import ESTATE, bindings, settled, views, without

PROVISIONING = """
---
apiVersion: provisioning.cattle.io/v1
kind: Cluster
metadata: {name: hv, namespace: fleet-default}
status: {clusterName: c-m-abcd1234}
---
apiVersion: provisioning.cattle.io/v1
kind: Cluster
metadata: {name: other, namespace: fleet-default}
status: {clusterName: c-m-other}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: manager}
context: cluster
rules: [{apiGroups: [provisioning.cattle.io], resources: ["*"], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: registrar}
context: cluster
rules: [{apiGroups: [management.cattle.io], resources: [clusterregistrationtokens], verbs: [VERB]}]
"""
ALICE = Subject(kind="User", name="u-abc12", api_group="rbac.authorization.k8s.io")
BOSSES = Subject(kind="Group", name="ad_group://bosses", api_group="rbac.authorization.k8s.io")


def bindings_in(management: str, namespace: str, aggregated: bool) -> dict[str, RoleBinding]:
    _, local = rendered(PROVISIONING.replace("VERB", "get") + management, aggregated=aggregated)
    return {item.name: item for item in local.values() if isinstance(item, RoleBinding) and item.namespace == namespace}


@MODELS
def test_a_member_of_a_project_sees_what_the_cluster_is_provisioned_by(aggregated: bool) -> None:
    found = bindings_in(prtb("viewer"), "fleet-default", aggregated)
    [made] = found.values()
    assert made.name == f"r-cluster-hv-view-c-m-abcd1234-p-x1y2z-devs-{subject_hash(ALICE)}"
    assert made.role_ref.name == "r-cluster-hv-view"
    assert made.subjects == (ALICE,)
    assert made.metadata.labels == {"authz.cluster.cattle.io/prtb-owner": "devs"}
    _, local = rendered(PROVISIONING, aggregated=aggregated)
    role = local["Role", "fleet-default", "r-cluster-hv-view"]
    assert isinstance(role, Role)
    assert [rule.resource_names for rule in role.rules] == [("hv",)]


@MODELS
def test_a_cluster_template_with_the_right_itself_is_bound_to_that(aggregated: bool) -> None:
    hashed = subject_hash(BOSSES)
    assert set(bindings_in(crtb("boss"), "fleet-default", aggregated)) == {f"r-cluster-hv-view-bosses-{hashed}"}
    found = bindings_in(crtb("manager"), "fleet-default", aggregated)
    assert {name: item.role_ref.name for name, item in found.items()} == {f"crt-hv-bosses-{hashed}": "crt-hv-manager"}


@MODELS
@pytest.mark.parametrize(("verb", "reads"), [("get", True), ("create", True), ('"*"', True), ("delete", False)])
def test_who_may_read_registration_tokens_reads_their_secrets(aggregated: bool, verb: str, reads: bool) -> None:
    _, local = rendered(PROVISIONING.replace("VERB", verb) + crtb("registrar"), aggregated=aggregated)
    found = [
        item
        for item in local.values()
        if isinstance(item, RoleBinding) and item.role_ref.name == "crt-token-reader" and item.namespace == DOWN
    ]
    assert bool(found) is reads


def test_a_subject_is_hashed_as_go_writes_it() -> None:
    """Worked out apart: base32 of the sha256 of `&Subject{Kind:User,APIGroup:…,Name:u-abc12,Namespace:,}`."""
    text = "&Subject{Kind:User,APIGroup:rbac.authorization.k8s.io,Name:u-abc12,Namespace:,}"
    assert subject_hash(ALICE) == base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:10]


@MODELS
def test_none_of_it_has_to_be_there_and_all_of_it_is_rancher_s(aggregated: bool) -> None:
    sides = settled(ESTATE + PROVISIONING.replace("VERB", "get"), aggregated=aggregated)
    made = [item for item in bindings(sides, "rancher") if item.namespace == "fleet-default"]
    assert len(made) > 2
    verdicts = {str(one.source): verdict.claim for one, verdict in views(sides)["rancher"].ownership.items()}
    assert {verdicts[str(item)] for item in made} == {Claim.HOLDS}
    for item in made:
        if item.name.startswith("r-cluster-"):
            sides = without(sides, item, "rancher")
    assert [item for view in views(sides).values() for item in view.differences] == []
