"""The baseline: what its tables say, how content is compared, and that no edit goes unnoticed."""

import gzip
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.harvester.baseline import (
    Atom,
    Baseline,
    Content,
    RbacObject,
    Verdict,
    atoms_of,
    content_of,
    shipped_baseline,
    subject_key,
)
from rbac_audit.harvester.shipped import Component, Variant, nearest_version, read_shipped
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import (
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    LabelSelector,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from rbac_audit.snapshot.objects.base import Metadata

BASELINE = shipped_baseline()
GROUP = "rbac.authorization.k8s.io"
EVERYONE, ANONYMOUS = Subject("Group", "system:authenticated"), Subject("Group", "system:unauthenticated")
PLURALS = ("clusterroles", "roles", "clusterrolebindings", "rolebindings")


def of_version(component: str, version: str, kind: str, name: str, namespace: str = "") -> Variant | None:
    """The only variant that a version of a component ships under a name."""
    found = [
        variant
        for variant in BASELINE.variants(kind, namespace, name)
        if variant.component == component and version in variant.versions
    ]
    assert len(found) <= 1
    return found[0] if found else None


def rights(component: str, version: str, role: str) -> frozenset[str]:
    variant = of_version(component, version, "ClusterRole", role)
    assert variant, f"{component} {version} ships no ClusterRole {role}"
    return frozenset(map(str, atoms_of(variant.rules)))


# -- what the fact sheet says ------------------------------------------------------------------------------------------

HELD = [
    # every Harvester: its part of view reads Secrets, its part of edit does not touch settings
    ("harvester", "1.3.0", "harvesterhci.io:view", "get secrets", True),
    ("harvester", "1.9.0-rc6", "harvesterhci.io:view", "list secrets", True),
    ("harvester", "1.9.0-rc6", "harvesterhci.io:view", "create secrets", False),
    ("harvester", "1.9.0-rc6", "harvesterhci.io:edit", "* virtualmachineimages.harvesterhci.io", True),
    ("harvester", "1.9.0-rc6", "harvesterhci.io:edit", "* settings.harvesterhci.io", False),
    # the setting system-namespaces is readable by everybody only from v1.8.0
    ("harvester", "1.7.3", "harvester-authenticated", "get settings.management.cattle.io system-namespaces", False),
    ("harvester", "1.8.0", "harvester-authenticated", "get settings.management.cattle.io system-namespaces", True),
    ("harvester", "1.3.0", "harvester-authenticated", "get settings.harvesterhci.io server-version", True),
    ("harvester", "1.9.0-rc6", "harvester-authenticated", "list settings.harvesterhci.io server-version", False),
    # guest clusters: snapshots from v1.7.0, patching virtual machines from v1.8.0
    ("harvester", "1.6.1", "harvesterhci.io:csi-driver", "* volumesnapshots.snapshot.storage.k8s.io", False),
    ("harvester", "1.7.0", "harvesterhci.io:csi-driver", "* volumesnapshots.snapshot.storage.k8s.io", True),
    ("harvester", "1.7.3", "harvesterhci.io:csi-driver", "patch virtualmachines.kubevirt.io", False),
    ("harvester", "1.8.0", "harvesterhci.io:csi-driver", "patch virtualmachines.kubevirt.io", True),
    ("harvester", "1.3.2", "harvesterhci.io:csi-driver", "* networkfilesystems.harvesterhci.io", False),
    ("harvester", "1.4.0", "harvesterhci.io:csi-driver", "* networkfilesystems.harvesterhci.io", True),
    # KubeVirt 1.5 took migration away from admin and edit and put it in a role of its own
    ("kubevirt", "1.4.1", "kubevirt.io:edit", "update virtualmachines.subresources.kubevirt.io/migrate", True),
    ("kubevirt", "1.5.2", "kubevirt.io:edit", "update virtualmachines.subresources.kubevirt.io/migrate", False),
    ("kubevirt", "1.5.2", "kubevirt.io:admin", "update virtualmachines.subresources.kubevirt.io/migrate", False),
    ("kubevirt", "1.5.2", "kubevirt.io:migrate", "update virtualmachines.subresources.kubevirt.io/migrate", True),
    ("kubevirt", "1.4.1", "kubevirt.io:admin", "create virtualmachineinstancemigrations.kubevirt.io", True),
    ("kubevirt", "1.5.2", "kubevirt.io:admin", "create virtualmachineinstancemigrations.kubevirt.io", False),
    ("kubevirt", "1.5.2", "kubevirt.io:admin", "list virtualmachineinstancemigrations.kubevirt.io", True),
    ("kubevirt", "1.3.1", "kubevirt.io:admin", "get virtualmachineinstances.subresources.kubevirt.io/usbredir", False),
    ("kubevirt", "1.4.0", "kubevirt.io:admin", "get virtualmachineinstances.subresources.kubevirt.io/usbredir", True),
    ("kubevirt", "1.7.4", "kubevirt.io:admin", "create virtualmachinebackups.backup.kubevirt.io", False),
    ("kubevirt", "1.8.4", "kubevirt.io:admin", "create virtualmachinebackups.backup.kubevirt.io", True),
    # view opens no console, of no version
    ("kubevirt", "1.1.0", "kubevirt.io:view", "get virtualmachineinstances.subresources.kubevirt.io/console", False),
    ("kubevirt", "1.8.4", "kubevirt.io:view", "get virtualmachineinstances.subresources.kubevirt.io/vnc", False),
    ("kubevirt", "1.8.4", "kubevirt.io:edit", "get virtualmachineinstances.subresources.kubevirt.io/console", True),
    ("cdi", "1.65.0", "cdi.kubevirt.io:edit", "create datavolumes.cdi.kubevirt.io/source", True),
    ("cdi", "1.61.0", "cdi.kubevirt.io:view", "list storageprofiles.cdi.kubevirt.io", True),
    # Kubernetes itself
    ("kubernetes", "1.36.3", "system:aggregate-to-edit", "impersonate serviceaccounts", True),
    ("kubernetes", "1.27.10", "system:aggregate-to-edit", "get secrets", True),
    ("kubernetes", "1.36.3", "system:aggregate-to-view", "get secrets", False),
    ("kubernetes", "1.36.3", "cluster-admin", "* *.*", True),
    ("kubernetes", "1.36.3", "system:discovery", "get /healthz", True),
    ("longhorn", "1.12.1", "longhorn-role", "* clusterroles.rbac.authorization.k8s.io", True),
    ("rancher", "2.15.0", "cattle-admin", "* *.*", True),
]


@pytest.mark.parametrize(("component", "version", "role", "right", "held"), HELD)
def test_a_version_ships_a_right(component: str, version: str, role: str, right: str, held: bool) -> None:
    assert (right in rights(component, version, role)) is held


SHIPPED = [
    ("kubevirt", "1.4.1", "ClusterRole", "kubevirt.io:migrate", False),
    ("kubevirt", "1.5.2", "ClusterRole", "kubevirt.io:migrate", True),
    ("kubevirt", "1.1.1", "ClusterRoleBinding", "instancetype.kubevirt.io:view", False),
    ("kubevirt", "1.2.2", "ClusterRoleBinding", "instancetype.kubevirt.io:view", True),
    ("kubernetes", "1.27.10", "ClusterRole", "admin", True),
    ("harvester", "1.9.0-rc6", "ClusterRole", "harvesterhci.io:admin", False),
    ("rke2", "1.36.3", "ClusterRoleBinding", "helm-kube-system-rke2-canal", True),
    ("rancher", "2.15.0", "ClusterRoleBinding", "cattle-admin-binding", True),
]


@pytest.mark.parametrize(("component", "version", "kind", "name", "shipped"), SHIPPED)
def test_a_version_ships_an_object(component: str, version: str, kind: str, name: str, shipped: bool) -> None:
    assert (of_version(component, version, kind, name) is not None) is shipped


@pytest.mark.parametrize(
    ("component", "version", "role", "targets"),
    [
        ("harvester", "1.9.0-rc6", "harvesterhci.io:view", {"view"}),
        ("harvester", "1.9.0-rc6", "harvesterhci.io:edit", {"admin", "edit"}),
        ("harvester", "1.9.0-rc6", "harvesterhci.io:csi-driver", set()),
        ("kubevirt", "1.8.4", "kubevirt.io:admin", {"admin"}),
        ("kubevirt", "1.8.4", "kubevirt.io:migrate", set()),
        ("kubevirt-operator", "0.7.0", "kubevirt.io:operator", {"admin"}),
        ("cdi", "1.65.0", "cdi.kubevirt.io:view", {"view"}),
    ],
)
def test_what_a_role_is_aggregated_to(component: str, version: str, role: str, targets: set[str]) -> None:
    variant = of_version(component, version, "ClusterRole", role)
    assert variant
    assert {label.rpartition("aggregate-to-")[2] for label in variant.labels} == targets


@pytest.mark.parametrize(
    ("component", "version", "name", "role", "subjects"),
    [
        ("kubevirt", "1.1.1", "kubevirt.io:default", "kubevirt.io:default", {str(EVERYONE), str(ANONYMOUS)}),
        ("kubevirt", "1.2.2", "kubevirt.io:default", "kubevirt.io:default", {str(EVERYONE)}),
        ("harvester", "1.3.0", "harvester-authenticated", "harvester-authenticated", {str(EVERYONE)}),
        ("harvester", "1.9.0-rc6", "harvester", "cluster-admin", {"ServiceAccount:harvester-system/harvester"}),
        (
            "longhorn",
            "1.12.1",
            "longhorn-support-bundle",
            "cluster-admin",
            {"ServiceAccount:longhorn-system/longhorn-support-bundle"},
        ),
        (
            "cdi",
            "1.65.0",
            "cdi.kubevirt.io:config-reader",
            "cdi.kubevirt.io:config-reader",
            {str(EVERYONE), "Group:system:serviceaccount"},
        ),
        ("kubernetes", "1.36.3", "cluster-admin", "cluster-admin", {"Group:system:masters"}),
        ("rancher", "2.15.0", "rancher", "cluster-admin", {"ServiceAccount:cattle-system/rancher"}),
    ],
)
def test_whom_a_binding_binds(component: str, version: str, name: str, role: str, subjects: set[str]) -> None:
    variant = of_version(component, version, "ClusterRoleBinding", name)
    assert variant
    assert variant.role_ref == RoleRef("ClusterRole", role)
    assert set(map(str, variant.subjects)) == subjects


# -- releases and versions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "known", "exact", "kubevirt", "kubernetes"),
    [
        ("v1.3.0", "1.3.0", True, "1.1.0", "1.27.10"),
        ("1.6.1", "1.6.1", True, "1.5.2", "1.33.5"),
        ("v1.9.0-rc6", "1.9.0-rc6", True, "1.8.4", "1.36.3"),
        ("v1.9.0", "1.9.0-rc6", False, "1.8.4", "1.36.3"),
        ("v1.8.7", "1.8.2", False, "1.7.4", "1.35.6"),
        ("v1.10.0", "", False, None, None),
        ("master-head", "", False, None, None),
    ],
)
def test_what_a_release_is_made_of(
    asked: str, known: str, exact: bool, kubevirt: str | None, kubernetes: str | None
) -> None:
    parts = BASELINE.components_of(asked)
    assert (parts.asked, parts.known, parts.exact) == (asked, known, exact)
    assert (parts.components.get("kubevirt"), parts.components.get("kubernetes")) == (kubevirt, kubernetes)


