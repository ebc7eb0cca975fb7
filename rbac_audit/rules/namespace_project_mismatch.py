"""Namespace in a project that is not there, or in two at once.

## What
A namespace whose annotation field.cattle.io/projectId names a cluster or project that Rancher does not have, or whose
label of that name says another project than the annotation, or any where the annotation is gone.

## Why
The annotation decides in the legacy model, the label in the aggregated one: members of the label's project get into
the namespace although its owner moved it away. The agent corrects the label only where the annotation is there and
the cluster connected. After a cluster was imported again its namespaces name the old cluster id: no role template
binding reaches them, and what was bound before stays.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata:
  name: moved
  labels: {field.cattle.io/projectId: p-lab}
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata:
  name: settled
  labels: {field.cattle.io/projectId: p-shop}
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ManagementCluster, Namespace, Project, ProjectRoleTemplateBinding, Subject


def check(view: View) -> Iterator[Problem]:
    """Compare the annotation and the label of each namespace with each other, and with Rancher's projects."""
    rancher = view.rancher
    if rancher is None:
        return
    # A Harvester cluster's own, embedded Rancher calls it local.
    known_clusters = {*rancher.clusters, "local"}
    for namespace in view.cluster.of(Namespace):
        annotation = namespace.metadata.annotations.get(PROJECT_ID, "")
        label = namespace.metadata.labels.get(PROJECT_ID, "")
        cluster, _, project = annotation.partition(":")
        if annotation and cluster not in known_clusters:
            message = f"{namespace} is in project {annotation} of a cluster that Rancher does not have"
            yield _problem(view, namespace, message, (), "cluster")
        elif annotation and cluster == view.rancher_id and annotation not in rancher.backing_namespaces:
            yield _problem(
                view, namespace, f"{namespace} is in project {annotation}, which does not exist", (), "project"
            )
        if label and label != project:
            yield _two(view, rancher, namespace, label, annotation)


def _two(view: View, rancher: Rancher, namespace: Namespace, label: str, annotation: str) -> Problem:
    wanted = f"{view.rancher_id}:{label}"
    members = tuple(dict.fromkeys(item.subject for item in rancher.bindings if item.project == wanted and item.subject))
    says = f"its annotation names {annotation}" if annotation else "it has no annotation"
    counts = bool(view.prediction and view.prediction.aggregated)
    effect = f"and so lets {names(members) or 'its members'} in" if counts else "which counts in the aggregated model"
    message = f"{namespace} is labelled as one of project {label}, {effect}, but {says}"
    return _problem(view, namespace, message, members if counts else (), "label")


def _problem(view: View, namespace: Namespace, message: str, subjects: tuple[Subject, ...], key: str) -> Problem:
    return Problem(
        target=namespace.ref(view.name),
        message=message,
        subjects=subjects,
        scope=FindingScope((namespace.name,)),
        severity=Severity.HIGH if subjects else None,
        key=key,
    )


RULE = Rule(
    id="namespace-project-mismatch",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(Namespace,),
    needs_rancher=(Project, ManagementCluster, ProjectRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Move the namespace to its project in Rancher, which writes both; to take it out of every project set the "
        "annotation to the empty text instead of deleting it.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementagent/nslabels/labels.go",
        "https://github.com/rancher/rancher/issues/56155",
    ),
    check=check,
)
