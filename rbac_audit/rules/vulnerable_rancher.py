"""Rancher of a version with known faults in its access control.

## What
A Rancher whose setting server-version names a version without the fixes of published advisories about rights, or whose
Fleet does (the image of Deployment cattle-fleet-system/fleet-controller). An advisory of which the estate shows what it
is about, such as two users with one login name, is a finding of its own that names these objects, and certain. All
others are told together and as possible: the version has the fault, and no object says whether anybody used it. A
pre-release of the very version that brings a fix, and a version about which statements of one advisory differ, may lack
it. A version that is no release, such as `v2.14-head`, cannot be judged.

The table ends before the advisories of 28 August 2026, which v2.15.1 fixes; of Fleet it has the one of November 2026.
CVE-2025-32198, which lists of Rancher's advisories name, is left out: by its record it is about another product.

## Why
Each of these advisories lets somebody have more rights than the bindings show, or what proves who somebody is, so no
audit of bindings is complete before they are fixed. What such a fault leaves behind no upgrade cleans up: with a fixed
version the objects are told by the rules about them, which say whether the version that runs has the fix.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-version}
value: v2.13.5
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-version}
value: v2.15.0
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```
"""

from collections.abc import Iterator, Mapping

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.advisories import FLEET
from rbac_audit.harvester.advisories import undecided as no_release
from rbac_audit.harvester.rancher_advisories import RANCHER
from rbac_audit.rules import (
    cluster_credentials_in_plain,
    duplicate_user,
    external_template_unchecked,
    github_app_teams,
    granted_beyond_own_rights,
    inactive_users_kept,
    namespace_of_outsider,
    namespaces_of_another_group,
    orphaned_rancher_binding,
    pod_security_by_members,
    rancher_object_tampered,
    rancher_webhook_off,
    restricted_admin_left,
    shared_backing_namespace,
    unknown_subject,
)
from rbac_audit.rules._advisories import lacking_of, told
from rbac_audit.rules._traces import Trace, grantless, impersonators, problems, raisers, wide_roles
from rbac_audit.snapshot.objects import Deployment, ObjectRef, RancherSetting, User

_SETTING = "server-version"
_FLEET = ("cattle-fleet-system", "fleet-controller")

SEEN_BY: Mapping[str, Rule] = {
    "CVE-2020-10676": namespace_of_outsider.RULE,
    "CVE-2021-36775": orphaned_rancher_binding.RULE,
    "CVE-2021-36782": cluster_credentials_in_plain.RULE,
    "CVE-2021-36784": restricted_admin_left.RULE,
    "CVE-2021-4200": restricted_admin_left.RULE,
    "CVE-2022-31247": granted_beyond_own_rights.RULE,
    "CVE-2022-43757": cluster_credentials_in_plain.RULE,
    "CVE-2023-22648": inactive_users_kept.RULE,
    "CVE-2023-22650": inactive_users_kept.RULE,
    "CVE-2023-22651": rancher_webhook_off.RULE,
    "CVE-2023-32194": namespaces_of_another_group.RULE,
    "CVE-2023-32196": external_template_unchecked.RULE,
    "CVE-2023-32199": orphaned_rancher_binding.RULE,
    "CVE-2024-58260": duplicate_user.RULE,
    "CVE-2025-23389": duplicate_user.RULE,
    "CVE-2025-23391": restricted_admin_left.RULE,
    "CVE-2026-41052": pod_security_by_members.RULE,
    "CVE-2026-41053": github_app_teams.RULE,
    "CVE-2026-44947": orphaned_rancher_binding.RULE,
    "CVE-2026-44949": unknown_subject.RULE,
    "GHSA-8h6m-wv39-239m": shared_backing_namespace.RULE,
}
"""The rules whose findings name the advisory that is about them, whatever the version."""


def _raised(view: View) -> Iterator[ObjectRef]:
    yield from raisers(view)
    targets = (item.target for item in problems(view, rancher_object_tampered.RULE))
    yield from (ref for ref in targets if ref.kind == "ClusterRole" and ref.name.endswith("-promoted"))


TRACES: Mapping[str, Trace] = {
    "CVE-2021-25318": wide_roles,
    "CVE-2023-22647": grantless,
    "CVE-2026-44945": impersonators,
    "GHSA-7m72-mh5r-6j3r": _raised,
}
"""What the others of them that objects show are about."""


def check(view: View) -> Iterator[Problem]:
    """Compare the versions with the tables, and look for the objects of what a version lacks."""
    setting = next((item for item in view.cluster.of(RancherSetting) if item.name == _SETTING), None)
    if setting is not None:
        version = setting.value or setting.default
        lacking = lacking_of(version, RANCHER)
        yield from told(setting.ref(view.name), f"Rancher {version}", lacking, _shown(view, {it.id for it in lacking}))
    fleet = next((item for item in view.cluster.of(Deployment) if (item.namespace, item.name) == _FLEET), None)
    if fleet is not None:
        version = next(map(_tag, fleet.images), "")
        yield from told(fleet.ref(view.name), f"Fleet {version}", lacking_of(version, FLEET), {})


def _tag(image: str) -> str:
    """Read the version of an image: what stands behind the colon of its last part, before a digest."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[2]


def _shown(view: View, wanted: set[str]) -> dict[str, tuple[ObjectRef, ...]]:
    """Find the objects of advisories, by the rules that name these and by their own traces."""
    found: dict[str, dict[ObjectRef, None]] = {name: {} for name in wanted}
    for rule in dict.fromkeys(rule for name, rule in SEEN_BY.items() if name in wanted):
        for problem in problems(view, rule):
            for name in wanted.intersection(problem.advisories):
                found[name].update(dict.fromkeys((problem.target, *problem.related)))
    for name, trace in TRACES.items():
        if name in wanted:
            found[name].update(dict.fromkeys(trace(view)))
    return {name: tuple(refs) for name, refs in found.items()}


def undecided(view: View) -> str:
    """Say which version cannot be compared."""
    return no_release("Rancher", view.versions.get("rancher", ""))


RULE = Rule(
    id="vulnerable-rancher",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RancherSetting,),
    # Who is affected is found as far as Rancher's objects were read; Fleet's version is in a Deployment.
    uses=(Deployment, User),
    undecided=undecided,
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Rancher, or Fleet, to the newest release of a line that still gets fixes; then run this audit again, "
        "and see what the rules about such objects still find: the faults left it behind.",
    ),
    references=(
        "https://github.com/rancher/rancher/security/advisories",
        "https://github.com/rancher/fleet/security/advisories",
        "https://ranchermanager.docs.rancher.com/reference-guides/rancher-security/security-advisories-and-cves",
    ),
    check=check,
)
