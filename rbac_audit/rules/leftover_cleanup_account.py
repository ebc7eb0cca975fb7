"""Account left behind by Rancher's clean-up job.

## What
A ServiceAccount, ClusterRole, ClusterRoleBinding or Job called `cattle-cleanup-…` that was not made today. When an
imported cluster is deleted, Rancher makes one of each on it (the account and the job in namespace `default`); the job
deletes itself at its end, and the others go with it.

## Why
The role may delete namespaces, roles, bindings and Secrets of the whole cluster. Its account lies in `default`, where
whoever may run pods acts as it. On Harvester the job ends without doing its work, because it finds a Rancher there, and
where its pod never ran it is left with everything.

## Example
```yaml flagged
apiVersion: v1
kind: ServiceAccount
metadata: {name: cattle-cleanup-7xk2p, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}
```

```yaml clean
apiVersion: v1
kind: ServiceAccount
metadata: {name: cleanup-7xk2p, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cattle-cleanup-sa, namespace: cattle-system, creationTimestamp: "2026-01-01T00:00:00Z"}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Job, Kind, KubernetesObject, ServiceAccount

_PREFIX, _HOME = "cattle-cleanup-", "default"
_KINDS: tuple[Kind, ...] = (ClusterRoleBinding, ServiceAccount, ClusterRole, Job)


def check(view: View) -> Iterator[Problem]:
    """Gather what belongs together: by the binding, else each by itself."""
    left: dict[tuple[str, str], KubernetesObject] = {
        (kind.kind, item.name): item
        for kind in _KINDS
        for item in view.cluster.of(kind)
        if item.name.startswith(_PREFIX) and item.namespace in {"", _HOME} and not _is_of_today(view, item)
    }
    while left:
        first = next(iter(left.values()))
        wanted = [(first.kind, first.name)]
        if isinstance(first, ClusterRoleBinding):
            accounts = (subject for subject in first.subjects if subject.namespace == _HOME)
            wanted += [(ClusterRole.kind, first.role_ref.name), *((item.kind, item.name) for item in accounts)]
            running = {name for kind, name in wanted if kind == ServiceAccount.kind}
            jobs = (item for item in view.cluster.of(Job) if item.service_account_name in running)
            wanted += [(Job.kind, job.name) for job in jobs if job.namespace == _HOME]
        yield _problem(view, [left.pop(key) for key in dict.fromkeys(wanted) if key in left])


def _is_of_today(view: View, item: KubernetesObject) -> bool:
    return bool(view.today) and item.metadata.creation_timestamp[:10] >= view.today


def _problem(view: View, items: list[KubernetesObject]) -> Problem:
    target, *others = (item.ref(view.name) for item in items)
    binding = next((item for item in items if isinstance(item, ClusterRoleBinding)), None)
    return Problem(
        target=target,
        message=f"{names(items, 4)} {'is' if not others else 'are'} left of a clean-up by Rancher that did not end",
        related=tuple(others),
        subjects=binding.subjects if binding else (),
        scope=FindingScope(cluster_wide=binding is not None, namespaces=() if binding else (_HOME,)),
        severity=None if binding else Severity.LOW,
        confidence=Confidence.CERTAIN if view.today else Confidence.POSSIBLE,
    )


RULE = Rule(
    id="leftover-cleanup-account",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    # A job may be left as well, and has no rights but those of its account.
    uses=(ClusterRoleBinding, ServiceAccount, ClusterRole),
    fix=Fix(
        Safety.CONSENT,
        "Delete by name the Job, the ClusterRoleBinding, the ClusterRole and the account in namespace default. What it "
        "should have cleaned up is told by other rules (orphaned-rancher-binding, namespace-project-mismatch).",
    ),
    references=(
        "rancher/rancher pkg/controllers/management/usercontrollers/controller.go (createCleanupServiceAccount)",
        "rancher/rancher pkg/agent/clean/cluster.go",
    ),
    check=check,
)
