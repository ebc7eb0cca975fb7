"""Role template with `create` on the word namespaces of another API group.

## What
A role template with the verb create on a resource called namespaces in an API group that is not Kubernetes' core
group.

## Why
Until Rancher v2.8.2, v2.7.10 and v2.6.14 the API group was not looked at (CVE-2023-32194): everybody bound to such a
template in a project got every verb on the core namespaces of the project, and could create namespaces. A later
Rancher takes it for what it says; the word is then at best a mistake.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-catalog}
context: project
rules: [{apiGroups: [catalog.example.com], resources: [namespaces], verbs: [create]}]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-namespaces}
context: project
rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]
```
"""

from collections.abc import Iterator

from rbac_audit.access.permission import ALL, has_verb
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, in_brackets
from rbac_audit.audit.finding import Confidence, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.versions import lacks_fix
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate

_FIXED = ("2.6.14", "2.7.10", "2.8.2")


def check(view: View) -> Iterator[Problem]:
    """Look at the rules of every role template, and at the version of Rancher."""
    rancher = own_rancher(view)
    version = view.versions.get("rancher", "")
    affected = lacks_fix(version, _FIXED)
    for template in view.cluster.of(RoleTemplate):
        found = [rule for rule in template.rules if _is_meant(rule)]
        if not found:
            continue
        held = [item for item in rancher.bindings if item.template == template.name] if rancher else []
        subjects = tuple(dict.fromkeys(item.subject for item in held if item.subject))
        effect = {
            True: f"which Rancher {version} takes for the core namespaces",
            False: f"which Rancher {version} takes literally, and older ones took for the core namespaces",
            None: "which Rancher took for the core namespaces until v2.8.2",
        }[affected]
        yield Problem(
            target=template.ref(view.name),
            message=f"role template {template.name}{in_brackets(template.display_name)} allows "
            f"{names(map(describe, found))}, {effect}: {names(subjects) or 'nobody'} is bound to it",
            related=tuple(item.source.ref(view.name) for item in held),
            subjects=subjects,
            chain=tuple(Link("rule", describe(rule), template.ref(view.name)) for rule in found),
            severity=Severity.LOW if affected is False else None,
            confidence=Confidence.POSSIBLE if affected is None else Confidence.CERTAIN,
            advisories=("CVE-2023-32194",),
        )


def _is_meant(rule: PolicyRule) -> bool:
    named = "namespaces" in rule.resources and has_verb(rule, "create")
    return named and not {"", ALL}.intersection(rule.api_groups)


RULE = Rule(
    id="namespaces-of-another-group",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    fix=Fix(
        Safety.CONSENT,
        "Take the rule out of the role template, or upgrade Rancher; look whether anybody is still bound to "
        "`<project>-namespaces-edit` because of it.",
    ),
    references=("https://github.com/advisories/GHSA-c85r-fwc7-45vc",),
    check=check,
)
