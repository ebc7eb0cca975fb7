"""External role template whose rights nobody checks.

## What
An external role template for projects that somebody made and that states no externalRules.

## Why
It stands for a ClusterRole of the same name on each cluster, so it gives whatever that role holds there. Until
Rancher v2.8.5 and v2.7.14 its rules were not compared with those of whoever bound it (CVE-2023-32196), so anybody who
might make members could bind a ClusterRole of any power; since then Rancher compares with the ClusterRole on the
management cluster, which may be another one.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: operator-admin}
context: project
external: true
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: operator-admin}
context: project
external: true
externalRules: [{apiGroups: [operator.example.com], resources: ["*"], verbs: [get]}]
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.versions import lacks_fix
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import RoleTemplate

_FIXED = ("2.7.14", "2.8.5")


def check(view: View) -> Iterator[Problem]:
    """Look at external templates that Rancher does not ship."""
    rancher = own_rancher(view)
    affected = lacks_fix(view.versions.get("rancher", ""), _FIXED)
    for template in view.cluster.of(RoleTemplate):
        if template.external and not template.builtin and template.context != "cluster" and not template.external_rules:
            held = [item for item in rancher.bindings if item.template == template.name] if rancher else []
            subjects = tuple(dict.fromkeys(item.subject for item in held if item.subject))
            yield Problem(
                target=template.ref(view.name),
                message=f"role template {template.name}{in_brackets(template.display_name)} stands for ClusterRole "
                f"{template.name} of each cluster and states no externalRules to compare with: "
                f"{names(subjects) or 'nobody'} is bound to it",
                related=tuple(item.source.ref(view.name) for item in held),
                subjects=subjects,
                severity=Severity.LOW if affected is False else None,
                confidence=Confidence.POSSIBLE if affected is None else Confidence.CERTAIN,
                advisories=("CVE-2023-32196",),
            )


RULE = Rule(
    id="external-template-unchecked",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    fix=Fix(
        Safety.CONSENT,
        "State externalRules with what the ClusterRole holds, and keep both the same; or make a role template with "
        "rules of its own.",
    ),
    references=("https://github.com/advisories/GHSA-64jq-m7rq-768h",),
    check=check,
)
