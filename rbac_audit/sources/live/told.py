"""What is said of a cluster, or of a kind, that could not be read."""

from collections.abc import Mapping

from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import APIGroupDiscovery, Kind
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.connection import Failed
from rbac_audit.sources.live.kinds import BUILT_IN, resource
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Proxied

_ROLE = "rbac-audit collect --print-role prints a ClusterRole that may"


def refusals(target: Target, refused: Mapping[Kind, int], *, everything: bool) -> list[Gap]:
    """Tell the refused kinds, with the statuses of the answers; `everything` that was asked for: in one gap."""
    if everything and len(refused) > 1 and len({*refused.values()}) == 1:
        problem, advice = _no_entry(target, next(iter(refused.values())))
        return [Gap(target.name, "the cluster", problem, advice, kind_names(refused))]
    return [
        Gap(target.name, resource(kind), *_refusal(status, kind), kind_names([kind]))
        for kind, status in refused.items()
    ]


def unreachable(target: Target, failed: Failed, kinds: list[Kind], *, begun: bool) -> Gap:
    """Tell that a cluster gave no answers (any more)."""
    problem, advice = failed.problem, failed.advice
    if isinstance(target.way, Proxied) and failed.status == 503:
        problem = "Rancher does not reach it (503)"
        advice = "see its state in Rancher, and the pods of cattle-cluster-agent on it; then collect again"
    return Gap(target.name, "the rest of the cluster" if begun else "the cluster", problem, advice, kind_names(kinds))


def _no_entry(target: Target, status: int) -> tuple[str, str]:
    if isinstance(target.way, Proxied):
        advice = "make its user a member of the cluster in Rancher, with the rights of --print-role"
        return f"Rancher lets the account read nothing of it ({status})", advice
    if status == 403:
        return "the account may list nothing of it", _ROLE
    return f"it answered {status} to everything", "check that the context names a Kubernetes API"


def _refusal(status: int, kind: Kind) -> tuple[str, str]:
    if kind is APIGroupDiscovery:
        advice = "let it get /api and /apis, as system:discovery does"
        return f"the account may not ask what is served ({status})", advice
    if status == 403:
        return "the account may not list them", f"let it list {resource(kind)}: {_ROLE}"
    if status == 404 and kind.group in BUILT_IN:
        return "the server does not know them", "check that the context names a Kubernetes API"
    if status == 404:
        return "the server does not know them, and does not say that they are not installed", "let it read /apis"
    if status == 406:
        return "the server cannot give their metadata alone", "leave --secret-metadata out"
    return f"the server answered {status}", "collect again"
