"""Who can do something."""

from rbac_audit.access import Permission
from rbac_audit.answers.who import who_can
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rules.estate import estate, view

SECRETS = Permission("get", "", "secrets")


def test_cluster_wide_holders_stand_apart_and_first() -> None:
    holders = who_can(shop_view(), SECRETS)
    assert [(holder.subject, holder.cluster_wide, holder.namespaces) for holder in holders] == [
        ("ServiceAccount:dev/ci", True, ()),
        ("Group:github_team://7", False, ("dev",)),
    ]


def test_groups_have_their_known_members_and_accounts_their_workloads() -> None:
    account, group = who_can(shop_view(), SECRETS)
    assert [str(item) for item in account.workloads] == ["Deployment dev/runner"]
    assert [person.display_name for person in group.members] == ["Alice Ng"]
    assert (group.display_name, group.members_known) == ("devs", True)


def test_membership_of_a_group_without_known_members_is_unknown() -> None:
    nobody = RANCHER.replace('github_team://7"}, displayName', 'github_team://8"}, displayName')
    group = who_can(view(estate(HARVESTER, nobody)), SECRETS)[1]
    assert (group.subject, group.members, group.members_known) == ("Group:github_team://7", (), False)


def test_one_namespace_or_those_of_a_project() -> None:
    assert [holder.subject for holder in who_can(shop_view(), SECRETS, ["prod"])] == ["ServiceAccount:dev/ci"]
    assert len(who_can(shop_view(), SECRETS, ("prod", "dev"))) == 2
    assert len(who_can(shop_view(), SECRETS, ())) == 1


def test_a_url_is_held_cluster_wide_only() -> None:
    holders = who_can(shop_view(), Permission("get", path="/metrics"))
    assert [holder.subject for holder in holders] == ["ServiceAccount:dev/ci"]


def test_an_account_without_namespace_is_the_bindings() -> None:
    holders = who_can(shop_view(), Permission("create", "rbac.authorization.k8s.io", "roles"))
    assert [holder.subject for holder in holders] == ["ServiceAccount:dev/ci", "User:u-bob"]
