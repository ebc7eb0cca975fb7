"""The example estates are what they claim: names, aggregation and rendering follow Kubernetes and Rancher."""

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar  # YAML is untyped until `decode` has converted it

import pytest
import yaml

from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    Feature,
    KubernetesObject,
    Namespace,
    PolicyRule,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
    ServiceAccount,
    User,
)

EXAMPLES = Path(__file__).parent.parent / "examples"
ESTATES = ("tenancy-legacy", "tenancy-aggregated", "lived-in")
FOLDERS = [(estate, cluster) for estate in ESTATES for cluster in ("harvester", "rancher")]
TemplateBinding = ProjectRoleTemplateBinding | ClusterRoleTemplateBinding
Binding = RoleBinding | ClusterRoleBinding
Kept = TypeVar("Kept", bound=KubernetesObject)

FORGED = ("ledger-books", "rb-4c7u2mkq5w")
ORPHANED = ("research-gpu", "rb-rwx5cn3dol")
DANGLING = ("webstore-back", "backup-agent")
# Rancher renders bindings to this external template although its ClusterRole comes with an add-on that is off.
ABSENT_EXTERNAL = "monitoring-ui-view"
OWNER_LABELS = ("authz.cluster.cattle.io/rtb-owner-updated", "authz.cluster.cattle.io/prtb-owner-")


@cache
def documents(estate: str, cluster: str) -> tuple[tuple[Path, dict[str, Any]], ...]:
    files = sorted((EXAMPLES / estate / cluster).glob("*.yaml"))
    return tuple((file, one) for file in files for one in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader))


@cache
def objects(estate: str, cluster: str) -> tuple[KubernetesObject, ...]:
    return tuple(item for _, one in documents(estate, cluster) if (item := decode(one)) is not None)


def of(kind: type[Kept], estate: str, cluster: str) -> list[Kept]:
    return [item for item in objects(estate, cluster) if isinstance(item, kind)]


def bindings(estate: str, cluster: str) -> list[Binding]:
    return [*of(RoleBinding, estate, cluster), *of(ClusterRoleBinding, estate, cluster)]


def template_bindings(estate: str) -> list[TemplateBinding]:
    return [*of(ProjectRoleTemplateBinding, estate, "rancher"), *of(ClusterRoleTemplateBinding, estate, "rancher")]


def base32(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:10]


def hashed(scope: str, role_kind: str, role: str, subject_kind: str, subject: str) -> str:
    """rancher/rancher pkg/rbac/common.go: the parts are joined without separators."""
    return base32(scope + role_kind + role + subject_kind + subject)


def subject_of(binding: TemplateBinding) -> tuple[str, str]:
    return ("User", binding.user_name) if binding.user_name else ("Group", binding.group_principal_name)


def is_aggregated(estate: str) -> bool:
    return any(item.enabled for item in of(Feature, estate, "rancher") if item.name == "aggregated-roletemplates")


def closure(estate: str, template: str) -> Iterator[str]:
    """What a binding to the template refers to: all it inherits, or its one aggregator."""
    if is_aggregated(estate):
        yield f"{template}-aggregator"
        return
    yield template
    inherited = {item.name: item.role_template_names for item in of(RoleTemplate, estate, "rancher")}
    for parent in inherited[template]:
        yield from closure(estate, parent)


def has(binding: Binding, role: str, subject: tuple[str, str]) -> bool:
    return binding.role_ref.name == role and [(item.kind, item.name) for item in binding.subjects] == [subject]


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_every_document_is_of_a_kind_that_the_audit_reads(estate: str, cluster: str) -> None:
    assert len(documents(estate, cluster)) > 100
    for file, one in documents(estate, cluster):
        item = decode(one)
        assert item is not None, file
        assert file.name == f"{item.plural}.{item.group}.yaml".replace("..", "."), file
        assert bool(item.namespace) == item.namespaced, item


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_objects_are_unique_and_lie_in_namespaces_that_exist(estate: str, cluster: str) -> None:
    keys = [item.key for item in objects(estate, cluster)]
    assert len(keys) == len(set(keys))
    namespaces = {item.name for item in of(Namespace, estate, cluster)}
    assert {item.namespace for item in objects(estate, cluster)} <= namespaces | {""}


