"""Rancher's agent, or its account, left behind.

## What
On an imported Harvester cluster Rancher's agent runs as Deployment cattle-system/cattle-cluster-agent with an account
that the ClusterRoleBinding cattle-admin-binding makes cluster-admin. Told are: that binding, or Secrets
cattle-system/cattle-credentials-…, without the agent; the agent while cluster-registration-url is empty, or names a
Rancher that was read and does not have the cluster (possible); the setting without an agent (medium: the import did not
finish); and several such Secrets beside the agent, which uses one (low).

## Why
The account stays cluster-admin and its Secret valid whether or not anybody uses it. Removing a cluster from Rancher and
emptying the setting deletes only the Deployment; an agent that is still there after the setting was emptied obeys a
Rancher that nobody looks at any more.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cattle-admin-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-admin}
subjects:
- {kind: ServiceAccount, name: cattle, namespace: cattle-system}
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/made-up_c-m-abcd1234.yaml", "insecureSkipTLSVerify": false}'
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cattle-cluster-agent, namespace: cattle-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cattle-admin-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-admin}
subjects:
- {kind: ServiceAccount, name: cattle, namespace: cattle-system}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rules._words import names
from rbac_audit.rules.registration_url_insecure import SETTING
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    Deployment,
    HarvesterSetting,
    KubernetesObject,
    ManagementCluster,
    Namespace,
    Secret,
)

_NAMESPACE = "cattle-system"
_AGENT = "cattle-cluster-agent"
_BINDING = "cattle-admin-binding"
_CREDENTIALS = "cattle-credentials-"
_DELETE = (
    "Make sure that no Rancher manages this cluster any more. Then delete by name what is listed here: the Deployment, "
    "ClusterRoleBinding cattle-admin-binding and the Secrets cattle-credentials-…. Never run `kubectl delete -f` on "
    "the registration manifest and never delete namespace cattle-system: the Rancher that Harvester itself needs lives "
    "in it."
)


def check(view: View) -> Iterator[Problem]:
    """Compare the agent, its rights and the setting; a setting that was not read is no empty one."""
    if _NAMESPACE in view.cluster.unread_namespaces:
        return
    agent = _find(view, Deployment, _AGENT)
    setting = next((item for item in view.cluster.of(HarvesterSetting) if item.name == SETTING), None)
    left: list[KubernetesObject] = [item for item in view.cluster.of(ClusterRoleBinding) if item.name == _BINDING]
    left += [item for item in view.cluster.of(Secret) if _is_credential(item)]
    if agent is None and left:
        yield _leftover(view, left, setting)
    elif agent is None and setting is not None and setting.registration is not None:
        yield _unfinished(view, setting)
    elif agent is not None and setting is not None and setting.registration is None:
        yield _stale_agent(view, agent, setting, left)
    elif agent is not None and setting is not None and (ids := _forgotten(view, setting)):
        yield _forgotten_agent(view, agent, setting, ids)
    elif agent is not None and len(credentials := [item for item in left if isinstance(item, Secret)]) > 1:
        yield _old_credentials(view, agent, credentials)


def _find(view: View, kind: type[Deployment], name: str) -> Deployment | None:
    found = (item for item in view.cluster.of(kind) if item.namespace == _NAMESPACE and item.name == name)
    return next(found, None)


def _is_credential(secret: Secret) -> bool:
    return secret.namespace == _NAMESPACE and secret.name.startswith(_CREDENTIALS)


def _leftover(view: View, left: list[KubernetesObject], setting: HarvesterSetting | None) -> Problem:
    unfinished = setting is not None and setting.registration is not None
    why = f"although {SETTING} is set, so the import did not finish" if unfinished else "so nobody needs them"
    binding = left[0] if isinstance(left[0], ClusterRoleBinding) else None
    what = "the agent's account is cluster-admin" if binding else "credentials of an agent are there"
    return Problem(
        target=left[0].ref(view.name),
        message=f"{names(left)} {'is' if len(left) == 1 else 'are'} there without Deployment {_NAMESPACE}/{_AGENT}, "
        f"{why}: {what}",
        related=tuple(item.ref(view.name) for item in left[1:]),
        subjects=binding.subjects if binding else (),
        scope=FindingScope(cluster_wide=True),
        chain=(Link("fact", f"there is no Deployment {_NAMESPACE}/{_AGENT}"),),
        # Rights can be given back, and with an empty setting nobody waits for them; a Secret that is gone is gone.
        fix=None if binding and setting is not None and not unfinished else Fix(Safety.MANUAL, _DELETE),
    )


def _unfinished(view: View, setting: HarvesterSetting) -> Problem:
    return Problem(
        target=setting.ref(view.name),
        message=f"{setting} is set, but there is no Deployment {_NAMESPACE}/{_AGENT}: the import did not finish",
        scope=FindingScope(cluster_wide=True),
        severity=Severity.MEDIUM,
        fix=Fix(
            Safety.MANUAL,
            "See in Rancher whether the cluster is still wanted; then repeat the import with its present registration "
            "URL, or empty the setting.",
        ),
    )


def _stale_agent(view: View, agent: Deployment, setting: HarvesterSetting, left: list[KubernetesObject]) -> Problem:
    return Problem(
        target=agent.ref(view.name),
        message=f"{agent} runs as cluster-admin although {SETTING} is empty: it may obey a Rancher from which this "
        f"cluster was removed",
        related=(setting.ref(view.name), *(item.ref(view.name) for item in left)),
        scope=FindingScope(cluster_wide=True),
        chain=(Link("fact", f"{setting} is empty", setting.ref(view.name)),),
        fix=Fix(Safety.MANUAL, _DELETE),
    )


def _forgotten(view: View, setting: HarvesterSetting) -> list[str]:
    """Name the ids that the cluster had in the Rancher which its setting names, and which has none of them now."""
    host = setting.registration.host.lower() if setting.registration else ""
    named = [rancher for rancher in view.strangers if host and rancher.host == host]
    if not named or not all(rancher.cluster.whole(ManagementCluster) for rancher in named):
        return []
    projects = (item.metadata.annotations.get(PROJECT_ID, "") for item in view.cluster.of(Namespace))
    ids = {project.partition(":")[0] for project in projects if ":" in project} - {"local"}
    return [] if any(name in rancher.clusters for rancher in named for name in ids) else sorted(ids)


def _forgotten_agent(view: View, agent: Deployment, setting: HarvesterSetting, ids: list[str]) -> Problem:
    host = setting.registration.host if setting.registration else ""
    return Problem(
        target=agent.ref(view.name),
        message=f"{agent} runs as cluster-admin for the Rancher at {host}, which has no cluster {names(ids)}, as the "
        f"namespaces here call this one: it may have been removed there",
        related=(setting.ref(view.name),),
        scope=FindingScope(cluster_wide=True),
        chain=(Link("fact", f"namespaces are in projects of {names(ids)}, which that Rancher does not have"),),
        confidence=Confidence.POSSIBLE,
        fix=Fix(Safety.MANUAL, f"Empty {SETTING}, or import the cluster again if it is wanted. {_DELETE}"),
        key="forgotten",
    )


def _old_credentials(view: View, agent: Deployment, credentials: list[Secret]) -> Problem:
    target, *others = (item.ref(view.name) for item in credentials)
    return Problem(
        target=target,
        message=f"{names(credentials)} are credentials of {agent}, which uses one of them: the others may be of an "
        f"earlier import and still be good",
        related=tuple(others),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        fix=Fix(Safety.MANUAL, "See which of the Secrets the Deployment mounts, and delete the others by name."),
        key="credentials",
    )


RULE = Rule(
    id="leftover-cluster-admin-agent",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(Deployment, ClusterRoleBinding),
    uses=(HarvesterSetting, Secret),
    fix=Fix(Safety.CONSENT, _DELETE),
    references=(
        "https://github.com/rancher/rancher/issues/37874",
        "https://github.com/rancher/rancher/issues/44366",
        "harvester/harvester pkg/controller/master/setting/cluster_registration_url.go",
        "rancher/rancher pkg/systemtemplate/template.go",
    ),
    check=check,
)
