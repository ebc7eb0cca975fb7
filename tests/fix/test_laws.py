"""What holds of every plan, on estates drawn at random, in both of Rancher's models."""

import re
from collections.abc import Iterable, Iterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rbac_audit.access.escalation import breakdown
from rbac_audit.answers.access import identity_of
from rbac_audit.audit.estate import Estate
from rbac_audit.fix import document
from rbac_audit.fix.plan import Plan, Step
from rbac_audit.fix.rights import carried, takes_effect
from rbac_audit.fix.simulate import revert, simulate
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.objects import PolicyRule, Subject
from tests.fix.worlds import (
    DEVS,
    KUBEVIRT,
    LAB,
    NAMESPACES,
    ROLES,
    SHOP,
    USERS,
    Raw,
    binding,
    estate,
    planned,
    prtb,
    view,
)

PEOPLE = [*(f"User:{name}" for name in USERS), f"Group:{DEVS}"]
OTHERS = ["User:u-gone", "User:u-sys", "ServiceAccount:dev/ci", "Group:system:authenticated", "Group:devs"]
SUBJECTS = [Subject(kind=text.partition(":")[0], name=text.partition(":")[2]) for text in PEOPLE]
NAMES = [*NAMESPACES, "c-m-abcd1234-p-shop", "c-m-abcd1234-p-lab", "c-m-abcd1234", ""]

