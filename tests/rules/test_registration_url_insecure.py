"""Both forms of the setting, over the versions that read them differently."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.registration_url_insecure import RULE, release_of
from tests.rules.estate import estate, found

TOKEN = "madeuptoken"
PLAIN = f"https://rancher.example.com/v3/import/{TOKEN}_c-m-abcd1234.yaml"
HTTP = PLAIN.replace("https", "http")


def json(url: str, skip: str) -> str:
    """Write the newer form."""
    return f'{{"url": "{url}", "insecureSkipTLSVerify": {skip}}}'


def settings(value: str, version: str) -> str:
    """Write the setting on a Harvester of one version, "" for one that was not read."""
    known = f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: server-version}}
value: {version}
---
"""
    return f"""{known if version else ""}
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: cluster-registration-url}}
value: '{value}'
"""


@pytest.mark.parametrize(
    ("value", "version", "confidence", "words"),
    [
        (PLAIN, "v1.8.0", "certain", "it is a plain URL"),
        (PLAIN, "v1.7.2", "certain", "it is a plain URL"),
        (PLAIN, "v1.9.0-rc6", "certain", "it is a plain URL"),
        (PLAIN, "v1.7.1", "certain", "as Harvester v1.7.1 always does"),
        (PLAIN, "v1.5.0", "certain", "as Harvester v1.5.0 always does"),
        (PLAIN, "v1.10.0", "certain", "it is a plain URL"),
        (PLAIN, "master-head", "possible", "Harvester master-head"),
        (PLAIN, "", "possible", "a version that was not read"),
        (HTTP, "master-head", "certain", "over http"),
        (json(PLAIN, "true"), "v1.8.0", "certain", "by insecureSkipTLSVerify"),
        (json(PLAIN, "true"), "master-head", "certain", "by insecureSkipTLSVerify"),
        (json(HTTP, "false"), "v1.8.0", "certain", "over http"),
        (json(PLAIN, "false"), "v1.7.1", "certain", "always does"),
    ],
)
def test_what_is_insecure(value: str, version: str, confidence: str, words: str) -> None:
    [finding] = found(RULE, estate(settings(value, version)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence(confidence))
    assert words in finding.message
    assert "rancher.example.com" in finding.message
    assert TOKEN not in str(finding)


@pytest.mark.parametrize("version", ["v1.7.2", "v1.8.0", "v1.9.0-rc6", "master-head", ""])
@pytest.mark.parametrize("value", [json(PLAIN, "false"), json("", "false"), json("", "true"), ""])
def test_what_is_secure_or_empty(value: str, version: str) -> None:
    assert not found(RULE, estate(settings(value, version)))


def test_both_faults_of_one_setting_are_one_finding() -> None:
    [finding] = found(RULE, estate(settings(HTTP, "v1.9.0-rc6")))
    assert [link.step for link in finding.chain] == ["fact", "fact"]


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("v1.9.0-rc6", (1, 9, 0)),
        ("1.7.1", (1, 7, 1)),
        ("v1.10.12", (1, 10, 12)),
        ("v1.8.0+dirty", (1, 8, 0)),
        ("master-head", None),
        ("v1.8-head", None),
        ("v1.8", None),
        ("1.8.0.1", None),
        ("a3c4b5d-v1.8.0", None),
        ("", None),
    ],
)
def test_versions(version: str, release: tuple[int, int, int] | None) -> None:
    assert release_of(version) == release
