"""A team: one project, its people, its namespaces, and the names that Rancher gives to what hangs on them."""

import base64
import hashlib
from collections.abc import Iterator

from lists import RBAC, Raw

CLUSTER = "c-m-h7k9d2xw"
STAGES = ("dev", "int", "prod", "stage", "test")
INHERITED = {"project-owner": "admin", "project-member": "edit", "read-only": "view"}
READ = ["get", "list", "watch"]
CHANGE = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
# What of a template has an effect on the management cluster itself (rancher pkg/controllers/management/auth).
BINDING_RULE = {"apiGroups": ["management.cattle.io"], "resources": ["projectroletemplatebindings"]}
SECRET_RULE = {"apiGroups": [""], "resources": ["secrets"], "verbs": CHANGE}
MANAGEMENT_PLANE: dict[str, list[Raw]] = {
    "project-owner": [BINDING_RULE | {"verbs": ["*"]}],
    "project-member": [BINDING_RULE | {"verbs": READ}],
    "read-only": [BINDING_RULE | {"verbs": READ}],
    "admin": [SECRET_RULE],
    "edit": [SECRET_RULE],
    "cluster-owner": [BINDING_RULE | {"verbs": ["*"]}, SECRET_RULE | {"verbs": ["*"]}],
}


def base32(text: str) -> str:
    """Shorten a text as Rancher does for the names of bindings and users."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:10]


def rendered_name(namespace: str, role: Raw, subject: Raw) -> str:
    """Name a binding as Rancher does (rancher pkg/rbac/common.go)."""
    prefix = "rb-" if namespace else "crb-"
    return prefix + base32(namespace + role["kind"] + role["name"] + subject["kind"] + subject["name"])


def role_ref(name: str, kind: str = "ClusterRole") -> Raw:
    """Point at a role."""
    return {"apiGroup": RBAC, "kind": kind, "name": name}


def subject(kind: str, name: str) -> Raw:
    """Name a User or a Group."""
    return {"apiGroup": RBAC, "kind": kind, "name": name}


class Team:
    """One project: its people, its namespaces, and all that hangs on them."""

    def __init__(self, number: int) -> None:
        """Name everything after the number."""
        self.name = f"team-{number:05}"
        self.project = f"p-{number:05x}"
        self.backing = f"{CLUSTER}-{self.project}"
        self.namespaces = [f"{self.name}-{stage}" for stage in STAGES]
        self.principals = [
            f"activedirectory_user://CN={self.name} {who},OU=people,DC=example,DC=com" for who in ("lead", "dev", "ops")
        ]
        self.users = [f"u-{base32(principal)}" for principal in self.principals]
        self.groups = [f"activedirectory_group://CN={self.name}-{g},OU=groups,DC=example,DC=com" for g in ("rw", "ro")]

    def template_bindings(self) -> Iterator[tuple[str, str, Raw]]:
        """Say who has which template: name of the binding, template, subject."""
        for index, template in enumerate(INHERITED):
            yield self._named(template, self.principals[index]), template, subject("User", self.users[index])
        for group, template in zip(self.groups, ("project-member", "read-only"), strict=True):
            yield self._named(template, group), template, subject("Group", group)

    def _named(self, template: str, principal: str) -> str:
        return f"prtb-{base32(f'{principal}/{template}/{CLUSTER}:{self.project}')}"