bindings = st.lists(
    st.tuples(
        st.sampled_from(["dev", "prod", "lab", "loose", "kube-system"]),
        st.sampled_from(["kubevirt.io:view", "kubevirt.io:edit", *ROLES]),
        st.lists(st.sampled_from([*PEOPLE, *PEOPLE, *OTHERS]), min_size=1, max_size=3, unique=True),
    ),
    min_size=1,
    max_size=6,
)
members = st.lists(
    st.tuples(
        st.sampled_from([SHOP, LAB]),
        st.sampled_from(["view", "edit", "read-only", "project-member", "pods-and-more"]),
        st.sampled_from(PEOPLE),
    ),
    max_size=3,
    unique=True,
)
estates = st.builds(
    lambda raw, bound, aggregated: estate(
        [binding(f"{place}/b{number}", role, *who) for number, (place, role, who) in enumerate(raw)],
        [prtb(f"prtb-{number}", *item) for number, item in enumerate(bound)],
        aggregated=aggregated,
    ),
    bindings,
    members,
    st.booleans(),
)
rules = st.sampled_from([(), KUBEVIRT])
# An example is two estates rendered and compared: a hundred of each would take minutes.
few = settings(max_examples=settings().max_examples // 4)
policies = st.sampled_from(["none", "same-project", "listed"])


def after(of: Estate, steps: Iterable[Step]) -> Estate:
    return Estate(simulate(of, view(of), steps).after)


def held(of: Estate) -> dict[tuple[str, str, str], set[PolicyRule]]:
    """Every single right of every person, by cluster and namespace, through groups too."""
    found: dict[tuple[str, str, str], set[PolicyRule]] = {}
    for one in of.views:
        for subject in SUBJECTS:
            who = identity_of(one, subject)
            for namespace in NAMES:
                found[one.name, str(subject), namespace] = {
                    atom for rule in one.access.rules_for(who, namespace) for atom in breakdown(rule)
                }
    return found


def new(before: Estate, later: Estate) -> Iterator[tuple[tuple[str, str, str], PolicyRule]]:
    """Rights with an effect that somebody holds later and not before."""
    from rbac_audit.fix.rights import Cover

    was, now = held(before), held(later)
    for key, atoms in now.items():
        cluster_wide = now[key[0], key[1], ""] if key[2] else set()
        counting = [atom for atom in atoms - cluster_wide if takes_effect(atom) or not key[2]]
        yield from ((key, atom) for atom in Cover(was[key]).uncovered(counting))


@few
@given(estates, rules, policies)
def test_nobody_loses_anything_by_conversions(of: Estate, wanted: tuple[str, ...], allow: str) -> None:
    plan = planned(of, allow, wanted)
    was, now = held(of), held(after(of, plan.steps))
    from rbac_audit.fix.rights import Cover

    for key, atoms in was.items():
        assert not Cover(now[key]).uncovered(carried(sorted(atoms, key=repr))), key


@few
@given(estates, rules)
def test_without_consent_nobody_gains_anything(of: Estate, wanted: tuple[str, ...]) -> None:
    plan = planned(of, "none", wanted)
    assert not list(new(of, after(of, (step for step in plan.steps if not step.consent.needed))))


@few
@given(estates, rules)
def test_within_the_project_nobody_gains_anything_outside(of: Estate, wanted: tuple[str, ...]) -> None:
    plan = planned(of, "same-project", wanted)
    ready = [step for step in plan.steps if not step.consent.needed]
    reached = {
        (effect.subject, name)
        for step in ready
        for wanted in step.expect
        for effect in step.effects
        for name in wanted.namespaces
    }
    for (cluster, subject, namespace), atom in new(of, after(of, ready)):
        standing = (atom.resources[0], atom.verbs) in {
            ("clusters", ("get",)),
            ("projects", ("get",)),
            ("namespaces", ("get",)),
        }
        assert (atom.resource_names and standing) or (
            cluster == "harvester" and reached.intersection((who, namespace) for who in (subject, *through(subject)))
        ), atom


@few
@given(estates, rules, policies)
def test_every_gain_is_listed(of: Estate, wanted: tuple[str, ...], allow: str) -> None:
    plan = planned(of, allow, wanted)
    listed = {
        (item.cluster, effect.subject, name, right)
        for step in plan.steps
        for effect in step.effects
        for item in effect.gained
        for name in item.namespaces
        for right in item.rights
    }
    for (cluster, subject, namespace), atom in new(of, after(of, plan.steps)):
        places = {namespace, ""}
        people = {subject, *through(subject)}
        lines = [line for at, who, where, line in listed if at == cluster and who in people and where in places]
        assert any(says(line, atom) for line in lines), (cluster, subject, namespace, atom)


def through(subject: str) -> set[str]:
    """The groups whose effects are those of a person too."""
    return {f"Group:{DEVS}"} if subject == "User:u-carol" else set()


def says(line: str, atom: PolicyRule) -> bool:
    what = "everything" if atom.resources[0] == "*" else atom.resources[0]
    verb = "do anything to" if atom.verbs[0] == "*" else atom.verbs[0]
    group = {"": "the core API", "*": "every API group"}.get(atom.api_groups[0], atom.api_groups[0])
    named = all(name in line for name in atom.resource_names)
    return (
        named
        and f" of {group}" in line
        and re.search(rf"(^|, ){verb}\b", line) is not None
        and re.search(rf"(^|[ ,]){re.escape(what)}\b", line) is not None
    )


@few
@given(estates, rules, policies)
def test_a_second_plan_is_empty(of: Estate, wanted: tuple[str, ...], allow: str) -> None:
    first = planned(of, allow, wanted)
    second = planned(after(of, first.steps), allow, wanted)
    assert not second.steps
    assert {item.object for item in second.refusals} <= {item.object for item in first.refusals}


@few
@given(estates, rules, policies)
def test_the_inverse_brings_everything_back(of: Estate, wanted: tuple[str, ...], allow: str) -> None:
    plan = planned(of, allow, wanted)
    done = simulate(of, view(of), plan.steps)
    assert bare(revert(done, of, plan.steps)) == bare(of.snapshot)


def bare(snapshot: Snapshot) -> dict[tuple[str, ...], object]:
    """Everything but what the server writes."""
    written = {"uid": "", "resource_version": "", "creation_timestamp": ""}
    return {
        (cluster.name, *item.key): msgspec.structs.replace(
            item, metadata=msgspec.structs.replace(item.metadata, **written)
        )
        for cluster in snapshot.clusters
        for items in cluster.objects.values()
        for item in items
    }


@few
@given(bindings, st.booleans(), st.randoms(use_true_random=False))
def test_the_same_snapshot_gives_the_same_bytes(
    raw: list[tuple[str, str, list[str]]], aggregated: bool, order: object
) -> None:
    written: list[Raw] = [binding(f"{place}/b{number}", role, *who) for number, (place, role, who) in enumerate(raw)]
    one = document.write(planned(estate(written, aggregated=aggregated)))
    order.shuffle(written)  # type: ignore[attr-defined]  # hypothesis' Random
    assert document.write(planned(estate(written, aggregated=aggregated))) == one


@few
@given(estates, rules, policies)
def test_a_plan_survives_its_file(of: Estate, wanted: tuple[str, ...], allow: str) -> None:
    plan: Plan = planned(of, allow, wanted)
    assert document.read(document.write(plan), "plan.yaml") == plan
