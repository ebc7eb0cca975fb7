"""Waits until the server's caches have caught up: without that a test's first question may be too early."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.controlplane.api import Api
from tests.controlplane.connections import Object

RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
PATIENCE = 30.0


def wait(what: str, done: Callable[[], bool]) -> None:
    """Poll until something is done; raises TimeoutError that names it."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {PATIENCE:.0f} s still waiting: {what}")
        time.sleep(0.01)


def authorizer(api: Api) -> None:
    """Wait until the RBAC authorizer knows all roles and bindings that were written so far.

    It reads each kind through a watch that keeps the order of writes (plugin/pkg/auth/authorizer/rbac), so
    what was written last is seen last: a role and a binding of either scope, for a user nobody else is.
    """
    name = f"settle-{secrets.token_hex(4)}"
    with _present(api, _witnesses(name)):
        question = {"verb": "get", "resource": "configmaps", "name": name}
        wait("cluster-wide rights", lambda: bool(api.sar(name, (), question)))
        inside = question | {"resource": "secrets", "namespace": "default"}
        wait("rights in namespaces", lambda: bool(api.sar(name, (), inside)))


def aggregation(api: Api) -> None:
    """Wait until every aggregated ClusterRole holds the rules of exactly the roles that it selects."""
    wait("aggregation of ClusterRoles", lambda: _aggregated(api))


def admission(api: Api) -> None:
    """Wait, a second or two, until ValidatingAdmissionPolicies and bindings written so far are in force."""
    name = f"settle-{secrets.token_hex(4)}"
    canary = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
    with _present(api, _refusal(name)):
        wait("admission policies", lambda: not api.dry_run(canary))


def _witnesses(name: str) -> list[Object]:
    subject = {"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    found: list[Object] = []
    for prefix, resource, place in (
        ("Cluster", "configmaps", {}),
        ("", "secrets", {"namespace": "default"}),
    ):
        rule = {"apiGroups": [""], "resources": [resource], "resourceNames": [name], "verbs": ["get"]}
        head = {"apiVersion": RBAC, "metadata": {"name": name, **place}}
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{prefix}Role", "name": name}
        found.append({**head, "kind": f"{prefix}Role", "rules": [rule]})
        found.append({**head, "kind": f"{prefix}RoleBinding", "roleRef": ref, "subjects": [subject]})
    return found


def _refusal(name: str) -> list[Object]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    policy = {
        "matchConstraints": {"resourceRules": [rule | {"resourceNames": [name]}]},
        "validations": [{"expression": "false"}],
    }
    head = {"apiVersion": ADMISSION, "metadata": {"name": name}}
    binding = {"policyName": name, "validationActions": ["Deny"]}
    return [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]


@contextmanager
def _present(api: Api, manifests: list[Object]) -> Iterator[None]:
    for each in manifests:
        api.create(each)
    try:
        yield
    finally:
        for each in manifests:
            metadata = each["metadata"]
            api.delete(each["apiVersion"], each["kind"], metadata["name"], metadata.get("namespace"))


def _aggregated(api: Api) -> bool:
    return all(
        _same_rules(role["rules"], _selected(api, role))
        for role in api.objects(RBAC, "ClusterRole")
        if role.get("aggregationRule")
    )


def _selected(api: Api, role: Object) -> list[Object]:
    """Let the server itself say which roles a selector means."""
    return [
        rule
        for selector in role["aggregationRule"]["clusterRoleSelectors"]
        for other in api.objects(RBAC, "ClusterRole", labelSelector=_query(selector))
        if other["metadata"]["name"] != role["metadata"]["name"]
        for rule in other["rules"] or []
    ]


def _same_rules(some: list[Object] | None, others: list[Object]) -> bool:
    return all(rule in others for rule in some or []) and all(rule in (some or []) for rule in others)


def _query(selector: Object) -> str:
    """Write a label selector as the query parameter labelSelector."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(each.get("values") or [])
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[each["operator"]]
        )
    return ",".join(terms)
