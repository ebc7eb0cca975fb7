"""The API server's loops written down again over plain manifests, slowly: what the engine is compared with.

Nothing here may import the engine. Sources, all k8s.io/kubernetes unless said: pkg/apis/rbac/v1/evaluation_helpers.go,
plugin/pkg/auth/authorizer/rbac/rbac.go (RuleAllows, Authorize), pkg/registry/rbac/validation/rule.go (VisitRulesFor,
GetRoleReferenceRules, appliesToUser), k8s.io/apiserver pkg/authorization/authorizerfactory/builtin.go (system:masters),
k8s.io/component-helpers auth/rbac/validation/policy_comparator.go (Covers),
pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (syncClusterRole) and
k8s.io/apimachinery pkg/labels/selector.go (Requirement.Matches).
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

from tests.access.manifests import Manifest

Rules = Sequence[Manifest]


def rule_allows(rule: Manifest, attributes: Manifest) -> bool:
    if "path" in attributes:
        return _listed(rule, "verbs", attributes["verb"]) and _url_matches(rule, attributes["path"])
    resource, subresource = attributes["resource"], attributes.get("subresource", "")
    return (
        _listed(rule, "verbs", attributes["verb"])
        and _listed(rule, "apiGroups", attributes["group"])
        and _resource_matches(rule, f"{resource}/{subresource}" if subresource else resource, subresource)
        and _name_matches(rule, attributes.get("name", ""))
    )


def _listed(rule: Manifest, field: str, wanted: str) -> bool:
    for item in rule.get(field, []):
        if item == "*":
            return True
        if item == wanted:
            return True
    return False


def _resource_matches(rule: Manifest, combined: str, subresource: str) -> bool:
    for item in rule.get("resources", []):
        if item == "*":
            return True
        if item == combined:
            return True
        if len(subresource) == 0:
            continue
        if len(item) == len(subresource) + 2 and item[:2] == "*/" and item.endswith(subresource):
            return True
    return False


def _name_matches(rule: Manifest, name: str) -> bool:
    if len(rule.get("resourceNames", [])) == 0:
        return True
    return any(item == name for item in rule["resourceNames"])


def _url_matches(rule: Manifest, path: str) -> bool:
    for item in rule.get("nonResourceURLs", []):
        if item == "*":
            return True
        if item == path:
            return True
        if item[-1:] == "*" and path.startswith(_trimmed(item)):
            return True
    return False


def _trimmed(url: str) -> str:
    while url[-1:] == "*":
        url = url[:-1]
    return url


def applies(subject: Manifest, binding_namespace: str, user: str, groups: Sequence[str]) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(user == name)
    if kind == "Group":
        return any(group == name for group in groups)
    if kind == "ServiceAccount":
        namespace = subject.get("namespace") or binding_namespace
        if not namespace:
            return False
        return bool(user == "system:serviceaccount:" + namespace + ":" + name)
    return False


def _of(manifests: Sequence[Manifest], kind: str, namespace: str = "") -> list[Manifest]:
    found = [item for item in manifests if item["kind"] == kind]
    return [item for item in found if item["metadata"].get("namespace", "") == namespace]


def rules_of(manifests: Sequence[Manifest], role_ref: Manifest, namespace: str) -> Rules:
    """GetRoleReferenceRules; nothing where it returns an error."""
    kind = role_ref["kind"]
    if kind not in {"Role", "ClusterRole"} or (kind == "Role" and not namespace):
        return []
    for item in _of(manifests, kind, namespace if kind == "Role" else ""):
        if item["metadata"]["name"] == role_ref["name"]:
            return list(item.get("rules", []))
    return []


def reaching(manifests: Sequence[Manifest], user: str, groups: Sequence[str], namespace: str) -> Iterator[Manifest]:
    """The bindings that VisitRulesFor does not pass over."""
    for binding in _of(manifests, "ClusterRoleBinding"):
        if any(applies(subject, "", user, groups) for subject in binding["subjects"]):
            yield binding
    if namespace:
        for binding in _of(manifests, "RoleBinding", namespace):
            if any(applies(subject, namespace, user, groups) for subject in binding["subjects"]):
                yield binding


def rules_for(manifests: Sequence[Manifest], user: str, groups: Sequence[str], namespace: str) -> list[Manifest]:
    found: list[Manifest] = []
    for binding in reaching(manifests, user, groups, namespace):
        found.extend(rules_of(manifests, binding["roleRef"], binding["metadata"].get("namespace", "")))
    return found


def authorize(manifests: Sequence[Manifest], review: Manifest) -> bool:
    """Answer the spec of a SubjectAccessReview."""
    if "system:masters" in review["groups"]:
        return True
    attributes = review.get("resourceAttributes") or review["nonResourceAttributes"]
    rules = rules_for(manifests, review["user"], review["groups"], attributes.get("namespace", ""))
    return any(rule_allows(rule, attributes) for rule in rules)


def covers(owned: Rules, wanted: Rules) -> tuple[bool, list[Manifest]]:
    atoms = itertools.chain.from_iterable(map(_breakdown, wanted))
    missing = [atom for atom in atoms if not any(_rule_covers(rule, atom) for rule in owned)]
    return not missing, missing


def _breakdown(rule: Manifest) -> Iterator[Manifest]:
    for group in rule.get("apiGroups", []):
        for resource in rule.get("resources", []):
            for verb in rule.get("verbs", []):
                atom = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                if rule.get("resourceNames"):
                    for name in rule["resourceNames"]:
                        yield {**atom, "resourceNames": [name]}
                else:
                    yield atom
    for url in rule.get("nonResourceURLs", []):
        for verb in rule.get("verbs", []):
            yield {"nonResourceURLs": [url], "verbs": [verb]}


def _rule_covers(owner: Manifest, atom: Manifest) -> bool:
    names, wanted_names = owner.get("resourceNames", []), atom.get("resourceNames", [])
    return (
        _covers_list(owner.get("verbs", []), atom["verbs"])
        and _covers_list(owner.get("apiGroups", []), atom.get("apiGroups", []))
        and _covers_resources(owner.get("resources", []), atom.get("resources", []))
        and _covers_urls(owner.get("nonResourceURLs", []), atom.get("nonResourceURLs", []))
        and (len(names) == 0 if len(wanted_names) == 0 else len(names) == 0 or _has_all(names, wanted_names))
    )


def _has_all(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(item == each for item in owned) for each in wanted)


def _covers_list(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return "*" in owned or _has_all(owned, wanted)


def _covers_resources(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    if "*" in owned or _has_all(owned, wanted):
        return True
    for path in wanted:
        if path in owned:
            continue
        if "/" not in path:
            return False
        if "*/" + path.split("/", 1)[1] not in owned:
            return False
    return True


def _covers_urls(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(_url_covers(owner, path) for owner in owned) for path in wanted)


def _url_covers(owner: str, path: str) -> bool:
    if owner == path:
        return True
    return owner[-1:] == "*" and path.startswith(_trimmed(owner))


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Match a valid LabelSelector."""
    for key, value in selector.get("matchLabels", {}).items():
        if key not in labels or labels[key] != value:
            return False
    return all(_requirement_holds(item, labels) for item in selector.get("matchExpressions", []))