def test_releases_are_in_order() -> None:
    known = BASELINE.harvester_versions()
    assert known[:2] == ("1.2.2", "1.3.0")
    assert known[-1] == "1.9.0-rc6"


@pytest.mark.parametrize(
    ("asked", "known", "nearest"),
    [
        ("1.8.4", ("1.8.3", "1.8.4"), "1.8.4"),
        ("v1.8.4", ("1.8.3", "1.8.4"), "1.8.4"),
        ("1.6.3-150700.3.13.1", ("1.6.3", "1.6.6"), "1.6.3"),
        ("1.6.5", ("1.6.3", "1.6.6"), "1.6.6"),
        ("1.6.4", ("1.6.3", "1.6.5"), "1.6.5"),
        ("v1.36.3+rke2r1", ("1.35.9", "1.36.3"), "1.36.3"),
        ("1.10.0", ("1.1.0",), ""),
        ("", ("1.1.0",), ""),
    ],
)
def test_nearest_version(asked: str, known: tuple[str, ...], nearest: str) -> None:
    assert nearest_version(asked, known) == nearest


# -- comparison --------------------------------------------------------------------------------------------------------


def cluster_role(name: str, *rules: PolicyRule, **labels: str) -> ClusterRole:
    marked = {f"{GROUP}/aggregate-to-{target}": value for target, value in labels.items()}
    return ClusterRole(metadata=Metadata(name=name, labels={"app": "other", **marked}), rules=rules)


