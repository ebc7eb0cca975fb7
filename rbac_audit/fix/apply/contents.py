"""Live objects as values: what the server writes taken off, changed as a plan says, and compared with it."""

from rbac_audit.fix.apply.checks import content_of
from rbac_audit.fix.apply.server import Raw
from rbac_audit.fix.objects import typed
from rbac_audit.fix.plan import Change, Creation
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import ProjectRoleTemplateBinding

WRITTEN = frozenset(("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"))


def bare(item: Raw) -> Raw:
    """Take off what the server writes, so that an object can be created again."""
    metadata = {name: value for name, value in item["metadata"].items() if name not in WRITTEN}
    return {**item, "metadata": metadata}


def changed(item: Raw, change: Change) -> Raw:
    """Make a change to a live object, which keeps its resourceVersion."""
    labels = {**(item["metadata"].get("labels") or {}), **change.labels}
    kept = {name: value for name, value in labels.items() if value is not None}
    return {**item, **change.fields, "metadata": {**item["metadata"], "labels": kept}}


def is_changed(item: Raw, change: Change) -> bool:
    """Tell whether an object is as a change makes it."""
    after = changed(item, change)
    # The labels of a role are no part of its content.
    return content_of(after) == content_of(item) and after["metadata"]["labels"] == (
        item["metadata"].get("labels") or {}
    )


def same(creation: Creation, item: Raw) -> bool:
    """Tell whether a live object means what the plan would create; Rancher adds the other name of a user."""
    wanted, there = typed(creation), decode(item)
    if isinstance(wanted, ProjectRoleTemplateBinding) and isinstance(there, ProjectRoleTemplateBinding):
        return (wanted.project_name, wanted.role_template_name, wanted.user_name, wanted.group_principal_name) == (
            there.project_name,
            there.role_template_name,
            there.user_name,
            there.group_principal_name,
        )
    return content_of(item) == content_of({**creation.manifest})
