from rbac_audit.audit.finding import SubjectRef, fingerprint
from rbac_audit.rules import RULES
from rbac_audit.snapshot.objects import ObjectRef
from tests.rules.estate import estate, found

TARGET = ObjectRef("rbac.authorization.k8s.io", "RoleBinding", "devs", "shop", "harvester")
ALICE, BOB = SubjectRef("User", "u-alice"), SubjectRef("User", "u-bob")


def of(
    rule: str = "r",
    cluster: str = "c",
    target: ObjectRef = TARGET,
    subjects: tuple[SubjectRef, ...] = (ALICE,),
    key: str = "",
) -> str:
    return fingerprint(rule, cluster, target, subjects, key)


def test_everything_that_makes_another_problem_makes_another_fingerprint() -> None:
    others = [
        of(rule="s"),
        of(cluster="d"),
        of(target=ObjectRef("", "RoleBinding", "devs", "shop")),
        of(target=ObjectRef("rbac.authorization.k8s.io", "Role", "devs", "shop")),
        of(target=ObjectRef("rbac.authorization.k8s.io", "RoleBinding", "ops", "shop")),
        of(target=ObjectRef("rbac.authorization.k8s.io", "RoleBinding", "devs", "till")),
        of(key="k"),
        of(subjects=(ALICE, BOB)),
        of(subjects=(BOB,)),
        of(subjects=()),
        of(subjects=(SubjectRef("Group", "u-alice"),)),
    ]
    assert len({of(), *others}) == len(others) + 1


def test_parts_do_not_run_into_each_other() -> None:
    assert of(rule="ab", cluster="c") != of(rule="a", cluster="bc")
    assert of(key="User:u-alice", subjects=()) != of(key="", subjects=(ALICE,))


def test_order_and_names_for_people_do_not_count() -> None:
    assert of(subjects=(ALICE, BOB)) == of(subjects=(BOB, ALICE))
    assert of(subjects=(SubjectRef("User", "u-alice", display_name="Alice Ng"),)) == of()


def test_it_is_sixteen_hex_digits_whatever_the_name() -> None:
    for name in ("\ud800", "x" * 253, "<script>", "\n"):
        text = of(subjects=(SubjectRef("User", name),))
        assert len(text) == 16
        assert int(text, 16) >= 0


KUBEVIRT_ONLY = next(rule for rule in RULES if rule.id == "kubevirt-only-binding")
ROLE = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "kubevirt.io:edit"}}
---
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operators, namespace: shop, uid: "UID", resourceVersion: "VERSION"}
roleRef: {kind: ClusterRole, name: "kubevirt.io:edit"}
subjects: [SUBJECTS]
---
"""
ALICE_YAML, BOB_YAML = "{kind: User, name: u-alice}", "{kind: User, name: u-bob}"


def prints(*parts: str) -> list[str]:
    return [finding.fingerprint for finding in found(KUBEVIRT_ONLY, estate("".join(parts)))]


def binding(subjects: str = ALICE_YAML, uid: str = "1", version: str = "1") -> str:
    return BINDING.replace("SUBJECTS", subjects).replace("UID", uid).replace("VERSION", version)


def test_a_finding_keeps_its_fingerprint_as_long_as_it_is_the_same_problem() -> None:
    before = prints(ROLE, binding())
    assert len(before) == 1
    unrelated = "{apiVersion: v1, kind: Namespace, metadata: {name: other}}\n---\n"
    assert prints(unrelated, binding(uid="2", version="77"), ROLE) == before


def test_somebody_added_makes_another_finding() -> None:
    """So a waiver for one never covers who comes later."""
    before = prints(ROLE, binding())
    assert prints(ROLE, binding(f"{ALICE_YAML}, {BOB_YAML}")) != before
    assert prints(ROLE, binding(f"{BOB_YAML}, {ALICE_YAML}")) == prints(ROLE, binding(f"{ALICE_YAML}, {BOB_YAML}"))