def binding(name: str, role: str, *subjects: Subject) -> ClusterRoleBinding:
    return ClusterRoleBinding(metadata=Metadata(name=name), role_ref=RoleRef("ClusterRole", role), subjects=subjects)


def as_object(key: tuple[str, str, str], variant: Variant) -> RbacObject:
    """The object that a version would install."""
    kind, namespace, name = key
    metadata = Metadata(name=name, namespace=namespace, labels=variant.labels)
    match kind:
        case "ClusterRole":
            rule = AggregationRule(cluster_role_selectors=variant.aggregation_selectors)
            aggregated = rule if variant.aggregation_selectors else None
            return ClusterRole(metadata=metadata, rules=variant.rules, aggregation_rule=aggregated)
        case "Role":
            return Role(metadata=metadata, rules=variant.rules)
        case "ClusterRoleBinding":
            assert variant.role_ref
            return ClusterRoleBinding(metadata=metadata, role_ref=variant.role_ref, subjects=variant.subjects)
        case _:
            assert variant.role_ref
            return RoleBinding(metadata=metadata, role_ref=variant.role_ref, subjects=variant.subjects)


ALL = [found for component in read_shipped().components for found in component.variants()]
ROLES = [(key, variant) for key, variant in ALL if variant.rules]
BINDINGS = [(key, variant) for key, variant in ALL if variant.role_ref]
shipped_roles, shipped_bindings = st.sampled_from(ROLES), st.sampled_from(BINDINGS)


