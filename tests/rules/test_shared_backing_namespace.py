"""Projects that keep their members in one namespace."""

import pytest

from rbac_audit.rules.shared_backing_namespace import RULE
from tests.rules.estate import estate, found


def project(cluster: str, name: str, backing: str = "") -> str:
    status = f"status: {{backingNamespace: {backing}}}" if backing else ""
    return f"""
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: {name}, namespace: {cluster}}}
{status}
---
"""


PRTB = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: p-shop}
projectName: "local:p-shop"
roleTemplateName: edit
userName: u-erin
"""


@pytest.mark.parametrize(
    "text",
    [
        project("local", "p-shop") + project("c-m-abcd1234", "p-shop"),
        project("local", "p-shop") + project("c-m-abcd1234", "p-other", "p-shop"),
    ],
    ids=["by name", "by the stated namespace"],
)
def test_two_projects_in_one_namespace_are_told(text: str) -> None:
    [finding] = found(RULE, estate("", text + PRTB))
    assert {item.kind for item in (finding.object, *finding.related)} == {"Project"}
    assert len(finding.related) == 1
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_a_namespace_of_its_own_is_clean() -> None:
    text = project("local", "p-shop") + project("c-m-abcd1234", "p-shop", "c-m-abcd1234-p-shop")
    assert found(RULE, estate("", text + PRTB)) == []
