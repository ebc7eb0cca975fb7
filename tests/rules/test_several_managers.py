"""Ids of several Ranchers on one cluster."""

import pytest

from rbac_audit.audit.finding import Confidence
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rules.several_managers import RULE
from rbac_audit.snapshot.objects import ClusterRoleBinding
from tests.rules.estate import estate, found, not_evaluated, view


def binding(name: str, owner: str, label: str = "authz.cluster.cattle.io/rtb-owner-updated") -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}, labels: {{{label}: "{owner}"}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-{name}}}]
---
"""


def test_the_bindings_of_the_other_one_are_told() -> None:
    world = estate(
        binding("a", "c-m-abcd1234-p-shop_x") + binding("b", "c-m-old00001_crtb-1") + binding("c", "c-x1y2z_crtb-2")
    )
    findings = {finding.object.name: finding for finding in found(RULE, world)}
    assert set(findings) <= {"a", "b", "c"}
    assert len(findings) == 2
    assert {finding.confidence for finding in findings.values()} == {Confidence.POSSIBLE}


def test_the_id_that_rancher_has_now_is_the_right_one_however_few_there_are() -> None:
    others = binding("b", "c-m-old00001_crtb-1") + binding("c", "c-m-old00001_crtb-2")
    managed = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
"""
    [finding] = found(RULE, estate(binding("a", "c-m-abcd1234_crtb-1") + others, managed))
    assert [finding.object.name, *(item.name for item in finding.related)] == ["b", "c"]
    assert "for cluster c-m-old00001: 2 bindings, for c-m-abcd1234: 1" in finding.message
    assert {subject.name for subject in finding.subjects} == {"u-b", "u-c"}


@pytest.mark.parametrize(
    "other",
    [
        binding("b", "c-m-abcd1234_crtb-2"),
        # The older names of backing namespaces say nothing about the cluster.
        binding("b", "p-shop1_prtb-1"),
        binding("b", "c-m-old00001_crtb-1", "example.com/owner"),
        binding("b", "no-id"),
        binding("b", "membership-binding-owner", "c-m-old00001_crtb-1"),
    ],
)
def test_one_id_is_one_rancher(other: str) -> None:
    assert found(RULE, estate(binding("a", "c-m-abcd1234-p-shop_prtb-1") + other)) == []


def test_the_labels_of_shared_bindings_of_the_legacy_model_count_too() -> None:
    [finding] = found(
        RULE,
        estate(
            binding("a", "c-m-abcd1234-p-shop_x") + binding("b", "owner-user", "c-m-old00001-p-shop_prtb-1"),
            "apiVersion: management.cattle.io/v3\nkind: User\nmetadata: {name: u-erin}",
        ),
    )
    assert finding.object.name == "b"


def test_all_bindings_of_an_earlier_import_and_none_of_this_one() -> None:
    [finding] = found(RULE, estate(binding("b", "c-m-old00001_crtb-1"), RANCHER))
    assert "for cluster c-m-old00001: 1 bindings, for c-m-abcd1234: 0" in finding.message
    assert not found(RULE, estate(binding("b", "c-m-old00001_crtb-1"))), "whose id this is, nothing says"


RANCHER = """
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-url}
value: https://Rancher.example.com/
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
spec: {value: true}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt
userName: u-erin
"""


def namespace(name: str, project: str) -> str:
    return f"""
apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  annotations: {{field.cattle.io/projectId: "{project}"}}
  labels: {{field.cattle.io/projectId: {project.partition(":")[2]}}}
---
"""