def as_binding(key: tuple[str, str, str], variant: Variant) -> RoleBinding | ClusterRoleBinding:
    item = as_object(key, variant)
    assert isinstance(item, RoleBinding | ClusterRoleBinding)
    return item


def one_by_one(atoms: frozenset[Atom]) -> tuple[PolicyRule, ...]:
    """The same rights in the most different grouping: one rule a right."""
    return tuple(
        PolicyRule(verbs=(atom.verb,), non_resource_urls=(atom.path,))
        if atom.path
        else PolicyRule(
            verbs=(atom.verb,),
            api_groups=(atom.api_group,),
            resources=(atom.resource,),
            resource_names=(atom.name,) if atom.name else (),
        )
        for atom in sorted(atoms, reverse=True)
    )


def test_every_shipped_object_is_equal_to_itself() -> None:
    for key, variant in ALL:
        found = BASELINE.match(as_object(key, variant), {variant.component: variant.versions[0]})
        assert found.verdict is Verdict.EQUAL, key
        assert {(variant.component, version) for version in variant.versions} <= set(found.versions)
        assert found.current is True
        assert not found.added
        assert not found.removed


@given(shipped_roles)
def test_grouping_and_order_do_not_count(shipped: tuple[tuple[str, str, str], Variant]) -> None:
    key, variant = shipped
    again = msgspec.structs.replace(as_object(key, variant), rules=one_by_one(atoms_of(variant.rules)))
    assert BASELINE.match(again).verdict is Verdict.EQUAL


@given(shipped_roles, st.data())
def test_a_removed_right_is_noticed(shipped: tuple[tuple[str, str, str], Variant], data: st.DataObject) -> None:
    key, variant = shipped
    atoms = atoms_of(variant.rules)
    lost = data.draw(st.sampled_from(sorted(atoms)))
    edited = msgspec.structs.replace(as_object(key, variant), rules=one_by_one(atoms - {lost}))
    found = BASELINE.match(edited, {variant.component: variant.versions[-1]})
    assert (variant.component, variant.versions[-1]) not in found.versions or twins(key, variant)
    assert found.current is False or twins(key, variant)
    if found.verdict is Verdict.DIFFERS and not twins(key, variant):
        assert (found.removed, found.added) == (Content(frozenset({lost})), Content())


