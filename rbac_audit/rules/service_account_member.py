"""Service account as a member of a project.

## What
A project role template binding with the field serviceAccount.

## Why
The field is deprecated, Rancher's interface does not show such members, and its controllers treat them each in
another way: some pass them over, others bind the account in every namespace of the project and to cluster-wide roles,
at every start. Of two such bindings to the same role template Rancher v2.15 takes one for a duplicate and deletes it,
although the accounts differ.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-ci, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
serviceAccount: "shop:ci"
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._differences import what_it_gives
from rbac_audit.snapshot.objects import ObjectRef, ProjectRoleTemplateBinding


def check(view: View) -> Iterator[Problem]:
    """Report the bindings of accounts on their cluster, those of clusters that were not read where Rancher is."""
    rancher, prediction = view.rancher, view.prediction
    if rancher is None or prediction is None:
        return
    accounts = [item for item in rancher.bindings if item.subject and item.subject.kind == "ServiceAccount"]
    made = _made(view) if accounts else {}
    for item in accounts:
        unread = view.manages and not prediction.covers(item.cluster)
        if item.cluster == view.rancher_id or unread:
            yield _problem(view, rancher.cluster.name, item, tuple(made.get(item, ())))


def _made(view: View) -> dict[Owner, list[ObjectRef]]:
    """Find what is there of the bindings of accounts."""
    made: dict[Owner, list[ObjectRef]] = {}
    for binding, verdict in view.ownership.items():
        if verdict.claim is Claim.HOLDS and any(subject.kind == "ServiceAccount" for subject in binding.subjects):
            for owner in verdict.owners:
                made.setdefault(owner, []).append(binding.source.ref(view.name))
    return made


def _problem(view: View, manager: str, item: TemplateBinding, made: tuple[ObjectRef, ...]) -> Problem:
    there = f"{len(made)} bindings of it are on cluster {view.name}, at the next start there may be more or fewer"
    return Problem(
        target=item.source.ref(manager),
        message=f"{item.source} gives {what_it_gives(item)}, which Rancher does not show: {there}",
        related=made,
        subjects=(item.subject,) if item.subject else (),
        scope=FindingScope(tuple(sorted({ref.namespace for ref in made if ref.namespace})), item.project),
    )


RULE = Rule(
    id="service-account-member",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs_rancher=(ProjectRoleTemplateBinding,),
    fix=Fix(
        Safety.CONSENT,
        "Bind the account by RoleBindings of your own in the namespaces where it works, then delete the role template "
        "binding.",
    ),
    references=(
        "https://github.com/rancher/rancher/issues/53052",
        "rancher/rancher pkg/apis/management.cattle.io/v3/authz_types.go (ProjectRoleTemplateBinding.serviceAccount)",
        "rancher/rancher pkg/controllers/management/auth/roletemplates/prtb_handler.go (deleteDuplicatePRTBs)",
    ),
    check=check,
)
