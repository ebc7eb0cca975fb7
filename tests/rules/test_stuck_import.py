"""An agent that does not run, and what its pods wait for."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.stuck_import import RULE
from tests.rules.estate import estate, found

IMAGE = "registry.example.com/rancher/rancher-agent:v2.15.0"


def deployment(
    replicas: int = 2, available: int = 0, place: str = "cattle-system", name: str = "cattle-cluster-agent"
) -> str:
    """Write the agent's Deployment; the API server leaves out a count that is zero."""
    status = f"{{availableReplicas: {available}}}" if available else "{}"
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {place}}}
spec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: a, image: "{IMAGE}"}}]}}}}}}
status: {status}
---
"""


def pod(reason: str, name: str = "cattle-cluster-agent-6d5f9c7b8-x2x7k", where: str = "containerStatuses") -> str:
    """Write a pod with a container that waits."""
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: cattle-system, uid: "2"}}
spec: {{containers: []}}
status: {{phase: Pending, {where}: [{{name: a, state: {{waiting: {{reason: {reason}}}}}}}]}}
---
"""


RUNNING = deployment(available=2, name="rancher")


@pytest.mark.parametrize("where", ["containerStatuses", "initContainerStatuses"])
def test_an_image_that_cannot_be_pulled_is_named_with_what_to_do(where: str) -> None:
    (finding,) = found(RULE, estate(deployment() + pod("ImagePullBackOff", where=where)))
    assert (str(finding.object), finding.severity) == (
        "Deployment cattle-system/cattle-cluster-agent",
        Severity.MEDIUM,
    )
    assert "ImagePullBackOff" in finding.message
    assert [link.text for link in finding.chain if IMAGE in link.text]
    assert "containerd-registry" in finding.fix.text
    assert [str(item) for item in finding.related] == ["Pod cattle-system/cattle-cluster-agent-6d5f9c7b8-x2x7k"]


@pytest.mark.parametrize("pods", ["", pod("CrashLoopBackOff"), pod("ImagePullBackOff", "rancher-webhook-1")])
def test_of_another_reason_the_remedy_is_another(pods: str) -> None:
    (finding,) = found(RULE, estate(deployment() + pods + RUNNING))
    assert "containerd-registry" not in finding.fix.text
    assert "ImagePullBackOff" not in finding.message


CLEAN = {
    "one of two runs": deployment(available=1),
    "wanted by nobody": deployment(replicas=0),
    "of somebody else": deployment(place="default"),
    "not there": "",
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN)
def test_an_agent_that_runs_or_is_none_is_nothing(text: str) -> None:
    assert found(RULE, estate(text + pod("ImagePullBackOff") + RUNNING)) == []


def test_what_was_never_run_is_not_stuck() -> None:
    assert found(RULE, estate(deployment() + deployment(name="rancher"))) == []
    assert found(RULE, estate(deployment() + RUNNING))