@given(shipped_roles, st.sampled_from(["get", "*"]), st.sampled_from(["", "*", "kubevirt.io"]))
def test_an_added_right_is_noticed(shipped: tuple[tuple[str, str, str], Variant], verb: str, group: str) -> None:
    key, variant = shipped
    rule = PolicyRule(verbs=(verb,), api_groups=(group,), resources=("made-up",))
    edited = msgspec.structs.replace(as_object(key, variant), rules=(*variant.rules, rule))
    found = BASELINE.match(edited, {variant.component: variant.versions[-1]})
    assert found.verdict is Verdict.DIFFERS
    assert Atom(verb, group, "made-up") in found.added.atoms
    if not twins(key, variant):
        assert (found.added, found.removed) == (Content(frozenset({Atom(verb, group, "made-up")})), Content())


@given(shipped_bindings, st.sampled_from([ANONYMOUS, Subject("User", "eve"), Subject("ServiceAccount", "eve", "lab")]))
def test_an_added_subject_is_noticed(shipped: tuple[tuple[str, str, str], Variant], stranger: Subject) -> None:
    key, variant = shipped
    edited = msgspec.structs.replace(as_binding(key, variant), subjects=(*variant.subjects, stranger))
    found = BASELINE.match(edited, {variant.component: variant.versions[-1]})
    already = any(stranger in other.subjects for other in BASELINE.variants(*key))
    assert already or (found.verdict is Verdict.DIFFERS and found.added.subjects == {str(stranger)})
    assert already or not BASELINE.ships(edited, stranger)
    assert all(BASELINE.ships(edited, subject) for subject in variant.subjects)


@given(shipped_bindings)
def test_another_role_is_noticed(shipped: tuple[tuple[str, str, str], Variant]) -> None:
    key, variant = shipped
    edited = msgspec.structs.replace(as_binding(key, variant), role_ref=RoleRef("ClusterRole", "made-up"))
    found = BASELINE.match(edited)
    assert (found.verdict, found.added.role_ref) == (Verdict.DIFFERS, "ClusterRole made-up")
    assert not any(BASELINE.ships(edited, subject) for subject in variant.subjects)


def twins(key: tuple[str, str, str], variant: Variant) -> bool:
    """Tell whether the last version of a variant ships two contents under this name: its options are both known."""
    names = [other for other in BASELINE.variants(*key) if variant.versions[-1] in other.versions]
    return len(names) > 1


def test_a_name_that_nobody_ships_is_unknown() -> None:
    found = BASELINE.match(cluster_role("made-up"))
    assert (found.verdict, found.nearest, found.current) == (Verdict.UNKNOWN, None, None)
    role = Role(metadata=Metadata(name="kubevirt-operator", namespace="tenant"))
    assert BASELINE.match(role).verdict is Verdict.UNKNOWN


def test_a_lost_aggregation_label_is_an_edit() -> None:
    variant = of_version("harvester", "1.9.0-rc6", "ClusterRole", "harvesterhci.io:edit")
    assert variant
    found = BASELINE.match(cluster_role("harvesterhci.io:edit", *variant.rules, edit="true", admin="false"))
    assert found.verdict is Verdict.DIFFERS
    assert (str(found.added), str(found.removed)) == ("aggregate-to-admin=false", "aggregate-to-admin")


def test_an_aggregated_role_is_compared_by_its_selectors() -> None:
    stored = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",))
    selector = LabelSelector(match_labels={f"{GROUP}/aggregate-to-view": "true"})
    metadata = Metadata(name="view", labels={f"{GROUP}/aggregate-to-edit": "true"})
    rule = AggregationRule(cluster_role_selectors=(selector,))
    view = ClusterRole(metadata=metadata, rules=(stored,), aggregation_rule=rule)
    assert BASELINE.match(view, {"kubernetes": "v1.36.3+rke2r1"}).current is True
    everything = AggregationRule(cluster_role_selectors=(selector, LabelSelector()))
    wider = BASELINE.match(msgspec.structs.replace(view, aggregation_rule=everything))
    assert (wider.verdict, wider.added, wider.removed) == (
        Verdict.DIFFERS,
        Content(selectors=frozenset({""})),
        Content(),
    )
    alone = BASELINE.match(msgspec.structs.replace(view, aggregation_rule=None))
    assert (alone.verdict, str(alone.added)) == (Verdict.DIFFERS, "get pods")
    assert str(alone.removed) == f"selector {GROUP}/aggregate-to-view=true"


