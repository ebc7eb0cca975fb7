"""Names as Rancher computes them: vectors worked out from rancher pkg/rbac/common.go and wrangler pkg/name/name.go."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.rancher import naming


@pytest.mark.parametrize(
    ("namespace", "role", "expected"),
    [
        ("shop-dev", "project-member-aggregator", "rb-p5qbpzepx4"),
        ("shop-dev", "edit", "rb-4e55pvztr4"),
    ],
)
def test_role_binding_names(namespace: str, role: str, expected: str) -> None:
    assert naming.role_binding_name(namespace, "ClusterRole", role, "User", "u-abc12") == expected


def test_cluster_role_binding_name() -> None:
    name = naming.cluster_role_binding_name("ClusterRole", "p-x1y2z-namespaces-edit", "User", "u-abc12")
    assert name == "crb-eurml63ktf"


def test_user_of_a_principal() -> None:
    principal = "activedirectory_user://CN=alice,OU=people,DC=example,DC=com"
    assert naming.user_of_principal(principal) == "u-hqveksrxga"


def test_owner_label_is_shortened_with_its_prefix() -> None:
    label = naming.prtb_owner_label("tenant-shop-developers-project-member")
    assert label == "authz.cluster.cattle.io/prtb-owner-tenant-shop-developers-fc091"


def test_names_up_to_28_characters_fit_into_the_owner_label() -> None:
    assert naming.prtb_owner_label("p" * 28) == naming.PRTB_OWNER + "p" * 28
    assert len(naming.prtb_owner_label("p" * 29)) == 63


def test_safe_concat_replaces_a_last_character_that_is_no_letter_or_digit() -> None:
    full = "a" * 56 + "." + "b" * 20
    digest = hashlib.sha256(full.encode()).hexdigest()
    assert naming.safe_concat(full) == "a" * 56 + "-" + digest[:6]


def test_safe_concat_takes_only_ascii_for_letters() -> None:
    full = "a" * 56 + "ü" + "b" * 20
    digest = hashlib.sha256(full.encode()).hexdigest()
    assert naming.safe_concat(full) == "a" * 56 + "-" + digest[:6]


@given(st.text(alphabet="abcdefghij-_.0123456789", min_size=1, max_size=120))
def test_safe_concat_fits_a_label_and_keeps_what_fits(text: str) -> None:
    name = naming.safe_concat(text)
    assert len(name) <= 63
    assert (name == text) == (len(text) < 64)


def test_owner_key_joins_namespace_and_name() -> None:
    assert naming.owner_key("c-m-abcd1234-p-x7k2q", "prtb-own01") == "c-m-abcd1234-p-x7k2q_prtb-own01"
