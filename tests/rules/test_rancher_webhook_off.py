"""Whether somebody checks who writes Rancher's roles."""

import pytest

from rbac_audit.rules.rancher_webhook_off import RULE
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    Kind,
    ProjectRoleTemplateBinding,
    ValidatingWebhookConfiguration,
)
from tests.rules.estate import estate, found, not_evaluated

BINDING = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-erin
---
"""
KINDS = (
    "globalroles",
    "globalrolebindings",
    "roletemplates",
    "clusterroletemplatebindings",
    "projectroletemplatebindings",
)


def hook(
    resource: str, policy: str = "Fail", service: str = "rancher-webhook", operations: str = "CREATE, UPDATE"
) -> str:
    return f"""
- name: rancher.cattle.io.{resource.replace("*", "all")}
  failurePolicy: {policy}
  clientConfig: {{service: {{namespace: cattle-system, name: {service}}}}}
  rules:
  - {{apiGroups: [management.cattle.io], apiVersions: [v3], operations: [{operations}], resources: ["{resource}"]}}"""


def configuration(*hooks: str) -> str:
    return f"""
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: rancher.cattle.io}}
webhooks:{"".join(hooks) or " []"}
---
"""


def messages(*hooks: str) -> list[str]:
    return [finding.message for finding in found(RULE, estate("", BINDING + configuration(*hooks)))]


def test_one_for_each_kind_is_all_there_has_to_be() -> None:
    assert messages(*map(hook, KINDS)) == []
    assert messages(hook("*")) == []
    assert messages(hook("*", operations="'*'")) == []


def test_other_kinds_may_be_ignored_as_rancher_ships_them() -> None:
    assert messages(*map(hook, KINDS), hook("clusters", "Ignore")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_counts(kind: str) -> None:
    others = [hook(other) for other in KINDS if other != kind]
    assert messages(*others) == [f"no webhook of Rancher is asked about {kind}"]
    ignored = messages(*others, hook(kind, "Ignore"))
    assert ignored == [f"no webhook of Rancher has to answer (failurePolicy Ignore) about {kind}"]


@pytest.mark.parametrize(
    "weak",
    [hook("*", service="another"), hook("*", operations="UPDATE"), hook("*", operations="CREATE"), ""],
)
def test_who_does_not_check_does_not_count(weak: str) -> None:
    assert len(messages(*filter(None, [weak]))) == 1


def test_that_it_is_absent_is_said() -> None:
    [finding] = found(RULE, estate("", BINDING))
    assert finding.message.endswith("there is no ValidatingWebhookConfiguration rancher.cattle.io")
    assert str(finding.object) == "ValidatingWebhookConfiguration rancher.cattle.io"


USER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
"""


@pytest.mark.parametrize("unread", [(), (ValidatingWebhookConfiguration,)])
def test_the_rancher_inside_harvester_gives_no_roles_so_nothing_is_open(unread: tuple[Kind, ...]) -> None:
    of = estate("", USER, unread=unread)
    assert found(RULE, of) == []
    assert not_evaluated(RULE, of) == ()


@pytest.mark.parametrize("kind", [ProjectRoleTemplateBinding, ClusterRoleTemplateBinding])
def test_where_bindings_were_not_read_there_may_be_some(kind: Kind) -> None:
    [entry] = not_evaluated(RULE, estate("", USER, unread=(ValidatingWebhookConfiguration, kind)))
    assert entry.because == ("no ValidatingWebhookConfiguration was read from rancher",)


def test_configurations_that_were_not_read_are_no_missing_ones() -> None:
    [entry] = not_evaluated(RULE, estate("", BINDING, unread=(ValidatingWebhookConfiguration,)))
    assert (entry.because, entry.partly) == (("no ValidatingWebhookConfiguration was read from rancher",), False)