def test_an_account_without_namespace_is_of_the_namespace_of_its_binding() -> None:
    name, account = "snapshot-controller-leaderelection", Subject("ServiceAccount", "snapshot-controller")
    role = RoleRef("Role", name)
    metadata = Metadata(name=name, namespace="kube-system")
    implied = RoleBinding(metadata=metadata, role_ref=role, subjects=(account,))
    spelled = RoleBinding(
        metadata=metadata, role_ref=role, subjects=(msgspec.structs.replace(account, namespace="kube-system"),)
    )
    assert BASELINE.match(implied) == BASELINE.match(spelled)
    assert BASELINE.match(spelled).verdict is Verdict.EQUAL
    assert subject_key(account, "kube-system") == "ServiceAccount:kube-system/snapshot-controller"


def test_the_given_version_is_preferred() -> None:
    old = binding("kubevirt.io:default", "kubevirt.io:default", EVERYONE, ANONYMOUS)
    assert [BASELINE.match(old, {"kubevirt": version}).current for version in ("1.1.1", "1.8.4")] == [True, False]
    assert BASELINE.match(old).versions == (("kubevirt", "1.1.0"), ("kubevirt", "1.1.1"))
    assert BASELINE.match(old).current is None
    assert BASELINE.match(old, {"kubevirt": "2.0.0"}).current is None
    strange = binding("kubevirt.io:default", "kubevirt.io:default", EVERYONE, ANONYMOUS, Subject("User", "eve"))
    new = BASELINE.match(strange, {"kubevirt": "1.8.4"})
    assert new.nearest
    assert "1.8.4" in new.nearest.versions
    assert str(new.added) == "Group:system:unauthenticated, User:eve"
    assert str(BASELINE.match(strange).added) == "User:eve"


def test_of_two_equally_near_the_newer_is_chosen() -> None:
    text = json.dumps(
        {
            "component": "made-up",
            "source": "this test",
            "versions": ["1.0.0", "1.1.0", "1.2.0"],
            "objects": [
                {
                    "kind": "ClusterRole",
                    "name": "made-up",
                    "variants": [
                        {"versions": ["1.0.0..1.1.0"], "rules": [{"verbs": ["get"], "nonResourceURLs": ["/a"]}]},
                        {"versions": ["1.2.0"], "rules": [{"verbs": ["get"], "nonResourceURLs": ["/b"]}]},
                    ],
                }
            ],
        }
    )
    baseline = Baseline([msgspec.json.decode(text, type=Component)], {})
    edited = cluster_role("made-up", PolicyRule(verbs=("get",), non_resource_urls=("/c",)))
    near = {version: baseline.match(edited, {"made-up": version}).nearest for version in ("1.0.0", "1.1.7", "9.0.0")}
    assert [item.versions for item in near.values() if item] == [("1.0.0", "1.1.0"), ("1.0.0", "1.1.0"), ("1.2.0",)]
    found = baseline.match(edited)
    assert found.nearest
    assert found.nearest.versions == ("1.2.0",)
    assert (str(found.added), str(found.removed)) == ("get /c", "get /b")


# -- what the audit asks -----------------------------------------------------------------------------------------------


def test_a_shipped_right_in_a_shipped_role() -> None:
    console = PolicyRule(
        verbs=("get",), api_groups=("subresources.kubevirt.io",), resources=("virtualmachineinstances/console",)
    )
    secrets = PolicyRule(verbs=("list", "get"), api_groups=("",), resources=("secrets",))
    assert BASELINE.ships_rule(cluster_role("kubevirt.io:edit"), console)
    assert not BASELINE.ships_rule(cluster_role("kubevirt.io:view"), console)
    assert BASELINE.ships_rule(cluster_role("view"), secrets)
    assert not BASELINE.ships_rule(cluster_role("view"), console)
    assert BASELINE.ships_rule(cluster_role("edit"), console)
    assert BASELINE.ships_rule(cluster_role("admin"), secrets)
    clusters = PolicyRule(verbs=("get",), api_groups=("management.cattle.io",), resources=("clusters",))
    assert BASELINE.ships_rule(cluster_role("rancher-turtles-aggregated-manager-role"), clusters)
    assert not BASELINE.ships_rule(cluster_role("rancher-turtles-aggregated-manager-role"), console)
    assert not BASELINE.ships_rule(cluster_role("made-up"), secrets)
    assert not BASELINE.ships_rule(None, secrets)
    assert not BASELINE.ships_rule(cluster_role("view"), None)


