"""Whole estates on two real API servers: planned, applied and audited again, and taken back."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.fix.planner import CONVERTED
from rbac_audit.rules import RULES
from rbac_audit.sources import SourceSpec, read_estate
from tests.conftest import ROOT
from tests.controlplane.api import Question
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate as Servers
from tests.controlplane.server import Server
from tests.fix.plugin import PROPERTY
from tests.fix.stage import GROUPS, Sampler, Stage, bare, loaded
from tests.fix.standin import MANAGEMENT, RBAC

pytestmark = [pytest.mark.timeout(600), pytest.mark.no_cover]
Manifest = dict[str, Any]
MESSY = ("messy-estate/harvester-cluster", "messy-estate/rancher-local")
LIVED_IN = ("lived-in/harvester", "lived-in/rancher")


def manifests(folder: Path, server: Server) -> Iterator[Object]:
    """The objects of files that the server has the kinds for.

    But for Secrets, whose values are made up, and webhooks, behind which nobody would answer.
    """
    served = {(each.api_version, each.kind) for each in server.api.discovery.refresh()}
    served = {
        (version, kind) for version, kind in served if kind != "Secret" and not kind.endswith("WebhookConfiguration")
    }
    for path in sorted(folder.iterdir()):
        if path.name.startswith(("discovery-", "access-answers")):
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        items = yaml.load_all(data, yaml.CSafeLoader) if path.suffix == ".yaml" else json.loads(data)["items"]
        yield from (item for item in items if (item["apiVersion"], item["kind"]) in served)


@pytest.fixture(params=["lived-in", "messy-estate"])
def stage(request: pytest.FixtureRequest, two_apiservers: Servers, tmp_path: Path) -> Iterator[Stage]:
    messy = request.param == "messy-estate"
    root: Path = request.getfixturevalue("shared_data") if messy else ROOT / "examples"
    here, there = (root / name for name in (MESSY if messy else LIVED_IN))
    sides = manifests(here, two_apiservers.harvester), manifests(there, two_apiservers.rancher)
    with loaded(two_apiservers, tmp_path, *sides) as made:
        yield made


def found(stage: Stage) -> set[str]:
    """The bindings that the rules want converted, as collected last."""
    estate = Estate(read_estate([SourceSpec(str(stage.folder / "estate.jsonl"))]))
    findings = evaluate(estate, [rule for rule in RULES if rule.id in CONVERTED]).findings
    refs = (ref for finding in findings for ref in (finding.object, *finding.related))
    return {str(ref) for ref in refs if ref.kind == "RoleBinding"}


def state(stage: Stage) -> dict[str, Object]:
    """Everything that an apply may write to, without what the server writes.

    What Rancher makes of a new role template, and takes away with it, is its own affair.
    """
    kinds = [(stage.harvester, RBAC, kind) for kind in ("RoleBinding", "ClusterRoleBinding", "ClusterRole")]
    kinds += [(stage.management, MANAGEMENT, kind) for kind in ("RoleTemplate", "ProjectRoleTemplateBinding")]
    return {
        f"{kind} {item['metadata'].get('namespace')}/{item['metadata']['name']}": bare(item)
        for api, version, kind in kinds
        for item in api.objects(version, kind)
        if kind != "ClusterRole" or not item["metadata"]["name"].startswith("rbac-audit-")
    }


def questions(stage: Stage, plan: Manifest) -> list[Question]:
    """What the bindings that go give their subjects now, as the server says, but for what the plan says that they lose."""
    losing = {effect["subject"] for step in plan["steps"] for effect in step["effects"] if effect["lost"]}
    asked = []
    for step in plan["steps"]:
        for creation in step["undo"]["creates"]:
            binding = creation["manifest"]
            space, ref = binding["metadata"]["namespace"], binding["roleRef"]
            role = stage.harvester.get(RBAC, ref["kind"], ref["name"], space if ref["kind"] == "Role" else None)
            for who in binding["subjects"]:
                if f"{who['kind']}:{who['name']}" not in losing:
                    asked += list(of_role(who, role["rules"], space))
    answers = stage.harvester.sars(asked)
    return [question for question, answer in zip(asked, answers, strict=True) if answer]


def of_role(who: Manifest, rules: list[Manifest], namespace: str) -> Iterator[Question]:
    user, groups = (who["name"], GROUPS) if who["kind"] == "User" else ("somebody", (who["name"], *GROUPS))
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                name, _, sub = resource.partition("/")
                for verb in rule["verbs"]:
                    asked = {"group": group, "resource": name, "subresource": sub, "verb": verb, "namespace": namespace}
                    yield user, groups, asked


class Looked(NamedTuple):
    """A plan, what the rules want converted, what it takes away, and what it refuses."""

    plan: Manifest
    wanted: set[str]
    gone: set[str]
    refused: set[str]


def look(stage: Stage) -> Looked:
    """Collect, audit and plan."""
    plan = yaml.safe_load(stage.plan(*(word for rule in CONVERTED for word in ("--rule", rule))).read_text("utf-8"))
    deleted = (place for step in plan["steps"] for place in step["do"]["deletes"])
    gone = {f"{place['kind']} {place['namespace']}/{place['name']}" for place in deleted}
    assert all(item["reason"] and item["manual"] for item in plan["refusals"])
    return Looked(plan, found(stage), gone, {item["object"] for item in plan["refusals"]})


def test_what_can_be_converted_is_gone_and_nobody_notices(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    before, first = state(stage), look(stage)
    assert first.gone & first.wanted
    assert first.wanted <= first.gone | first.refused
    path = (stage.folder / "plan.yaml").rename(stage.folder / "first.yaml")
    asked = questions(stage, first.plan)
    assert asked
    with Sampler(stage.harvester, questions=asked) as sampler:
        ended = stage.apply(path, "--settle", "0.5")
        assert ended.code == 0, ended.text[-3000:]
        sampler.ask()
        assert not first.gone & state(stage).keys()
        again = look(stage)
        assert again.plan["steps"] == []
        assert again.wanted <= again.refused == first.refused
        back = stage.rollback(path)
        assert back.code == 0, back.text[-3000:]
        sampler.ask()
    assert not sampler.refused
    assert state(stage) == before
    record_property(PROPERTY, ["SubjectAccessReviews of everybody meanwhile", sampler.asked])
    record_property(PROPERTY, ["bindings of whole estates converted", len(first.gone)])
