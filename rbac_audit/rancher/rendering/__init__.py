"""What Rancher writes onto every cluster for its users, role templates, projects and bindings."""

from rbac_audit.rancher.rendering.render import render

__all__ = ["render"]
