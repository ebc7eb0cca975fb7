"""Something adds to or is missing from view, edit and admin.

## What
The ClusterRoles view, edit and admin are the sum of the ClusterRoles with a label aggregate-to-view, -edit or -admin.
This rule reports labelled ClusterRoles that no known component ships, with what they add; selectors and labels that
somebody added to view, edit or admin or took off them; stored rules of theirs that no labelled ClusterRole explains;
and shipped ClusterRoles of Harvester, KubeVirt and CDI that lost their label. Where Rancher's objects were not read, so
is a ClusterRole that adds to one of its role templates by the label management.cattle.io/aggregates.

## Why
One label changes what every member of every project may do, on all namespaces at once, and no binding shows it. Write
verbs or Secrets in `view` make read-only members something else. Without its label, a shipped role stops giving tenants
their VMs.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: legacy-extra-view, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, update]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: our-crd-view, labels: {team: shop}}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, update]}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.baseline import Match, Verdict
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._shipped import confidence_of, match_installed
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, KubeVirt, ObjectRef, PolicyRule

_AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"
_AGGREGATES = "management.cattle.io/aggregates"
_USER_FACING = ("view", "edit", "admin")
_READ = frozenset({"get", "list", "watch"})
_VMI = "virtualmachineinstances"
# Rights that read like looking and are more, and those that make others of themselves.
_GRAVE = (
    *READ_SECRETS,
    *(Permission("get", "subresources.kubevirt.io", f"{_VMI}/{way}") for way in ("console", "vnc", "portforward")),
    Permission("get", "", "pods/exec"),
    Permission("get", "", "nodes/proxy"),
)
_ESCALATING = (
    *(Permission(verb, "rbac.authorization.k8s.io", kind) for verb in ("bind", "escalate") for kind in ("roles",)),
    Permission("bind", "rbac.authorization.k8s.io", "clusterroles"),
    Permission("create", "harvesterhci.io", "addons"),
    Permission("create", "helm.cattle.io", "helmcharts"),
)
_TENANT_ROLES = ("harvesterhci.io:", "kubevirt.io:", "cdi.kubevirt.io:")
_ROLES = FindingScope(cluster_wide=True)
_RESTORE = Fix(Safety.CONSENT, "Restore the object from its chart, or restart its operator, which writes it again.")


def check(view: View) -> Iterator[Problem]:
    """Look at what is labelled, at the three roles themselves, and at what lost its label."""
    manual = any(item.spec.configuration.role_aggregation_strategy == "Manual" for item in view.cluster.of(KubeVirt))
    for role in view.cluster.of(ClusterRole):
        match = match_installed(view, role)
        into = [name for name in _USER_FACING if role.metadata.labels.get(_AGGREGATE_TO + name) == "true"]
        if into and match.verdict is Verdict.UNKNOWN:
            yield from _added(view, role, into)
        if view.claims is None:
            yield from _into_template(view, role)
        if role.name in _USER_FACING:
            yield from _own(view, role, match)
        if match.verdict is Verdict.DIFFERS:
            kubevirt = role.name.startswith("kubevirt.io:")
            yield from _relabelled(view, role, match, manual=manual and kubevirt)
    for item in view.cluster.of(KubeVirt):
        if item.spec.configuration.role_aggregation_strategy == "Manual":
            yield _switched_off(view, item)


def _added(view: View, role: ClusterRole, into: list[str]) -> Iterator[Problem]:
    rules = view.access.rules(("", role.name))
    if not rules:
        return
    target = role.ref(view.name)
    yield Problem(
        target=target,
        message=f"{role} adds to {', '.join(into)}, and so to everybody who holds them: {names(map(describe, rules))}",
        scope=_ROLES,
        chain=(Link("fact", f"labelled {', '.join(_AGGREGATE_TO + name for name in into)}", target),),
        severity=_severity(rules, into),
    )


def _into_template(view: View, role: ClusterRole) -> Iterator[Problem]:
    """Find what adds to a role template: Rancher labels each of its ClusterRoles with that one's own name.

    Source: rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go. Where Rancher's objects
    were read, rancher-object-tampered knows it for sure.
    """
    template, rules = role.metadata.labels.get(_AGGREGATES, role.name), view.access.rules(("", role.name))
    if template != role.name and rules and role.name in view.access.aggregation.members(f"{template}-aggregator"):
        target = role.ref(view.name)
        yield Problem(
            target=target,
            message=f"{role} adds to Rancher's role template {template}: {names(map(describe, rules))}",
            scope=_ROLES,
            chain=(Link("fact", f"labelled {_AGGREGATES}={template}", target),),
            severity=_severity(rules, ["view"]),
            confidence=Confidence.POSSIBLE,
            key="template",
        )


def _severity(rules: tuple[PolicyRule, ...], into: list[str]) -> Severity:
    writes = any(not _READ.issuperset(rule.verbs) for rule in rules)
    grave = any(grants(rules, permission) for permission in _GRAVE)
    escalates = any(grants(rules, permission) for permission in _ESCALATING)
    if escalates or ("view" in into and (writes or grave)):
        return Severity.HIGH
    return Severity.MEDIUM if writes or grave else Severity.LOW


def _own(view: View, role: ClusterRole, match: Match) -> Iterator[Problem]:
    target = role.ref(view.name)
    if match.removed.selectors:
        yield Problem(
            target=target,
            message=f"{role} does not add up the ClusterRoles that match {names(sorted(match.removed.selectors))} any "
            f"more, and so grants only what is stored in it",
            scope=_ROLES,
            confidence=confidence_of(view, match),
            fix=_RESTORE,
            key="selectors-lost",
        )
    if match.added.selectors:
        yield Problem(
            target=target,
            message=f"{role} also adds up the ClusterRoles that match {names(sorted(match.added.selectors))}",
            scope=_ROLES,
            confidence=confidence_of(view, match),
            key="selectors",
        )
    extra, _ = view.access.aggregation.drift(role.name) if role.aggregation_rule else ((), ())
    # Where no member was read, the roles that explain the rules are missing from the source, and not from the cluster.
    if extra and f"system:aggregate-to-{role.name}" in view.access.aggregation.members(role.name):
        yield Problem(
            target=target,
            message=f"{role} stores rules that none of its parts has: {names(map(describe, extra))}; the API server's "
            f"controller takes them out again",
            scope=_ROLES,
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,
            key="drift",
        )


def _relabelled(view: View, role: ClusterRole, match: Match, *, manual: bool) -> Iterator[Problem]:
    lost, gained = sorted(match.removed.aggregates_to), sorted(match.added.aggregates_to)
    rules = view.access.rules(("", role.name))
    if lost and not manual and role.name.startswith((*_TENANT_ROLES, *_USER_FACING)):
        yield Problem(
            target=role.ref(view.name),
            message=f"{role} lost its label for {', '.join(lost)}: members of projects do not have its rights",
            scope=_ROLES,
            confidence=confidence_of(view, match),
            fix=_RESTORE,
            key="lost",
        )
    if gained:
        yield Problem(
            target=role.ref(view.name),
            message=f"shipped {role} was also added to {', '.join(gained)}: {names(map(describe, rules))}",
            scope=_ROLES,
            severity=_severity(rules, [name for name in gained if name in _USER_FACING]),
            confidence=confidence_of(view, match),
            fix=_RESTORE,
            key="gained",
        )


def _switched_off(view: View, item: KubeVirt) -> Problem:
    ref: ObjectRef = item.ref(view.name)
    return Problem(
        target=ref,
        message=f"{item} has roleAggregationStrategy Manual: view, edit and admin give no rights on VMs",
        scope=_ROLES,
        fix=Fix(Safety.CONSENT, "Take roleAggregationStrategy out of the KubeVirt object, or bind kubevirt.io roles."),
        key="manual",
    )


RULE = Rule(
    id="aggregation-changed",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    needs=(ClusterRole,),
    fix=Fix(
        Safety.CONSENT,
        "Take the label off the ClusterRole, and bind it to those who need it through a role template of your own; "
        "keep what is meant for all tenants in version control.",
    ),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles",
        "kubevirt/kubevirt pkg/virt-operator/resource/generate/rbac/cluster.go",
    ),
    check=check,
)
