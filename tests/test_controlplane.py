"""The API server of the tests is a real one: it decides, aggregates, refuses and deletes."""

import json
import sys
import time

import pytest

from tests.controlplane import settle
from tests.controlplane.api import Question
from tests.controlplane.connections import Object
from tests.controlplane.server import Server
from tests.controlplane.state import Inventory

RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
READ_SECRETS = {"verb": "get", "resource": "secrets", "namespace": "blue"}


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _role(kind: str, name: str, *resources: str, **metadata: object) -> Object:
    rule = {"apiGroups": [""], "resources": list(resources), "verbs": ["get"]}
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": name, **metadata}, "rules": [rule]}


def _binding(name: str, role: str, subject: Object, namespace: str) -> Object:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
    head = {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace}}
    return {**head, "roleRef": ref, "subjects": [subject]}


def _config_map(name: str, **metadata: object) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "blue", **metadata}}


@pytest.fixture
def blue(clean_apiserver: Server) -> Server:
    """A namespace in which the group readers may read secrets."""
    readers = {"kind": "Group", "name": "readers", "apiGroup": "rbac.authorization.k8s.io"}
    role = _role("Role", "reader", "secrets", namespace="blue")
    clean_apiserver.seed([_binding("readers", "reader", readers, "blue"), role, _namespace("blue")])
    return clean_apiserver


@pytest.mark.parametrize(
    ("user", "groups", "attributes", "allowed"),
    [
        ("mia", ["readers"], READ_SECRETS, True),
        ("mia", ["writers"], READ_SECRETS, False),
        ("readers", [], READ_SECRETS, False),
        ("mia", ["readers"], READ_SECRETS | {"namespace": "default"}, False),
        ("mia", ["readers"], READ_SECRETS | {"verb": "list"}, False),
        ("mia", ["readers"], READ_SECRETS | {"subresource": "status"}, False),
        ("mia", ["system:masters"], READ_SECRETS | {"verb": "list"}, True),
        ("mia", ["system:authenticated"], {"verb": "get", "path": "/version"}, True),
        ("mia", [], {"verb": "get", "path": "/version"}, False),
    ],
)
@pytest.mark.controlplane(controllers=False)
def test_it_decides_by_rbac(
    blue: Server, user: str, groups: list[str], attributes: dict[str, str], allowed: bool
) -> None:
    assert bool(blue.api.sar(user, groups, attributes)) is allowed


@pytest.mark.controlplane(controllers=False)
def test_it_says_why(blue: Server) -> None:
    reason = 'RBAC: allowed by RoleBinding "readers/blue" of Role "reader" to Group "readers"'
    assert blue.api.sar("mia", ["readers"], READ_SECRETS).reason == reason


@pytest.mark.controlplane(controllers=False)
def test_it_answers_other_users(blue: Server) -> None:
    mia = blue.api.acting_as("mia", ["one", "readers", "grüne, Leute"])
    assert mia.dry_run(_config_map("a")).status == 403
    assert blue.api.dry_run(_config_map("a")).status == 201
    assert blue.api.objects("v1", "ConfigMap", "blue") == []
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    assert rule in blue.api.rules("mia", ["readers"], "blue")
    assert rule not in blue.api.rules("mia", ["writers"], "blue")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    who = mia.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)["status"]["userInfo"]
    assert (who["username"], who["groups"]) == ("mia", ["one", "readers", "grüne, Leute", "system:authenticated"])


@pytest.mark.controlplane(controllers=False)
def test_answers_come_in_the_order_of_questions(blue: Server, capsys: pytest.CaptureFixture[str]) -> None:
    groups = [("readers",) if number % 3 == 0 else ("writers",) for number in range(3000)]
    questions: list[Question] = [("mia", each, READ_SECRETS) for each in groups]
    started = time.monotonic()
    answers = blue.api.sars(questions)
    rate = len(answers) / (time.monotonic() - started)
    with capsys.disabled():
        sys.stdout.write(f"\n{rate:.0f} access reviews a second\n")
    assert list(map(bool, answers)) == [each == ("readers",) for each in groups]


