"""Role template bindings of one name undo each other.

## What
In Rancher's aggregated model (feature aggregated-roletemplates): project role template bindings of one name in several
projects of a cluster, or cluster role template bindings of one name on several clusters. What Rancher makes for the
creator of a project or cluster is always called creator-project-owner or creator-cluster-owner.

## Why
Rancher finds what it wrote for a binding by a label that holds the binding's name and nothing else, and deletes what
it does not want there. So each time one of these bindings is looked at, the others lose what they gave outside of
namespaces: for projects the promoted rights and the right to see, edit and create the namespaces of the project; for
clusters the rights on Rancher's own objects of the cluster. It comes back when the other one is looked at, until then
members miss it, and no object in Rancher shows why.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: creator-project-owner, namespace: c-m-abcd1234-p-lab}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: project-owner
userName: u-bob
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-k2m9x, namespace: c-m-abcd1234-p-lab}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: project-owner
userName: u-bob
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
spec: {value: true}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-owner}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: creator-project-owner, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-owner
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding, Feature, ProjectRoleTemplateBinding


def check(view: View) -> Iterator[Problem]:
    """Report the bindings of one name together."""
    rancher = own_rancher(view)
    if rancher is None or not rancher.aggregated:
        return
    groups: dict[tuple[str, str], list[TemplateBinding]] = {}
    for item in rancher.bindings:
        if not item.source.metadata.deletion_timestamp:
            groups.setdefault((item.cluster if item.project else "", item.source.name), []).append(item)
    for (cluster, name), found in sorted(groups.items(), key=lambda group: group[0]):
        places = sorted({item.project or item.cluster for item in found})
        if len(places) > 1:
            yield _problem(view, cluster, name, found, places)


def _problem(view: View, cluster: str, name: str, found: list[TemplateBinding], places: list[str]) -> Problem:
    what = f"projects of cluster {cluster}" if cluster else "clusters"
    lost = "what they give outside of namespaces" if cluster else "what they give on Rancher's objects"
    subjects = tuple(dict.fromkeys(item.subject for item in found if item.subject))
    return Problem(
        target=found[0].source.ref(view.name),
        message=f"{len(found)} role template bindings of {len(places)} {what} are called {name} ({names(places)}): "
        f"in the aggregated model, Rancher deletes {lost} in turn",
        related=tuple(item.source.ref(view.name) for item in found),
        subjects=subjects,
        scope=FindingScope(cluster_wide=True),
        chain=(Link("fact", "the feature aggregated-roletemplates is on"),),
        key=cluster,
    )


RULE = Rule(
    id="binding-names-shared",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, Feature),
    fix=Fix(
        Safety.CONSENT,
        "Make a second binding of the same role template for each of the subjects but one (Rancher makes up its name), "
        "see that it is rendered, and delete the one with the shared name.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/prtb_handler.go",
        "rancher/rancher pkg/controllers/management/auth/roletemplates/crtb_handler.go",
    ),
    check=check,
)