def aggregated(place: str, owner: str, role: str = "rt-aggregator", user: str = "u-erin") -> str:
    """Write a binding as the aggregated model does: a RoleBinding in a namespace, a ClusterRoleBinding without one."""
    where = f", namespace: {place}" if place else ""
    name = role_binding_name(place, "ClusterRole", role, "User", user)
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {"RoleBinding" if place else "ClusterRoleBinding"}
metadata: {{name: {name if place else "c" + name}{where}, labels: {{authz.cluster.cattle.io/prtb-owner-{owner}: "true"}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
---
"""


HERE = namespace("shop", "c-m-abcd1234:p-shop") + aggregated("shop", "prtb-erin")


def test_in_the_aggregated_model_the_project_says_for_which_cluster_a_binding_was_made() -> None:
    old = namespace("attic", "c-m-old00001:p-old") + aggregated("attic", "prtb-old")
    shared = aggregated("", "prtb-old", "p-old-namespaces-readonly")
    [finding] = found(RULE, estate(HERE + old + shared, RANCHER))
    assert sorted(item.kind for item in (finding.object, *finding.related)) == ["ClusterRoleBinding", "RoleBinding"]
    assert "for cluster c-m-old00001: 2 bindings, for c-m-abcd1234: 1" in finding.message
    assert finding.confidence is Confidence.POSSIBLE
    [alone] = found(RULE, estate(HERE + old + shared))
    assert "for cluster c-m-abcd1234: 1 bindings, for c-m-old00001: 2" in alone.message


def test_what_this_rancher_makes_in_a_namespace_of_another_cluster_is_its_own() -> None:
    stray = namespace("stray", "c-m-old00001:p-shop") + aggregated("stray", "prtb-erin")
    of = estate(HERE + stray, RANCHER)
    assert all(verdict.owners for verdict in view(of).ownership.values()), "else the case proves nothing"
    assert not found(RULE, of)


def test_a_mark_of_no_project_names_no_cluster() -> None:
    loose = "apiVersion: v1\nkind: Namespace\nmetadata: {name: loose}\n---\n" + aggregated("loose", "prtb-gone")
    cluster = aggregated("", "prtb-gone", "rt-promoted-aggregator").replace("prtb-owner", "crtb-owner")
    two = namespace("attic", "c-m-old00001:p-shop") + aggregated("", "prtb-gone", "p-shop-namespaces-edit")
    assert not found(RULE, estate(HERE + loose + cluster + two, RANCHER))


def agent(server: str, name: str = "cattle-cluster-agent") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: cattle-system}}
spec:
  template:
    spec:
      containers:
      - name: cluster-register
        env: [{{name: CATTLE_CA_CHECKSUM, value: x}}, {{name: CATTLE_SERVER, value: "{server}"}}]
---
"""


URL = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/x.yaml", "insecureSkipTLSVerify": false}'
---
"""


@pytest.mark.parametrize("rancher", [RANCHER, ""])
def test_an_agent_that_obeys_another_rancher_is_told(rancher: str) -> None:
    [finding] = found(RULE, estate(URL + agent("https://old.example.com"), rancher))
    assert str(finding.object) == "Deployment cattle-system/cattle-cluster-agent"
    expected = "the Rancher that manages this cluster is" if rancher else "Setting cluster-registration-url names"
    assert f"obeys old.example.com, but {expected} rancher.example.com" in finding.message
    assert finding.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "text",
    [
        URL + agent("https://RANCHER.example.com:443"),
        URL + agent("https://old.example.com", "another"),
        URL + agent(""),
        URL,
    ],
)
def test_an_agent_that_obeys_this_rancher_is_clean(text: str) -> None:
    assert not found(RULE, estate(text, RANCHER))
    assert not found(RULE, estate(text))


def test_where_nothing_says_who_manages_it_no_agent_is_foreign() -> None:
    assert not found(RULE, estate(agent("https://old.example.com")))
    assert not found(RULE, estate(agent("https://old.example.com"), RANCHER.replace("server-url", "server-version")))


def test_whom_the_agent_obeys_is_said_with_the_bindings_of_the_other_one() -> None:
    text = agent("https://rancher.example.com") + binding("a", "c-m-abcd1234_x") + binding("b", "c-m-old00001_x")
    [finding] = found(RULE, estate(text, RANCHER))
    assert finding.chain[0].text == "Deployment cattle-system/cattle-cluster-agent obeys rancher.example.com"


def test_half_of_the_bindings_is_half_an_answer() -> None:
    text = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""
    [entry] = not_evaluated(RULE, estate(text, unread=(ClusterRoleBinding,)))
    assert entry.partly
    assert entry.because == ("no ClusterRoleBinding was read from harvester",)
