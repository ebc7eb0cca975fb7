"""What holds of every plan that restores shipped objects, on clusters edited at random."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.fix import document
from rbac_audit.fix.restore import RESTORED
from rbac_audit.fix.simulate import revert, simulate
from rbac_audit.rules import RULES
from rbac_audit.snapshot.objects import PolicyRule
from tests.fix.shipped import NAMES, cluster, restored, shipped
from tests.fix.test_laws import bare, new, says, through
from tests.fix.worlds import DEVS, USERS, Raw, binding, rule, view

TO = "rbac.authorization.k8s.io/aggregate-to-"
PEOPLE = [*(f"User:{name}" for name in USERS), f"Group:{DEVS}"]
RIGHTS = [rule("core", "pods", "delete"), rule("core", "secrets", "get"), rule("kubevirt.io", "virtualmachines", "*")]
few = settings(max_examples=settings().max_examples // 4)


@st.composite
def edits(draw: st.DrawFn) -> Raw:
    """One shipped object with something added, taken away or changed."""
    name = draw(st.sampled_from(NAMES))
    made = shipped(*name)
    if name[0].endswith("Binding"):
        subjects = made["subjects"]
        assert isinstance(subjects, list)
        kept = draw(st.lists(st.sampled_from(subjects), unique_by=str))
        new_ones = draw(st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True))
        where = f"{name[1]}/{name[2]}" if name[1] else name[2]
        role = draw(st.sampled_from(["", "", "edit", "kubevirt.io:view"]))
        ref = made["roleRef"]
        assert isinstance(ref, dict)
        return binding(where, role or ref["name"], *new_ones) | {"subjects": [*kept, *subjects_of(new_ones)]}
    rules, metadata = made["rules"], made["metadata"]
    assert isinstance(rules, list)
    assert isinstance(metadata, dict)
    kept = [item for item in rules if draw(st.booleans())] if draw(st.booleans()) else rules
    labels = dict(draw(st.sampled_from([metadata["labels"], {}, {f"{TO}view": "true"}, {f"{TO}admin": "true"}])))
    edited = made | {"rules": [*kept, *draw(st.lists(st.sampled_from(RIGHTS), max_size=2))]}
    if draw(st.booleans()):
        edited.pop("aggregationRule", None)
    return edited | {"metadata": {**metadata, "labels": labels}}


def subjects_of(names: list[str]) -> list[object]:
    made = binding("dev/x", "view", *names)["subjects"]
    assert isinstance(made, list)
    return made


held = st.lists(
    st.tuples(
        st.sampled_from(["dev", "lab", "harvester-public", ""]),
        st.sampled_from(["view", "edit", "admin", "kubevirt.io:view", "kubevirt.io:edit", "cluster-admin"]),
        st.sampled_from(PEOPLE),
    ),
    max_size=4,
)
estates = st.builds(
    lambda edited, without, bound: cluster(
        [
            *edited,
            *(
                binding(f"{place}/b{number}" if place else f"b{number}", role, who)
                for number, (place, role, who) in enumerate(bound)
            ),
        ],
        {name for name in without if name[2].startswith("harvester")},
    ),
    st.lists(edits(), max_size=3),
    st.sets(st.sampled_from(NAMES[:3])),
    held,
)


def after(of: Estate) -> Estate:
    return Estate(simulate(of, view(of), restored(of).steps).after)


def found(of: Estate) -> set[str]:
    """The objects of the cluster that the rules find."""
    rules = [item for item in RULES if item.id in RESTORED]
    return {str(item.object) for item in evaluate(of, rules).findings if item.object.cluster == "harvester"}


@few
@given(estates)
def test_every_step_waits_for_consent(of: Estate) -> None:
    assert all(step.consent.needed and not step.consent.given for step in restored(of).steps)


@few
@given(estates)
def test_afterwards_only_what_was_refused_is_found_and_a_second_plan_is_empty(of: Estate) -> None:
    plan, later = restored(of), after(of)
    refused = {item.object for item in plan.refusals}
    assert found(later) <= refused
    second = restored(later)
    assert not second.steps
    assert {item.object for item in second.refusals} <= refused


def covers(line: str, atom: PolicyRule) -> bool:
    """Tell whether a line of a plan speaks of a right, or of all rights."""
    if not atom.resources:
        return all(url in line for url in atom.non_resource_urls)
    every_verb = msgspec.structs.replace(atom, verbs=("do anything to",))
    return line == "do anything to everything of every API group" or says(line, atom) or says(line, every_verb)


@few
@given(estates)
def test_every_gain_and_loss_is_listed(of: Estate) -> None:
    effects = [effect for step in restored(of).steps for effect in step.effects]
    later = after(of)
    for one, other, side in ((of, later, "gained"), (later, of, "lost")):
        listed = {
            (effect.subject, name, right)
            for effect in effects
            for item in getattr(effect, side)
            for name in item.namespaces
            for right in item.rights
        }
        for (cluster_name, subject, namespace), atom in new(one, other):
            people = {subject, *through(subject), "Group:system:authenticated"}
            lines = [line for who, where, line in listed if who in people and where in {namespace, ""}]
            assert cluster_name == "harvester"
            assert any(covers(line, atom) for line in lines), (side, subject, namespace, atom)


@few
@given(estates)
def test_the_inverse_brings_everything_back(of: Estate) -> None:
    steps = restored(of).steps
    assert bare(revert(simulate(of, view(of), steps), of, steps)) == bare(of.snapshot)


@few
@given(estates)
def test_a_plan_survives_its_file(of: Estate) -> None:
    plan = restored(of)
    assert document.read(document.write(plan), "plan.yaml") == plan
