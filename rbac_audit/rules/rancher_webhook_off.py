"""Nobody checks what is written into Rancher's roles.

## What
A kind of Rancher that gives rights (role templates, global roles, and the bindings of both) that no validating webhook
of Rancher is asked about when an object is made or changed: its configuration is missing or empty, does not name the
kind, or says failurePolicy Ignore for it. Rancher's webhook has Ignore for some other kinds; those are not meant. A
Rancher backup and a folder of RBAC manifests hold no webhook configurations: there the rule is not evaluated.

## Why
That nobody gives more than he or she has is checked by this webhook alone: Kubernetes sees only ordinary objects, and
Rancher's controllers make every right that they name. Without the webhook whoever may write a project's members, or a
role template, becomes administrator of all clusters. With Ignore the same is true whenever it does not answer.

## Example
```yaml flagged rancher
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: rancher.cattle.io}
webhooks: []
```

```yaml clean rancher
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: rancher.cattle.io}
webhooks:
- name: rancher.cattle.io.roles.management.cattle.io
  failurePolicy: Fail
  clientConfig: {service: {namespace: cattle-system, name: rancher-webhook}}
  rules:
  - apiGroups: [management.cattle.io]
    apiVersions: [v3]
    operations: [CREATE, UPDATE, DELETE]
    resources:
    - globalroles
    - globalrolebindings
    - roletemplates
    - clusterroletemplatebindings
    - projectroletemplatebindings
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._claims import gives_roles
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    ObjectRef,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    ValidatingWebhookConfiguration,
)
from rbac_audit.snapshot.objects.admission import Webhook, WebhookRule

_CONFIGURATION = "rancher.cattle.io"
_SERVICE = ("cattle-system", "rancher-webhook")
_KINDS = (GlobalRole, GlobalRoleBinding, RoleTemplate, ClusterRoleTemplateBinding, ProjectRoleTemplateBinding)


def check(view: View) -> Iterator[Problem]:
    """See for each of the kinds which webhook is asked about it."""
    configurations = view.cluster.of(ValidatingWebhookConfiguration)
    asked = [hook for item in configurations for hook in item.webhooks if _is_of_rancher(hook)]
    unchecked: dict[str, list[str]] = {}
    for kind in _KINDS:
        about = [hook for hook in asked if all(_asks(hook, kind.plural, way) for way in ("CREATE", "UPDATE"))]
        if not about:
            unchecked.setdefault("is asked about", []).append(kind.plural)
        elif all(hook.failure_policy == "Ignore" for hook in about):
            unchecked.setdefault("has to answer (failurePolicy Ignore) about", []).append(kind.plural)
    there = any(item.name == _CONFIGURATION for item in configurations)
    for what, kinds in unchecked.items():
        yield Problem(
            target=ObjectRef(
                ValidatingWebhookConfiguration.group, "ValidatingWebhookConfiguration", _CONFIGURATION, "", view.name
            ),
            message=f"no webhook of Rancher {what} {names(kinds, len(_KINDS))}"
            f"{'' if there else f': there is no ValidatingWebhookConfiguration {_CONFIGURATION}'}",
            scope=FindingScope(cluster_wide=True),
            key=what,
            advisories=("CVE-2023-22651",),
        )


def _is_of_rancher(hook: Webhook) -> bool:
    service = hook.client_config.service
    return service is not None and (service.namespace, service.name) == _SERVICE


def _asks(hook: Webhook, plural: str, operation: str) -> bool:
    return any(_covers(rule, plural, operation) for rule in hook.rules)


def _covers(rule: WebhookRule, plural: str, operation: str) -> bool:
    return (
        not {GlobalRole.group, "*"}.isdisjoint(rule.api_groups)
        and not {plural, "*", "*/*"}.isdisjoint(rule.resources)
        and not {operation, "*"}.isdisjoint(rule.operations)
    )


RULE = Rule(
    id="rancher-webhook-off",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    on=On.MANAGEMENT,
    needs=(ValidatingWebhookConfiguration,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding),
    concerns=gives_roles,
    fix=Fix(
        Safety.MANUAL,
        "See that Deployment cattle-system/rancher-webhook runs and restart it: it writes its configuration anew. Then "
        "look in the audit log for role templates and bindings that were written in the meantime.",
    ),
    references=(
        "rancher/webhook pkg/server/handlers.go (Validation)",
        "rancher/webhook pkg/admission/admission.go (NewDefaultValidatingWebhook)",
        "https://nvd.nist.gov/vuln/detail/CVE-2023-22651",
    ),
    check=check,
)
