"""Which bindings say that they are Rancher's, and whether that is true.

A marker is a claim that anyone who may edit bindings can forge. A claim holds when a live template binding, global
role binding or user would make this very binding: same role, same subject, same place. Source: rancher
pkg/rbac/common.go, pkg/controllers/managementuser/rbac (both models), pkg/controllers/management/auth; the markers
are those of the controllers.
"""

from collections.abc import Iterator
from enum import Enum

import msgspec

from rbac_audit.access.bindings import Binding
from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.expected import Expected, Rendered

_AGGREGATION = "management.cattle.io/roletemplate-aggregation"
_MEMBERSHIP = frozenset(
    {
        "owner-user",
        "membership-binding-owner",
        "memberhsip-binding-owner",
        "crtb-in-project-binding-owner",
        "prtb-in-cluster-binding-owner",
    }
)
_OWNER_KINDS = frozenset(
    {
        "ProjectRoleTemplateBinding",
        "ClusterRoleTemplateBinding",
        "GlobalRoleBinding",
        "GlobalRole",
        "RoleTemplate",
        "User",
        "Cluster",
    }
)


class Claim(Enum):
    """What became of a binding's claim to be Rancher's."""

    NONE = "none"
    HOLDS = "holds"
    UNPROVEN = "unproven"
    ORPHANED = "orphaned"
    FORGED = "forged"


class Ownership(msgspec.Struct, frozen=True):
    """The verdict on one binding: the marker that claims, the owners that would make it, and why the claim fails."""

    claim: Claim
    marker: str = ""
    owners: tuple[TemplateBinding | GlobalBinding, ...] = ()
    reason: str = ""


_NO_CLAIM = Ownership(Claim.NONE)


def judge(binding: Binding, expected: Expected | None) -> Ownership:
    """Verify a binding's claim; `expected` is None where Rancher's objects were not read: then nothing is proven."""
    found = marker(binding)
    if not found and not binding.name.startswith(("rb-", "crb-")):
        return _NO_CLAIM
    if expected is None:
        unproven = Ownership(Claim.UNPROVEN, found, (), "Rancher's objects were not read")
        return unproven if found else Ownership(Claim.NONE)
    rendered = expected.rendered(binding)
    if rendered.owners or rendered.sure:
        exact = found or _has_hashed_name(binding)
        return Ownership(Claim.HOLDS, found or "name", rendered.owners) if exact else Ownership(Claim.NONE)
    return _failed(binding, expected, found, rendered) if found else Ownership(Claim.NONE)


def _failed(binding: Binding, expected: Expected, found: str, rendered: Rendered) -> Ownership:
    if rendered.unknowable:
        return Ownership(Claim.UNPROVEN, found, (), rendered.unknowable)
    claimed = expected.claimed(binding)
    if claimed:
        what = " and ".join(str(owner.source) for owner in claimed)
        return Ownership(Claim.FORGED, found, claimed, f"{what} would not make this binding")
    if not _named_by_rancher(binding):
        return Ownership(Claim.FORGED, found, (), "no such owner, and Rancher would have given it another name")
    return Ownership(Claim.ORPHANED, found, (), "what it was made for is gone")


def _named_by_rancher(binding: Binding) -> bool:
    """Tell whether the name may be Rancher's: hashed ones follow from the content, others are taken as they are.

    The hash of a psa binding has its owner's name in it, which nobody can know once the owner is gone.
    """
    hashed = binding.name.startswith(("rb-", "crb-")) and "-namespaces-psa" not in binding.role_ref.name
    return not hashed or _has_hashed_name(binding)


def _has_hashed_name(binding: Binding) -> bool:
    role = binding.role_ref
    return binding.name.startswith(("rb-", "crb-")) and any(
        binding.name
        in {
            naming.role_binding_name(binding.namespace, role.kind, role.name, subject.kind, subject.name),
            naming.cluster_role_binding_name(role.kind, role.name, subject.kind, subject.name),
        }
        for subject in binding.subjects
    )


def marker(binding: Binding) -> str:
    """Name the first mark by which a binding says that Rancher made it; "" for none."""
    return next(_markers(binding), "")


def _markers(binding: Binding) -> Iterator[str]:
    metadata = binding.source.metadata
    for key, value in sorted(metadata.labels.items()):
        if key.startswith((naming.LEGACY_UID_OWNER, naming.PRTB_OWNER[:-1], naming.CRTB_OWNER[:-1], _AGGREGATION)):
            yield f"label {key}"
        elif value in _MEMBERSHIP or (value == "true" and "_" in key and "/" not in key):
            yield f"label {key}={value}"
        elif key.startswith("authz.management.cattle.io/") or key == "authz.cluster.cattle.io/impersonator":
            yield f"label {key}"
    for owner in metadata.owner_references:
        if owner.kind in _OWNER_KINDS and "cattle.io/" in owner.api_version:
            yield f"ownerReference {owner.kind}"
    name, role = binding.name, binding.role_ref.name
    if name.startswith("globaladmin-") and role == "cluster-admin":
        yield "name globaladmin-"
    if name == role and name.startswith("cattle-impersonation-"):
        yield "name cattle-impersonation-"
    if name.startswith("crb-") and role.endswith(("-namespaces-psa", "-namespaces-edit", "-namespaces-readonly")):
        yield f"role {role}"
