"""Advisories that the version of Harvester tells."""

import pytest

from rbac_audit.audit.finding import Confidence
from rbac_audit.rules.vulnerable_harvester import RULE
from tests.rules.estate import estate, found, not_evaluated


def setting(name: str, value: str) -> str:
    return f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: {name}}}
value: '{value}'
---
"""


URL = setting("cluster-registration-url", '{"url": "https://rancher.example.com/v3/import/x.yaml"}')


def told(text: str) -> dict[str, tuple[Confidence, list[str]]]:
    """Map the advisories of each finding to how sure it is and what it names."""
    return {
        " ".join(link.text.partition(":")[0] for link in finding.chain): (
            finding.confidence,
            [str(ref) for ref in finding.related],
        )
        for finding in found(RULE, estate(text))
    }


def test_where_it_fetches_from_a_rancher_it_is_certain() -> None:
    assert told(setting("server-version", "v1.6.1") + URL) == {
        "CVE-2025-71261": (Confidence.CERTAIN, ["Setting cluster-registration-url"]),
        "CVE-2025-62877": (Confidence.POSSIBLE, []),
    }


def test_the_version_alone_is_possible() -> None:
    empty = setting("cluster-registration-url", "")
    assert told(setting("server-version", "v1.6.1") + empty) == {
        "CVE-2025-62877 CVE-2025-71261": (Confidence.POSSIBLE, [])
    }
    assert told(setting("server-version", "v1.7.1")) == {"CVE-2025-71261": (Confidence.POSSIBLE, [])}


def test_what_may_have_the_fix_is_possible() -> None:
    assert told(setting("server-version", "v1.7.2") + URL) == {
        "perhaps CVE-2025-71261": (Confidence.POSSIBLE, ["Setting cluster-registration-url"])
    }


def test_a_fixed_version_is_clean() -> None:
    assert told(setting("server-version", "v1.8.0") + URL) == {}


def test_the_chart_says_the_version_where_the_setting_does_not() -> None:
    chart = """
apiVersion: management.cattle.io/v3
kind: ManagedChart
metadata: {name: harvester, namespace: fleet-local}
spec: {version: 1.7.1}
---
"""
    [finding] = found(RULE, estate(URL + chart))
    assert str(finding.object) == "ManagedChart fleet-local/harvester"
    assert not found(RULE, estate(URL + chart.replace("1.7.1", "1.8.1")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (setting("server-version", "master-head"), "the version of Harvester is no release: master-head"),
        (URL, "the version of Harvester is not known"),
    ],
)
def test_an_unknown_version_is_never_clean(text: str, why: str) -> None:
    [entry] = not_evaluated(RULE, estate(text))
    assert (entry.because, entry.partly) == ((why,), False)


def test_a_cluster_of_another_kind_is_not_meant() -> None:
    other = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"
    assert not_evaluated(RULE, estate(other)) == ()
    assert found(RULE, estate(other)) == []
