"""Somebody who does not own a cluster may make its members.

## What
A role template that is bound on the cluster or in a project lets its holder write cluster or project role template
bindings, without making them owner of it (the template clusterroletemplatebindings-manage, or
projectroletemplatebindings-manage, alone or inherited).

## Why
Such a holder can make a binding for themselves. Rancher's webhook compares the template with what the writer holds and
refuses more than that, so this may be refused; it depends on the webhook running and on its version (before Rancher
v2.6.7 nothing was compared), and what the holder may already do they can hand to anybody.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: default}
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: clusterroletemplatebindings-manage}
builtin: true
context: cluster
rules:
- {apiGroups: [management.cattle.io], resources: [clusterroletemplatebindings], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-members, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: clusterroletemplatebindings-manage
userName: u-mallory
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-a, namespace: c-m-abcd1234-p-4m8tz}
projectName: "c-m-abcd1234:p-4m8tz"
roleTemplateName: read-only
userName: u-alice
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: default}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: cluster-owner}
builtin: true
context: cluster
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-owner}
builtin: true
context: project
rules:
- {apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: ["*"]}
- {apiGroups: [management.cattle.io], resources: [projects], verbs: [own]}
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-owner, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-olivia
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-a, namespace: c-m-abcd1234-p-4m8tz}
projectName: "c-m-abcd1234:p-4m8tz"
roleTemplateName: project-owner
userName: u-alice
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import grants, makes_owner
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding, ProjectRoleTemplateBinding, RoleTemplate, Subject

_GROUP = "management.cattle.io"
_CLUSTER, _PROJECT = "clusterroletemplatebindings", "projectroletemplatebindings"
_VERBS = ("create", "update", "patch")


def check(view: View) -> Iterator[Problem]:
    """Judge each template once, then its bindings on this cluster, and beside Rancher those on clusters not read."""
    rancher = view.rancher
    if rancher is None:
        return
    written: dict[tuple[str, bool], str] = {}
    for item in rancher.bindings:
        subject = item.subject
        if subject is None or not _is_judged_here(view, item) or rancher.is_owner(item.cluster, subject):
            continue
        key = (item.template, bool(item.project))
        if key not in written:
            written[key] = _written(view, rancher, item)
        if written[key]:
            yield _problem(view, rancher, item, subject, written[key])


def _is_judged_here(view: View, item: TemplateBinding) -> bool:
    there = view.rancher is not None and item.cluster in view.rancher.clusters
    read = view.prediction is not None and view.prediction.covers(item.cluster)
    return item.cluster == view.rancher_id or (view.manages and there and not read)


def _written(view: View, rancher: Rancher, item: TemplateBinding) -> str:
    """Name what the holder of a template may write: "" for nothing, and for what an owner may anyhow."""
    local = {name: view.access.rules(("", name)) for name in ("admin", "edit", "view", "cluster-admin")}
    rules = rancher.templates.rules(item.template, local)
    if item.project and makes_owner(rancher.templates.closure(item.template), "projects"):
        return ""
    kinds = (_PROJECT,) if item.project else (_CLUSTER, _PROJECT)
    found = [kind for kind in kinds if any(grants(rules, Permission(verb, _GROUP, kind)) for verb in _VERBS)]
    return " and ".join(found)


def _problem(view: View, rancher: Rancher, item: TemplateBinding, subject: Subject, written: str) -> Problem:
    template = rancher.templates.by_name.get(item.template)
    title = in_brackets(template.display_name) if template else ""
    project = view.projects.find(item.project) if item.project else None
    cluster = view.name if item.cluster == view.rancher_id else item.cluster
    where = f"project {project.name or project.id}" if project else item.project or f"cluster {cluster}"
    manager = rancher.cluster.name
    return Problem(
        target=item.source.ref(manager),
        message=f"{subject} may write {written} on {where} through role template {item.template}{title} without "
        f"owning it, and may so promote themselves or others",
        related=(template.ref(manager),) if template else (),
        subjects=(subject,),
        scope=FindingScope(project.namespaces if project else (), item.project, not item.project),
        chain=(
            Link("template-binding", f"{subject} is bound by {item.source}", item.source.ref(manager)),
            Link("role-template", f"to role template {item.template}", template.ref(manager) if template else None),
            Link("rule", f"which, with what it inherits, allows to write {written}"),
        ),
        confidence=Confidence.POSSIBLE,
    )


RULE = Rule(
    id="template-binding-write",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    needs_rancher=(RoleTemplate, ClusterRoleTemplateBinding, ProjectRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Make the subject an owner, if it should hand out access, or bind clusterroletemplatebindings-view or "
        "projectroletemplatebindings-view instead.",
    ),
    references=(
        "rancher/rancher pkg/data/management/role_data.go (clusterroletemplatebindings-manage)",
        "rancher/webhook pkg/resources/management.cattle.io/v3/clusterroletemplatebinding/validator.go",
        "https://github.com/rancher/rancher/security/advisories/GHSA-6x34-89p7-95wg",
    ),
    check=check,
)
