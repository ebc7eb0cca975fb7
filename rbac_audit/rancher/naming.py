"""How Rancher names what it renders.

Source: rancher/rancher pkg/rbac/common.go (NameForRoleBinding, NameForClusterRoleBinding, GetRTBLabel,
CreateRoleBindingLabel) and rancher/wrangler pkg/name/name.go (SafeConcatName).
"""

import hashlib
import itertools

from rbac_audit.snapshot.objects import Subject

PRTB_OWNER = "authz.cluster.cattle.io/prtb-owner-"
CRTB_OWNER = "authz.cluster.cattle.io/crtb-owner-"
LEGACY_OWNER = "authz.cluster.cattle.io/rtb-owner-updated"
AGGREGATION = "management.cattle.io/roletemplate-aggregation"
LEGACY_UID_OWNER = "authz.cluster.cattle.io/rtb-owner"


_BASE32 = ["".join(pair) for pair in itertools.product("abcdefghijklmnopqrstuvwxyz234567", repeat=2)]


def short_hash(text: str) -> str:
    """First ten characters of the lower-case base32 of the sha256: its first fifty bits, ten at a time.

    A large estate needs one for every binding, and `base64` is several times slower.
    """
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") >> 6
    first, second, third, fourth = bits >> 40, bits >> 30 & 1023, bits >> 20 & 1023, bits >> 10 & 1023
    return _BASE32[first] + _BASE32[second] + _BASE32[third] + _BASE32[fourth] + _BASE32[bits & 1023]


def role_binding_name(namespace: str, role_kind: str, role: str, subject_kind: str, subject: str) -> str:
    """Name the RoleBinding for a role and subject in a namespace; the parts are joined without separators."""
    return f"rb-{short_hash(namespace + role_kind + role + subject_kind + subject)}"


def cluster_role_binding_name(role_kind: str, role: str, subject_kind: str, subject: str) -> str:
    """Name the ClusterRoleBinding for a role and subject."""
    return f"crb-{short_hash(role_kind + role + subject_kind + subject)}"


def subject_hash(subject: Subject) -> str:
    """Hash a subject as authprovisioningv2 (hashSubject) does: over what Go's generated String() writes."""
    fields = f"Kind:{subject.kind},APIGroup:{subject.api_group},Name:{subject.name},Namespace:{subject.namespace},"
    return short_hash(f"&Subject{{{fields}}}")


def safe_concat(*parts: str) -> str:
    """Join with dashes and, from 64 characters on, shorten with a piece of the hash to at most 63."""
    full = "-".join(parts)
    if len(full) < 64:
        return full
    digest = hashlib.sha256(full.encode()).hexdigest()
    last = full[56]
    if last.isascii() and (last.islower() or last.isdigit()):
        return f"{full[:57]}-{digest[:5]}"
    return f"{full[:56]}-{digest[:6]}"


def owner_key(namespace: str, name: str) -> str:
    """Spell a template binding as the legacy labels do: `<namespace>_<name>`, shortened."""
    return safe_concat(f"{namespace}_{name}")


def prtb_owner_label(name: str) -> str:
    """Name the label key by which aggregated bindings point at their ProjectRoleTemplateBinding."""
    return safe_concat(PRTB_OWNER + name)


def crtb_owner_label(name: str) -> str:
    """Name the label key by which aggregated bindings point at their ClusterRoleTemplateBinding."""
    return safe_concat(CRTB_OWNER + name)


def aggregator(template: str) -> str:
    """Name the aggregating ClusterRole of a role template."""
    return safe_concat(template, "aggregator")


def promoted_aggregator(template: str) -> str:
    """Name the aggregating ClusterRole of what a role template promotes; each step is shortened by itself."""
    return aggregator(safe_concat(template, "promoted"))


def user_of_principal(principal: str) -> str:
    """Name the User that Rancher creates for a principal at its first login or binding (EnsureUser)."""
    return f"u-{short_hash(principal)}"
