"""Registration token of a cluster open to somebody who does not own it.

## What
Somebody who does not own a cluster may read its registration tokens (ClusterRegistrationToken): by a cluster role
template that allows get, list or watch on them, whose rules Rancher copies onto the management cluster, or by a binding
that somebody made in the namespace of the cluster's id there. Where Rancher keeps the value in a Secret (v2.15 and
newer), it hands out the right on that Secret with the right on the token. Who may read the tokens of all clusters is
told by rancher-tokens.

## Why
Whoever has the token fetches the manifest of the agent, with its credentials, and connects to Rancher as that cluster.
The URL is all that it takes: the route asks for no login.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: installers}
context: cluster
rules:
- {apiGroups: [management.cattle.io], resources: [clusterregistrationtokens], verbs: [get, list]}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: installers}
context: cluster
rules:
- {apiGroups: [management.cattle.io], resources: [clusterregistrationtokens], verbs: [delete]}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-1, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: installers
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.templates import grants, makes_owner
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._holders import Held, held_by_tenants, roles_holding
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleTemplateBinding, Role, RoleBinding, RoleTemplate

_MANAGEMENT = "management.cattle.io"
_READS = tuple(Permission(verb, _MANAGEMENT, "clusterregistrationtokens") for verb in ("get", "list", "watch"))


def check(view: View) -> Iterator[Problem]:
    """Judge each cluster role template once, then what was bound by hand in the namespaces of clusters."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    held: dict[str, list[TemplateBinding]] = {}
    for item in rancher.bindings:
        if not item.project and item.subject:
            held.setdefault(item.template, []).append(item)
    for name, items in held.items():
        if _reads(view, rancher, name):
            yield _template(view, rancher, name, items)
    roles = roles_holding(view, _READS, _READS)
    for found in held_by_tenants(view, roles, rancher.clusters):
        if view.ownership[found.binding].claim is Claim.NONE:
            yield _binding(view, found)


def _reads(view: View, rancher: Rancher, name: str) -> bool:
    """Tell whether a template reads the tokens of the cluster that it is bound on, without owning it."""
    closure = rancher.templates.closure(name)
    roles = {part.name: part.external_rules or view.access.rules(("", part.name)) for part in closure.templates}
    rules = rancher.templates.rules(name, roles)
    owns = makes_owner(closure, "clusters") or grants(rules, EVERYTHING)
    return not owns and any(grants(rules, right) for right in _READS)


def _template(view: View, rancher: Rancher, name: str, items: list[TemplateBinding]) -> Problem:
    template = rancher.templates.by_name[name]
    subjects = tuple(dict.fromkeys(item.subject for item in items if item.subject))
    clusters = sorted({item.cluster for item in items})
    return Problem(
        target=template.ref(view.name),
        message=f"role template {name}{in_brackets(template.display_name)} lets {names(subjects)} read the "
        f"registration tokens of {names(clusters)}, which {'it does' if len(subjects) == 1 else 'they do'} not own",
        related=tuple(item.source.ref(view.name) for item in items),
        subjects=subjects,
        scope=FindingScope(tuple(clusters)),
        chain=tuple(Link("template-binding", f"bound by {it.source}", it.source.ref(view.name)) for it in items[:5]),
    )


def _binding(view: View, held: Held) -> Problem:
    return Problem(
        target=held.binding.source.ref(view.name),
        message=f"{held.binding.source} lets {names(held.tenants)} read the registration tokens of cluster "
        f"{held.binding.namespace}",
        subjects=held.tenants,
        scope=FindingScope((held.binding.namespace,)),
        chain=chain_of(view, held.grant, held.tenants[0]),
    )


RULE = Rule(
    id="registration-token-readable",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(RoleTemplate, ClusterRoleTemplateBinding),
    uses=(ClusterRole, Role, RoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Take clusterregistrationtokens out of the role template, or the binding away; who registers a cluster owns it "
        "for that time. Make a new registration token, and delete the one that may have been read.",
    ),
    references=(
        "rancher/rancher pkg/controllers/management/auth/crtb_handler.go (clusterManagementPlaneResources)",
        "rancher/rancher pkg/multiclustermanager/routes.go (/v3/import)",
    ),
    check=check,
)
