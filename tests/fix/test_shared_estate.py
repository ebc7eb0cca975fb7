"""A large estate with known faults: what can be converted is gone afterwards, and the rest says why not."""

from pathlib import Path

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.fix.planner import CONVERTED, KUBEVIRT_ONLY
from rbac_audit.fix.simulate import simulate
from rbac_audit.rules import RULES
from rbac_audit.sources import SourceSpec, read_estate
from tests.fix.worlds import planned

pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def messy(shared_data: Path) -> Estate:
    return Estate(read_estate([SourceSpec(str(shared_data / "messy-estate"))]))


def found(of: Estate) -> set[str]:
    """The bindings that the rule finds."""
    (rule,) = (rule for rule in RULES if rule.id == KUBEVIRT_ONLY)
    return {str(finding.object) for finding in evaluate(of, [rule]).findings}


@pytest.mark.parametrize("allow", ["none", "same-project", "listed"])
def test_what_can_be_converted_is_gone_and_the_rest_has_a_reason(messy: Estate, allow: str) -> None:
    (view,) = messy.harvesters
    plan = planned(messy, allow, (KUBEVIRT_ONLY,))
    after = Estate(simulate(messy, view, plan.steps).after)
    refused = {refusal.object for refusal in plan.refusals}
    before = found(messy)
    assert before
    assert found(after) <= refused
    gone = {str(target) for step in plan.steps for target in step.do.deletes}
    assert gone | refused >= before
    assert gone
    assert all(refusal.reason and refusal.manual for refusal in plan.refusals)


def test_every_raw_binding_is_planned_or_refused(messy: Estate) -> None:
    plan = planned(messy, "listed", CONVERTED)
    touched = {str(target) for target in plan.touched} | {refusal.object for refusal in plan.refusals}
    raw = {
        str(ref)
        for finding in evaluate(messy, [rule for rule in RULES if rule.id == "raw-binding"]).findings
        for ref in finding.related
    }
    assert raw <= touched