def test_the_hash_is_that_of_rancher() -> None:
    # The name that Rancher v2.15.0 itself gave to such a binding in its legacy model.
    assert hashed("default", "ClusterRole", "read-only", "User", "u-ro1") == "ibv77pcosv"


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_names_of_rendered_bindings_are_their_hashes(estate: str, cluster: str) -> None:
    seen = 0
    for item in bindings(estate, cluster):
        if not item.name.startswith(("rb-", "crb-")):
            continue
        (subject,) = item.subjects
        # The aggregated model hashes memberships in projects with the project in the place of the namespace.
        membership = is_aggregated(estate) and item.role_ref.name.startswith("p-") and item.role_ref.kind == "Role"
        scope = item.role_ref.name.rpartition("-")[0] if membership else item.namespace
        name = hashed(scope, item.role_ref.kind, item.role_ref.name, subject.kind, subject.name)
        agrees = item.name == ("rb-" if item.namespace else "crb-") + name
        assert agrees != ((item.namespace, item.name) == FORGED and estate == "lived-in"), item
        seen += 1
    assert seen > 4


@pytest.mark.parametrize("estate", ESTATES)
def test_names_of_template_bindings_and_users_are_their_hashes(estate: str) -> None:
    for item in template_bindings(estate):
        project = isinstance(item, ProjectRoleTemplateBinding)
        scope = item.project_name if isinstance(item, ProjectRoleTemplateBinding) else item.cluster_name
        subject = item.user_principal_name or item.group_principal_name
        name = ("prtb-" if project else "crtb-") + base32(f"{subject}/{item.role_template_name}/{scope}")
        assert item.name in {name, "creator-cluster-owner"}
    for user in of(User, estate, "rancher"):
        external = [principal for principal in user.principal_ids if not principal.startswith("local://")]
        assert [f"u-{base32(principal)}" for principal in external] in ([], [user.name])


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_aggregated_roles_are_the_union_by_labels(estate: str, cluster: str) -> None:
    roles = sorted(of(ClusterRole, estate, cluster), key=lambda role: role.name)
    aggregated = [role for role in roles if role.aggregation_rule is not None]
    assert {"admin", "edit", "view"} <= {role.name for role in aggregated}
    for role in aggregated:
        rules: list[PolicyRule] = []
        assert role.aggregation_rule is not None
        for selector in role.aggregation_rule.cluster_role_selectors:
            assert not selector.match_expressions
            chosen = [one for one in roles if selector.match_labels.items() <= one.metadata.labels.items()]
            rules += [rule for one in chosen if one is not role for rule in one.rules]
        assert list(role.rules) == list(dict.fromkeys(rules)), role


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_every_role_ref_resolves_but_the_planted_one(estate: str, cluster: str) -> None:
    cluster_roles = {role.name for role in of(ClusterRole, estate, cluster)} | {ABSENT_EXTERNAL}
    roles = {(role.namespace, role.name) for role in of(Role, estate, cluster)}
    known = {("ClusterRole", "", name) for name in cluster_roles} | {("Role", *key) for key in roles}
    dangling = set()
    for item in bindings(estate, cluster):
        kind, name = item.role_ref.kind, item.role_ref.name
        if (kind, item.namespace if kind == "Role" else "", name) not in known:
            dangling.add((item.namespace, item.name))
    assert dangling == ({DANGLING} if (estate, cluster) == ("lived-in", "harvester") else set())


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_service_accounts_of_bindings_exist(estate: str, cluster: str) -> None:
    named = {s for item in bindings(estate, cluster) for s in item.subjects if s.kind == "ServiceAccount"}
    accounts = {(item.namespace, item.name) for item in of(ServiceAccount, estate, cluster)}
    assert {(subject.namespace, subject.name) for subject in named} <= accounts