def test_a_shipped_binding() -> None:
    public = RoleBinding(
        metadata=Metadata(name="harvester-public", namespace="harvester-public"),
        role_ref=RoleRef("ClusterRole", "view"),
        subjects=(EVERYONE,),
    )
    assert BASELINE.ships_binding(public)
    assert not BASELINE.ships_binding(msgspec.structs.replace(public, role_ref=RoleRef("ClusterRole", "edit")))
    assert not BASELINE.ships_binding(msgspec.structs.replace(public, subjects=(EVERYONE, ANONYMOUS)))


def test_what_only_another_version_ships_is_not_shipped() -> None:
    old = binding("kubevirt.io:default", "kubevirt.io:default", EVERYONE, ANONYMOUS)
    migrate = PolicyRule(
        verbs=("update",), api_groups=("subresources.kubevirt.io",), resources=("virtualmachines/migrate",)
    )
    edit, own = cluster_role("kubevirt.io:edit"), cluster_role("kubevirt.io:migrate")
    for version, shipped in (("1.1.1", True), ("v1.8.4", False), ("9.0.0", True)):
        stated = {"kubevirt": version, "harvester": "1.3.0"}
        assert BASELINE.ships_binding(old, stated) is shipped
        assert BASELINE.ships(old, ANONYMOUS, stated) is shipped
        assert BASELINE.ships(old, EVERYONE, stated)
        assert BASELINE.ships_rule(edit, migrate, stated) is shipped
    assert not BASELINE.ships_rule(own, migrate, {"kubevirt": "1.4.1"})
    assert BASELINE.ships_rule(own, migrate, {"kubevirt": "1.5.2"})
    assert BASELINE.ships_binding(old)


# -- the files ---------------------------------------------------------------------------------------------------------


def shipped_json(name: str) -> Any:  # noqa: ANN401  # a file as it is
    return json.loads((files("rbac_audit.harvester.shipped") / name).read_bytes())


@pytest.mark.parametrize("component", read_shipped().components, ids=lambda component: component.component)
def test_a_file_is_in_order(component: Component) -> None:
    assert component.source
    assert len(set(component.versions)) == len(component.versions)
    assert len({(item.kind, item.namespace, item.name) for item in component.objects}) == len(component.objects)
    contents = [(key, content_of(as_object(key, variant))) for key, variant in component.variants()]
    assert len(set(contents)) == len(contents)
    assert all(len(set(variant.versions)) == len(variant.versions) > 0 for _, variant in component.variants())


def test_every_part_of_a_release_has_content() -> None:
    shipped = read_shipped()
    versions = {component.component: component.versions for component in shipped.components}
    missing = [
        (release, name, version)
        for release, parts in shipped.releases.items()
        for name, version in parts.items()
        if version not in versions.get(name, ())
    ]
    assert not missing
    assert all(
        {"harvester", "kubernetes", "kubevirt", "longhorn", "rancher"} <= parts.keys()
        for parts in shipped.releases.values()
    )


def template(name: str, version: str) -> dict[str, Any]:
    data = shipped_json("role-templates.json")
    known = data["versions"]
    charts = [(chart["versions"], item) for chart in data["charts"] for item in chart["role_templates"]]
    for versions, item in [*((known, item) for item in data["role_templates"]), *charts]:
        for variant in item["variants"] if item["name"] == name and version in versions else ():
            for text in variant["versions"]:
                first, _, last = text.partition("..")
                if versions.index(first) <= versions.index(version) <= versions.index(last or first):
                    return dict(variant)
    raise AssertionError(f"no role template {name} in {version}")


