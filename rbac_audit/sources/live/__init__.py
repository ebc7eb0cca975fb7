"""Clusters read live, through kubeconfig contexts; nothing else in the package speaks to a cluster to read it."""

from rbac_audit.sources.live.collect import Target, collect
from rbac_audit.sources.live.limits import Limits

__all__ = ["Limits", "Target", "collect"]
