"""Moments that Rancher's own objects speak of: they say when an estate was read at the earliest."""

import datetime
import itertools

from rbac_audit.audit.estate import View
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    ProjectRoleTemplateBinding,
    Token,
    User,
    UserAttribute,
)

_DATED = (ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding, User, Token)


def newest(view: View) -> datetime.datetime | None:
    """Find the latest moment that Rancher's own objects speak of: they were read after it."""
    made = (item.metadata.creation_timestamp for kind in _DATED for item in view.cluster.of(kind))
    learnt = (text for item in view.cluster.of(UserAttribute) for text in (item.last_refresh, item.last_login))
    return max((found for text in itertools.chain(made, learnt) if (found := moment(text))), default=None)


def moment(text: str) -> datetime.datetime | None:
    """Read an ISO date or time, in UTC where it names no zone; None for anything else."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
