"""Clusters read live; nothing else in the package speaks to a cluster to read it."""

from rbac_audit.sources.live.collect import Order, Written, collect
from rbac_audit.sources.live.kinds import live_kinds
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.rancher import find_clusters
from rbac_audit.sources.live.reader import Status
from rbac_audit.sources.live.target import Side, Target
from rbac_audit.sources.live.ways import Context, InCluster, Login, Proxied

__all__ = [
    "Context",
    "InCluster",
    "Limits",
    "Login",
    "Order",
    "Proxied",
    "Side",
    "Status",
    "Target",
    "Written",
    "collect",
    "find_clusters",
    "live_kinds",
]
