"""What Rancher writes onto every cluster for its users, role templates, projects and bindings."""

from rbac_audit.rancher.rendering.render import render, render_with_owners

__all__ = ["render", "render_with_owners"]
