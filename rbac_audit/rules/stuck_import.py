"""The import into Rancher is stuck: its agent does not run.

## What
Deployment cattle-system/cattle-cluster-agent wants pods and has none that is available. Told with it are the image,
and why its pods wait, such as ImagePullBackOff.

## Why
The agent is the only way from Rancher to the cluster. Until it runs, Rancher changes nothing there: bindings that were
taken away in Rancher go on granting, and new ones do not arrive. The image of the agent is not part of Harvester's ISO;
the nodes pull it from a registry, which fails behind a proxy or without the internet.

## Example
```yaml flagged
apiVersion: apps/v1
kind: Deployment
metadata: {name: cattle-cluster-agent, namespace: cattle-system}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: cluster-register, image: "rancher/rancher-agent:v2.15.0"}]
status: {unavailableReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: cattle-cluster-agent-6d5f9c7b8-x2x7k, namespace: cattle-system}
spec:
  containers: [{name: cluster-register, image: "rancher/rancher-agent:v2.15.0"}]
status:
  phase: Pending
  containerStatuses: [{name: cluster-register, state: {waiting: {reason: ImagePullBackOff}}}]
```

```yaml clean
apiVersion: apps/v1
kind: Deployment
metadata: {name: cattle-cluster-agent, namespace: cattle-system}
spec: {replicas: 2}
status: {availableReplicas: 1}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import Deployment, Pod

_NAMESPACE = "cattle-system"
_AGENT = "cattle-cluster-agent"
_PULLING = frozenset(("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"))
_PULL = Fix(
    Safety.MANUAL,
    "The nodes cannot pull the image that is named here. Let them reach its registry: through Harvester's settings "
    "http-proxy and containerd-registry, or additional-ca where its certificate is not trusted; or, without the "
    "internet, give Rancher a registry that has it (setting system-default-registry) and import again. Then delete the "
    "waiting pods, which makes the Deployment try anew.",
)


def check(view: View) -> Iterator[Problem]:
    """Look at the agent's Deployment, and at its pods for the reason."""
    # What nobody ran, such as the output of helm, has no state: none of its Deployments has a pod.
    runs = any(each.available_replicas for each in view.cluster.of(Deployment))
    for agent in view.cluster.of(Deployment):
        if (agent.namespace, agent.name) != (_NAMESPACE, _AGENT) or not agent.replicas or agent.available_replicas:
            continue
        pods = [pod for pod in view.cluster.of(Pod) if pod.namespace == _NAMESPACE and _is_of_agent(pod)]
        reasons = sorted({reason for pod in pods for reason in pod.waiting})
        if not reasons and not runs:
            continue
        why = f": its pods wait ({', '.join(reasons)})" if reasons else ""
        yield Problem(
            target=agent.ref(view.name),
            message=f"{agent} has none of its {agent.replicas} pods available, so Rancher does not reach this "
            f"cluster{why}",
            related=tuple(pod.ref(view.name) for pod in pods),
            scope=FindingScope(cluster_wide=True),
            chain=tuple(Link("fact", f"its image is {image}") for image in agent.images),
            fix=_PULL if _PULLING.intersection(reasons) else None,
        )


def _is_of_agent(pod: Pod) -> bool:
    return pod.name.startswith(f"{_AGENT}-")


RULE = Rule(
    id="stuck-import",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    # The pods only say why: without them the finding is as true.
    needs=(Deployment,),
    fix=Fix(
        Safety.MANUAL,
        "See why its pods do not run: `kubectl -n cattle-system describe pods` and the log of the last one. The usual "
        "causes are an image that cannot be pulled, a Rancher URL that the cluster does not reach, and a certificate "
        "of Rancher that it does not trust.",
    ),
    references=(
        "rancher/rancher pkg/systemtemplate/template.go",
        "https://docs.harvesterhci.io/v1.8/rancher/virtualization-management/",
    ),
    check=check,
)
