"""What the documentation shows as flagged is found, and what it shows as clean is not: rules and access policies."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbac_audit.rules
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.judge_policy import rule_of
from rbac_audit.audit.policy import AccessPolicy, Example, parse_policy
from rbac_audit.audit.rule import Rule
from tests.rules.estate import estate, estate_of, found, manifests

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(item.name for item in pkgutil.iter_modules(rbac_audit.rules.__path__) if item.name[0] != "_")
POLICIES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "policies").rglob("*.yaml")
    if re.search(r"^kind: AccessPolicy$", path.read_text(), re.MULTILINE)
)
_BLOCK = re.compile(r"^```yaml (flagged|clean|both)( rancher)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rule_in(module: str) -> Rule:
    """Import the rule of one file."""
    rule = importlib.import_module(f"rbac_audit.rules.{module}").RULE
    assert isinstance(rule, Rule)
    return rule


def examples(page: str) -> Iterator[tuple[str, Estate]]:
    """Yield every example of a page.

    A block `rancher` belongs to the block before it; what is in a block `both` is in every example.
    """
    shared = {"": "", " rancher": ""}
    pairs: list[tuple[str, str, str]] = []
    for word, rancher, text in _BLOCK.findall(page):
        if word == "both":
            shared[rancher] += f"---\n{text}"
        elif not rancher:
            pairs.append((word, text, ""))
        elif pairs and pairs[-1][0] == word and not pairs[-1][2]:
            pairs[-1] = (word, pairs[-1][1], text)
        else:
            pairs.append((word, "", text))
    for word, harvester, rancher in pairs:
        yield word, estate(f"{harvester}{shared['']}", f"{rancher}{shared[' rancher']}")


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_rule_hold(module: str) -> None:
    rule = rule_in(module)
    shown = list(examples(rule.page))
    assert {word for word, _ in shown} == {"flagged", "clean"}
    for number, (word, example) in enumerate(shown, 1):
        findings = found(rule, example)
        assert bool(findings) is (word == "flagged"), f"example {number}: {[item.message for item in findings]}"


@pytest.mark.parametrize("module", MODULES)
def test_a_rule_is_documented(module: str) -> None:
    rule = rule_in(module)
    assert rule.id == module.replace("_", "-")
    assert rule.title
    assert rule.section("What")
    assert rule.why
    assert rule.fix.text
    assert rule.references
    assert "```" not in _BLOCK.sub("", rule.page), "a block that no test runs"


def policy_at(path: str) -> AccessPolicy:
    """Read the one policy of a file."""
    [raw] = manifests((ROOT / path).read_text())
    return parse_policy(raw, path)


def shown_by(example: Example) -> Estate:
    """Build the estate of a policy's example."""
    return estate_of(example.manifests, example.rancher)


@pytest.mark.parametrize("path", POLICIES)
def test_the_examples_of_a_policy_hold(path: str) -> None:
    policy = policy_at(path)
    rule, shown = rule_of(policy), policy.spec.examples
    assert rule.id == Path(path).stem
    assert shown.flagged
    assert shown.clean
    for example in shown.flagged:
        assert found(rule, shown_by(example)), f"not flagged: {example.title}"
    for example in shown.clean:
        findings = found(rule, shown_by(example))
        assert not findings, f"not clean: {example.title}: {[item.message for item in findings]}"