@pytest.mark.parametrize("estate", ESTATES)
def test_project_bindings_are_rendered_in_every_namespace_of_their_project(estate: str) -> None:
    wanted: set[tuple[str, str]] = set()
    present = {(item.namespace, item.name): item for item in of(RoleBinding, estate, "harvester")}
    for binding in of(ProjectRoleTemplateBinding, estate, "rancher"):
        for namespace in of(Namespace, estate, "harvester"):
            if namespace.metadata.annotations.get("field.cattle.io/projectId") != binding.project_name:
                continue
            for role in closure(estate, binding.role_template_name):
                name = f"rb-{hashed(namespace.name, 'ClusterRole', role, *subject_of(binding))}"
                assert has(present[namespace.name, name], role, subject_of(binding)), name
                wanted.add((namespace.name, name))
    labelled = {key for key, item in present.items() if any(k.startswith(OWNER_LABELS) for k in item.metadata.labels)}
    assert labelled - wanted == ({FORGED, ORPHANED} if estate == "lived-in" else set())


@pytest.mark.parametrize("estate", ESTATES)
def test_template_bindings_are_rendered_cluster_wide_and_as_membership(estate: str) -> None:
    there, here = of(ClusterRoleBinding, estate, "harvester"), of(ClusterRoleBinding, estate, "rancher")
    for binding in template_bindings(estate):
        subject = subject_of(binding)
        cluster = binding.metadata.namespace.partition("-p-")[0]
        key = f"{binding.namespace}_{binding.name}"  # a label key: shortened only from 64 characters on
        members = [item for item in here if key in item.metadata.labels]
        kinds = [f"{cluster}-clustermember", f"{cluster}-clusterowner"]
        assert [item for item in members if any(has(item, kind, subject) for kind in kinds)], binding
        if isinstance(binding, ClusterRoleTemplateBinding):
            wanted = list(closure(estate, binding.role_template_name))
        else:
            project = binding.project_name.partition(":")[2]
            reads = binding.role_template_name in {"read-only", "rt-vm-power"}
            wanted = [f"{project}-namespaces-readonly"] if reads else ["create-ns", f"{project}-namespaces-edit"]
        assert [role for role in wanted if not any(has(item, role, subject) for item in there)] == []


@pytest.mark.parametrize(("estate", "cluster"), FOLDERS)
def test_no_credential_is_real(estate: str, cluster: str) -> None:
    secrets = [one for _, one in documents(estate, cluster) if one["kind"] == "Secret"]
    assert secrets
    assert {value for one in secrets for value in one["data"].values()} <= {"", base64.b64encode(b"FAKE").decode()}
    for file in (EXAMPLES / estate / cluster).glob("*.yaml"):
        text = file.read_text("utf-8")
        assert not re.search(r"-----BEGIN|eyJ[A-Za-z0-9]|\bpassword:|token-[a-z0-9]{5}:[a-z0-9]", text), file
        assert all(path.startswith(("FAKE", "{token}")) for path in re.findall(r"/v3/import/([^\"]+)", text)), file


def test_readme_of_the_lived_in_estate_names_objects_that_exist() -> None:
    short = {"RB": "RoleBinding", "CRB": "ClusterRoleBinding"}
    short |= {"PRTB": "ProjectRoleTemplateBinding", "CRTB": "ClusterRoleTemplateBinding"}
    clusters = {"R": "rancher", "H": "harvester"}
    rows = re.findall(
        r"^\| ([FN]\d\d) \| ([RH]) (.+?) \|", (EXAMPLES / "lived-in/README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [row[0] for row in rows] == [f"F{n:02}" for n in range(1, 34)] + [f"N{n:02}" for n in range(1, 17)]
    for fault, cluster, cell in rows:
        known = {str(item) for item in objects("lived-in", clusters[cluster])}
        for kind, name in re.findall(r"\b([A-Z]\w+) `([^`]+)`", cell):
            if kind != "Secrets":
                assert f"{short.get(kind, kind)} {name}" in known, fault
