"""What a template grants, written down for small worlds and both models."""

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.template import Granted, compare, granted
from rbac_audit.answers.why import remedies
from rbac_audit.audit.estate import Estate, View
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot.estate import Cluster, Snapshot
from tests.rancher.worlds import harvester_view, objects

MODELS = pytest.mark.parametrize("model", ["legacy", "aggregated"])
HARVESTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-1"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [update]}]
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-1}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: maker}
displayName: Maker
context: project
roleTemplateNames: [edit, monitoring]
rules:
- {apiGroups: [""], resources: [pods, nodes], verbs: [get]}
- {apiGroups: [""], resources: [namespaces], verbs: [create, delete]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [get]}
- {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: monitoring}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: reader}
displayName: Reader
context: project
rules: [{apiGroups: [""], resources: [pods, configmaps], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: create-ns}
displayName: Reader
context: project
rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: boss}
context: cluster
rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
"""


def view(model: str) -> View:
    value = "true" if model == "aggregated" else "false"
    return harvester_view(HARVESTER, f"{RANCHER}spec: {{value: {value}}}\n")


def short(found: Granted) -> set[tuple[str, str]]:
    return {(verb, resource) for rule in found.rules for verb in rule.verbs for resource in rule.resources}


@MODELS
def test_it_says_what_takes_effect_where(model: str) -> None:
    found = granted(view(model), "Maker")
    assert (found.template, found.model) == ("maker", model)
    assert found.inherits == ("edit", "monitoring")
    assert found.external == ("edit", "monitoring")
    assert found.missing == ("ClusterRole monitoring",)
    # The ClusterRole of that cluster counts, and nothing that a RoleBinding cannot grant.
    # Who may delete namespaces by a RoleBinding may delete the namespace that it is in.
    assert short(found) == {
        ("get", "pods"),
        ("get", "secrets"),
        ("update", "virtualmachines"),
        ("delete", "namespaces"),
    }


@MODELS
def test_it_says_what_is_void(model: str) -> None:
    found = granted(view(model), "maker")
    # Nodes are promoted and creating comes from create-ns; the rest is lost.
    assert [(rule.verbs, rule.resources) for rule in found.void] == [(("get",), ("clusterroles",))]


@MODELS
def test_it_says_what_comes_beyond(model: str) -> None:
    found = granted(view(model), "maker")
    promoted, secrets = (
        ("ClusterRole maker-promoted-aggregator", "ClusterRole maker-project-mgmt-aggregator")
        if model == "aggregated"
        else ("ClusterRole maker-promoted", "Role maker")
    )
    assert {(item.cluster, item.namespace, item.role) for item in found.beyond} == {
        ("harvester", "", "ClusterRole PROJECT-namespaces-edit"),
        ("harvester", "", "ClusterRole create-ns"),
        ("harvester", "", promoted),
        ("rancher", "", "ClusterRole c-m-abcd1234-clustermember"),
        ("rancher", "c-m-abcd1234", "Role PROJECT-projectmember"),
        ("rancher", "PROJECT", secrets),
    }


@MODELS
def test_of_a_cluster_template_nothing_is_void(model: str) -> None:
    found = granted(view(model), "boss")
    assert short(found) == {("get", "nodes")}
    assert found.void == ()
    assert [item.role for item in found.beyond] == ["ClusterRole c-m-abcd1234-clustermember"]


@MODELS
def test_the_difference_of_two(model: str) -> None:
    it = view(model)
    found = compare(granted(it, "maker"), granted(it, "reader"))
    assert [rule.resources for rule in found.only_other] == [("configmaps",)]
    assert {name for rule in found.only_one for name in rule.resources} == {"namespaces", "secrets", "virtualmachines"}
    assert "ClusterRole create-ns" in found.beyond_only_one
    assert found.beyond_only_other == ("ClusterRole PROJECT-namespaces-readonly",)
    same = compare(granted(it, "maker"), granted(it, "maker"))
    assert same.only_one == same.only_other == ()
    assert same.beyond_only_one == same.beyond_only_other == ()


@pytest.mark.parametrize(
    ("name", "line"), [("makr", "did you mean maker"), ("Reader", "one of: create-ns, reader"), ("?", "has the names")]
)
def test_a_name_that_is_not_one_template(name: str, line: str) -> None:
    with pytest.raises(WrongUse, match=line):
        granted(view("legacy"), name)


def test_the_rancher_is_needed() -> None:
    estate = Estate(Snapshot([Cluster("harvester", objects(HARVESTER))]))
    with pytest.raises(BadInput, match="give its management cluster"):
        granted(estate.views[0], "maker")


def test_the_management_cluster_is_one_too() -> None:
    estate = Estate(Snapshot([Cluster("rancher", objects(RANCHER + "spec: {value: false}\n"))]))
    found = granted(estate.views[0], "boss")
    assert short(found) == {("get", "nodes")}
    assert [item.role for item in found.beyond] == ["ClusterRole local-clustermember"]


def of_parts(partly: str = "", *, feature: bool = True) -> View:
    """The same, of which one type was read in part in the cluster that is named with it."""
    site, _, kind = partly.partition("/")
    text = f"{RANCHER}spec: {{value: false}}\n" if feature else RANCHER[: RANCHER.rindex("---")]
    clusters = (
        Cluster(name, given, partial=[type(item) for item in given if name == site and item.kind == kind])
        for name, given in (("harvester", objects(HARVESTER)), ("rancher", objects(text)))
    )
    return next(view for view in Estate(Snapshot(clusters)).views if view.name == "harvester")


@pytest.mark.parametrize(
    ("what", "template", "expected"),
    [
        (of_parts(), "reader", []),
        (of_parts("rancher/RoleTemplate"), "reader", ["not read in full from rancher: RoleTemplate"]),
        (of_parts("harvester/ClusterRole"), "reader", []),
        # Behind external templates; the management cluster shows no ClusterRole at all.
        (of_parts(), "edit", ["not read from rancher: ClusterRole"]),
        (
            of_parts("harvester/ClusterRole"),
            "edit",
            ["not read from rancher: ClusterRole", "not read in full from harvester: ClusterRole"],
        ),
        (of_parts(feature=False), "reader", ["not read from rancher: feature aggregated-roletemplates"]),
    ],
)
def test_what_was_not_read_and_it_rests_on(what: View, template: str, expected: list[str]) -> None:
    assert [line.partition(";")[0] for line in granted(what, template).unread] == expected


def test_a_template_that_may_not_have_been_read() -> None:
    with pytest.raises(WrongUse, match="among those that were read from rancher"):
        granted(of_parts("rancher/RoleTemplate"), "nothing")


STATES = """
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: shut}
context: project
locked: true
roleTemplateNames: [going]
rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: going, deletionTimestamp: "2026-01-01T00:00:00Z"}
context: project
rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: stands-for-edit}
context: project
external: true
roleTemplateNames: [writer]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: writer}
context: project
rules: [{apiGroups: [""], resources: [Endpoints], verbs: [UPDATE]}]
"""


@MODELS
def test_locked_templates_and_those_that_go_are_told_and_are_no_remedy(model: str) -> None:
    value = "true" if model == "aggregated" else "false"
    behind = HARVESTER.replace("metadata: {name: edit}", "metadata: {name: stands-for-edit}")
    cluster = harvester_view(behind, f"{RANCHER}spec: {{value: {value}}}\n{STATES}")
    shut = granted(cluster, "shut")
    assert (shut.locked, shut.leaving) == (True, ("going",))
    assert (granted(cluster, "reader").locked, granted(cluster, "reader").leaving) == (False, ())
    assert remedies(cluster, Permission("get", "", "endpoints"), "shop") == ()
    # Of an external template, bindings of the aggregated model give what stands behind it only.
    names = [item.role_template for item in remedies(cluster, Permission("update", "", "endpoints"), "shop")]
    assert names == (["writer", "stands-for-edit"] if model == "legacy" else ["writer"])