def _requirement_holds(requirement: Manifest, labels: Mapping[str, str]) -> bool:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values", [])
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise ValueError(f"no valid operator: {operator}")


def synced(role: Manifest, cluster_roles: Sequence[Manifest]) -> list[Manifest]:
    """The rules that the controller computes for one aggregated role; its selectors are valid."""
    union: list[Manifest] = []
    for selector in role["aggregationRule"]["clusterRoleSelectors"]:
        chosen = [item for item in cluster_roles if selects(selector, item["metadata"].get("labels", {}))]
        for member in sorted(chosen, key=lambda item: str(item["metadata"]["name"])):
            if member["metadata"]["name"] == role["metadata"]["name"]:
                continue
            for rule in member["rules"]:
                if all(_text(rule) != _text(known) for known in union):
                    union.append(rule)
    return union


def settled(cluster_roles: Sequence[Manifest], *, keep_stored: bool, rounds: int = 100) -> list[Manifest]:
    """Let the controller work on copies until nothing changes, or for so many rounds: in circles it never rests.

    `keep_stored` holds it off the roles that have rules already.
    """
    roles = [dict(role) for role in cluster_roles]
    work = [role for role in roles if "aggregationRule" in role and not (keep_stored and role["rules"])]
    for _ in range(rounds):
        before = [role["rules"] for role in work]
        for role in work:
            role["rules"] = synced(role, roles)
        if before == [role["rules"] for role in work]:
            break
    return roles


def _text(rule: Manifest) -> str:
    """Spell a rule so that an absent list equals an empty one (equality.Semantic.DeepEqual)."""
    return json.dumps({key: value for key, value in rule.items() if value}, sort_keys=True)