@pytest.mark.parametrize(
    ("name", "version", "context", "inherits"),
    [
        ("project-owner", "2.15.0", "project", ["admin"]),
        ("project-member", "2.8.2", "project", ["edit"]),
        ("read-only", "2.15.0", "project", ["view"]),
        ("projects-view", "2.15.0", "cluster", ["view"]),
        ("cluster-member", "2.15.0", "cluster", []),
        ("virt-project-manage", "0.1.1", "project", ["project-member", "monitoring-ui-view"]),
        ("virt-project-view", "0.1.0", "project", ["read-only", "monitoring-ui-view"]),
    ],
)
def test_what_a_role_template_inherits(name: str, version: str, context: str, inherits: list[str]) -> None:
    found = template(name, version)
    assert (found["context"], found.get("role_template_names", [])) == (context, inherits)


@pytest.mark.parametrize(("version", "held"), [("0.1.0", False), ("0.1.1", True)])
def test_only_the_newer_chart_gives_tenants_all_of_harvester(version: str, held: bool) -> None:
    groups = [rule["apiGroups"] for rule in template("virt-project-manage", version)["rules"]]
    assert (["harvesterhci.io"] in groups) is held


# -- the collected clusters --------------------------------------------------------------------------------------------


def dumped(folder: Path) -> Iterator[RbacObject]:
    for plural in PLURALS:
        path = folder / f"{plural}.{GROUP}.json"
        text = path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".json.gz").read_bytes())
        for raw in json.loads(text)["items"]:
            item = decode({"apiVersion": f"{GROUP}/v1", **raw})
            assert isinstance(item, ClusterRole | Role | ClusterRoleBinding | RoleBinding)
            yield item


# What Rancher renders for this estate from its role templates and bindings; nobody ships these.
RENDERED = ("rb-", "crb-", "cattle-impersonation-", "globaladmin-", "p-4m8tz-", "p-9cq2w-", "p-vb6tn-", "p-x7k2q-")
TEMPLATES = {
    "cluster-member",
    "cluster-owner",
    "create-ns",
    "project-member",
    "project-member-promoted",
    "project-owner",
    "project-owner-promoted",
    "read-only",
    "read-only-promoted",
    "rt-vmoper",
    "virt-project-view",
}


def test_a_clean_cluster_is_what_is_shipped(shared_data: Path) -> None:
    parts = dict(BASELINE.components_of("v1.9.0-rc6").components) | {"kubernetes": "1.35.0"}
    found = {str(item): BASELINE.match(item, parts) for item in dumped(shared_data / "stock-legacy/harvester-cluster")}
    assert [name for name, match in found.items() if match.verdict is Verdict.DIFFERS] == []
    unknown = {name.split()[1].rpartition("/")[2] for name, match in found.items() if match.verdict is Verdict.UNKNOWN}
    assert {name for name in unknown if not name.startswith(RENDERED)} == TEMPLATES
    equal = [match for match in found.values() if match.verdict is Verdict.EQUAL]
    assert len(equal) > 200
    assert all(match.current for match in equal)


# Faults F20, F60, F61 and F62 of the estate's list, which says what was added to what; it names no user in F62.
EDITED = [
    ("ClusterRoleBinding", "harvester-authenticated", r"Group:system:unauthenticated"),
    ("ClusterRole", "harvesterhci.io:view", r"((get|list|watch) settings\.harvesterhci\.io(, )?)+"),
    ("ClusterRole", "kubevirt.io:view", r"get virtualmachineinstances\.subresources\.kubevirt\.io/console"),
    ("ClusterRoleBinding", "kubevirt.io:default", r"User:[^,]+"),
]


def test_edits_in_a_lived_in_cluster(shared_data: Path) -> None:
    parts = BASELINE.components_of("v1.9.0-rc6").components
    matches = {
        (item.kind, item.name): BASELINE.match(item, parts)
        for item in dumped(shared_data / "messy-estate/harvester-cluster")
    }
    differing = {name for name, found in matches.items() if found.verdict is Verdict.DIFFERS}
    assert differing == {(kind, name) for kind, name, _ in EDITED}
    for kind, name, added in EDITED:
        found = matches[kind, name]
        assert re.fullmatch(added, str(found.added))
        assert not found.removed