def test_roles_are_aggregated(blue: Server) -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true", "colour": "blue"}
    part = _role("ClusterRole", "part", "unicorns", labels=labels)
    chosen = {"matchExpressions": [{"key": "colour", "operator": "In", "values": ["blue", "red"]}]}
    whole = _role("ClusterRole", "whole") | {"aggregationRule": {"clusterRoleSelectors": [chosen]}, "rules": None}
    blue.seed([whole, part])
    for name in ("whole", "view", "edit", "admin"):
        assert part["rules"][0] in blue.api.get(RBAC, "ClusterRole", name)["rules"]
    blue.api.delete(RBAC, "ClusterRole", "part")
    blue.settle()
    assert blue.api.get(RBAC, "ClusterRole", "whole").get("rules") is None


@pytest.mark.controlplane(controllers=False)
def test_admission_policies_deny_and_warn(blue: Server) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    for name, action in (("strict", "Deny"), ("polite", "Warn")):
        validation = {"expression": f"object.metadata.name != '{name}'", "message": f"not {name}"}
        spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]}
        bound = {"policyName": name, "validationActions": [action]}
        head = {"apiVersion": ADMISSION, "metadata": {"name": name}}
        blue.api.create({**head, "kind": "ValidatingAdmissionPolicy", "spec": spec})
        blue.api.create({**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound})
    settle.admission(blue.api)
    denied, warned, passed = (blue.api.dry_run(_config_map(name)) for name in ("strict", "polite", "plain"))
    assert (denied.status, warned.status, passed.status) == (422, 201, 201)
    assert "ValidatingAdmissionPolicy 'strict' with binding 'strict' denied request: not strict" in denied.message
    assert "not polite" in warned.warnings[0]
    assert passed.warnings == ()


def test_admission_policies_are_type_checked(blue: Server) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    validation = {"expression": "object.spec.colour == 'blue'"}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]}
    policy = {"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "typo"}}
    blue.api.create({**policy, "spec": spec})

    def warned() -> bool:
        status = blue.api.get(ADMISSION, "ValidatingAdmissionPolicy", "typo").get("status", {})
        return "undefined field 'spec'" in json.dumps(status.get("typeChecking", {}))

    settle.wait("type checking of a policy", warned)


def test_orphans_are_collected(blue: Server) -> None:
    owner = blue.api.create(_config_map("owner"))["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    blue.api.create(_config_map("owned", ownerReferences=[reference]))
    blue.api.delete("v1", "ConfigMap", "owner", "blue")
    settle.wait("the garbage collector", lambda: not blue.api.objects("v1", "ConfigMap", "blue"))


def test_service_accounts_get_tokens(blue: Server) -> None:
    settle.wait("the account of the namespace", lambda: _named(blue, "v1", "ServiceAccount", "default", "blue"))
    annotations = {"kubernetes.io/service-account.name": "default"}
    metadata = {"name": "login", "namespace": "blue", "annotations": annotations}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    blue.api.create(secret | {"type": "kubernetes.io/service-account-token"})
    settle.wait("the token", lambda: "token" in blue.api.get("v1", "Secret", "login", "blue").get("data", {}))


def _named(server: Server, api_version: str, kind: str, name: str, namespace: str | None = None) -> bool:
    found = server.api.objects(api_version, kind, namespace, fieldSelector=f"metadata.name={name}")
    return bool(found)


def test_clean_leaves_nothing_and_repairs(blue: Server) -> None:
    api = blue.api
    before = api.get(RBAC, "ClusterRole", "system:node")
    api.create(_config_map("held", finalizers=["example.org/never"]))
    api.create(_role("ClusterRole", "extra", "pods"))
    api.create({"apiVersion": "management.cattle.io/v3", "kind": "User", "metadata": {"name": "u-extra"}})
    api.replace(before | {"rules": []})
    api.delete(RBAC, "ClusterRoleBinding", "cluster-admin")
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["DELETE"], "resources": ["clusterroles"]}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "false"}]}
    head = {"apiVersion": ADMISSION, "metadata": {"name": "no-deletion"}}
    binding = {"policyName": "no-deletion", "validationActions": ["Deny"]}
    api.create({**head, "kind": "ValidatingAdmissionPolicy", "spec": spec})
    api.create({**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding})
    settle.admission(api)

    blue.clean()

    assert Inventory.take(api).keys == blue.first.keys
    assert api.get(RBAC, "ClusterRole", "system:node")["rules"] == before["rules"]
    assert api.get(RBAC, "ClusterRoleBinding", "cluster-admin")["roleRef"]["name"] == "cluster-admin"
    assert not api.sar("mia", ["readers"], READ_SECRETS)
