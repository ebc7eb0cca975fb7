"""Rancher of a version with known faults in its access control.

## What
A Rancher whose setting server-version names a version without the fixes of published advisories about rights. A version
between an advisory and its fix is named with each of them; a pre-release of the very version that brings a fix may lack
it, so that is told as possible. A version that is no release, such as `v2.14-head`, cannot be judged.

## Why
Each of these advisories lets somebody have more rights than the bindings show, so no audit of bindings is complete
before they are fixed. For some of them other rules look for the objects that such a fault leaves behind, which no
upgrade cleans up.

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

import re
from collections.abc import Iterator

import msgspec

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.versions import lacks_fix, parse
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import RancherSetting


class Advisory(msgspec.Struct, frozen=True):
    """What a version lacks: `fixed` is the first good release of each line, `since` the first that is affected.

    `sure` is False where only one source names the fixed releases, or not all of them; `seen_by` is the rule that finds
    its traces among the objects.
    """

    id: str
    what: str
    fixed: tuple[str, ...]
    seen_by: str = ""
    since: str = "0.0.0"
    sure: bool = True


ADVISORIES = (
    Advisory("CVE-2021-25318", "roles of projects ignore API groups", ("2.5.9", "2.4.16")),
    Advisory(
        "CVE-2021-36775",
        "bindings stay when a group's membership of a project is deleted",
        ("2.6.3", "2.5.12", "2.4.18"),
        "orphaned-rancher-binding",
    ),
    Advisory("CVE-2021-36776", "the API's proxy can be made to act with other rights", ("2.5.10",), sure=False),
    Advisory("CVE-2021-4200", "restricted-admin can become admin", ("2.6.4", "2.5.13"), "restricted-admin-left"),
    Advisory("CVE-2022-31247", "managers of members grant more than they have", ("2.6.7", "2.5.16")),
    Advisory("GHSA-7m72-mh5r-6j3r", "project owners raise rights on promoted resources", ("2.6.10", "2.5.17")),
    Advisory("CVE-2022-43757", "credentials in plain text on Cluster objects", ("2.7.1", "2.6.10", "2.5.17")),
    Advisory("CVE-2020-10676", "namespaces can be moved into foreign projects", ("2.7.4", "2.6.13")),
    Advisory("CVE-2023-22647", "changed Secrets lead to admin", ("2.7.4", "2.6.13"), sure=False),
    Advisory("CVE-2023-22648", "rights from Azure AD stay after they were taken away", ("2.7.4",), sure=False),
    Advisory("CVE-2023-22651", "an upgrade leaves the webhook switched off", ("2.7.3",), since="2.7.2"),
    Advisory(
        "CVE-2023-32194",
        "a right about foreign namespaces kinds gives those of Kubernetes",
        ("2.8.2", "2.7.10", "2.6.14"),
        "namespaces-of-another-group",
    ),
    Advisory(
        "CVE-2023-32196", "external role templates are not checked", ("2.8.5", "2.7.14"), "external-template-unchecked"
    ),
    Advisory(
        "CVE-2023-32199",
        "cluster-admin stays of a deleted global role",
        ("2.12.3", "2.11.7"),
        "orphaned-rancher-binding",
    ),
    Advisory(
        "CVE-2024-58260",
        "a second user can take an administrator's login name",
        ("2.12.2", "2.11.6", "2.10.10", "2.9.12"),
        "duplicate-user",
    ),
    Advisory(
        "GHSA-8h6m-wv39-239m",
        "projects of two clusters share their members",
        ("2.11.1", "2.10.5", "2.9.9"),
        "shared-backing-namespace",
    ),
    Advisory(
        "CVE-2025-23391",
        "restricted-admin changes passwords of administrators",
        ("2.11.0", "2.10.4", "2.9.8", "2.8.14"),
        "restricted-admin-left",
        since="2.8.0",
    ),
    Advisory(
        "CVE-2025-23389", "a first login over SAML becomes somebody else", ("2.10.3",), "duplicate-user", sure=False
    ),
    Advisory(
        "CVE-2026-41052",
        "project owners may switch off pod security",
        ("2.14.2", "2.13.6", "2.12.10"),
        "pod-security-by-members",
        sure=False,
    ),
    Advisory("CVE-2026-41053", "a login over a GitHub app gets all teams", ("2.14.2", "2.13.6"), sure=False),
    Advisory(
        "CVE-2026-44946",
        "a login over SAML can be played again",
        ("2.14.3", "2.13.7", "2.12.11", "2.11.15"),
        since="2.11.0",
        sure=False,
    ),
    Advisory(
        "CVE-2026-44947",
        "the right about pod security stays after a membership ended",
        ("2.14.3", "2.13.7"),
        "orphaned-rancher-binding",
        sure=False,
    ),
    Advisory(
        "CVE-2026-44949",
        "a Fleet workspace creates bindings for anybody",
        ("2.14.3", "2.13.7", "2.12.11", "2.11.15"),
        sure=False,
    ),
)
"""The advisories about rights; versions as the advisories state them, without the v."""

# What semantic versioning calls a pre-release; a build of a vendor, such as -harvester1, comes after its release.
_BEFORE = re.compile(r"v?\d+\.\d+\.\d+-(?:rc|alpha|beta|dev|hotfix|debug)")
# A build of a branch, such as v2.14-head or v2.14.1-0a1b2c3-head, has some fixes of its line and lacks others.
_RELEASE = re.compile(r"v?\d+\.\d+\.\d+(?!.*-head)")
_SETTING = "server-version"


def check(view: View) -> Iterator[Problem]:
    """Compare the version with the table."""
    for setting in view.cluster.of(RancherSetting):
        version = setting.value or setting.default
        lacking = {item: sure for item in ADVISORIES if (sure := _lacks(version, item)) is not None}
        if setting.name == _SETTING and lacking:
            yield Problem(
                target=setting.ref(view.name),
                message=f"Rancher {version} has known faults about rights: {names(item.id for item in lacking)}",
                scope=FindingScope(cluster_wide=True),
                chain=tuple(Link("fact", _words(item, sure=sure)) for item, sure in lacking.items()),
                confidence=Confidence.CERTAIN if any(lacking.values()) else Confidence.POSSIBLE,
                key=" ".join(item.id for item in lacking),
            )


def _lacks(version: str, item: Advisory) -> bool | None:
    """Tell whether a version surely (True) or perhaps (False) lacks the fix of an advisory; None where it has it."""
    release, since = parse(version), parse(item.since)
    if release is None or since is None or release < since:
        return None
    if lacks_fix(version, item.fixed):
        return item.sure
    return False if _BEFORE.match(version.strip()) and release in map(parse, item.fixed) else None


def _words(item: Advisory, *, sure: bool) -> str:
    perhaps = "" if sure else "perhaps "
    seen = f"; rule {item.seen_by} looks for what it leaves behind" if item.seen_by else ""
    return f"{perhaps}{item.id}: {item.what}, fixed in {', '.join(f'v{release}' for release in item.fixed)}{seen}"


def undecided(view: View) -> str:
    """Say which version cannot be compared."""
    settings = (item for item in view.cluster.of(RancherSetting) if item.name == _SETTING)
    version = next((item.value or item.default for item in settings), "")
    if _RELEASE.match(version.strip()):
        return ""
    return f"the version of Rancher is no release: {version}" if version else "the version of Rancher is not known"


RULE = Rule(
    id="vulnerable-rancher",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RancherSetting,),
    undecided=undecided,
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Rancher to the newest release of a line that still gets fixes; then run this audit again, and see the "
        "rules named here for what the faults left behind.",
    ),
    references=("https://github.com/rancher/rancher/security/advisories",),
    check=check,
)
