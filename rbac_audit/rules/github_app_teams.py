"""Members of a GitHub team that they may not be in.

## What
Users of whom Rancher has written down that they are in a team of GitHub (`githubapp_team://…`), learnt by a version
that gave everybody all teams of the organization (CVE-2026-41053): Rancher has such a version now, or the note
(lastRefresh) is older than the fix, which was published on 28 May 2026. One finding for each team that something is
bound to; teams that give nothing are told together, as low. Where the version is not known, or the note has no date, it
is possible.

## Why
The fault of v2.13 before v2.13.6 and v2.14 before v2.14.2 lists every team of the organization as the user's own, so
that whoever is in one team has what is bound to any other. An upgrade asks for a refresh of every user; until that has
happened the groups that were written down before still count, at every request with a token that was made before.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-version}
value: v2.14.1
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-version}
value: v2.14.2
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-erin}
GroupPrincipals: {githubapp: {Items: [{metadata: {name: "githubapp_team://1215"}, displayName: admins}]}}
LastRefresh: "2026-06-03T10:00:00Z"
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-admins}
globalRoleName: admin
groupPrincipalName: "githubapp_team://1215"
```
"""

import datetime
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.advisories import undecided
from rbac_audit.harvester.rancher_advisories import RANCHER
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rules._claims import known_people, own_rancher
from rbac_audit.rules._dates import moment
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    ProjectRoleTemplateBinding,
    Subject,
    UserAttribute,
)

_ADVISORY = next(item for item in RANCHER if item.id == "CVE-2026-41053")
Noted = tuple[UserAttribute, Confidence]
_TEAM = "githubapp_team://"
# https://github.com/advisories/GHSA-4j6x-2764-m8gh; nobody had the fix before it was published.
_PUBLISHED = datetime.datetime(2026, 5, 28, tzinfo=datetime.UTC)


def check(view: View) -> Iterator[Problem]:
    """Collect the members of each team whose note may be wrong, then what the team gives."""
    version = view.versions.get("rancher", "")
    members: dict[str, list[Noted]] = {}
    for item in view.cluster.of(UserAttribute):
        teams = [group.name for group in item.groups if group.name.startswith(_TEAM)]
        if teams and (doubt := _doubt(version, item)):
            for team in teams:
                members.setdefault(team, []).append((item, doubt))
    rancher = own_rancher(view)
    owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals) if rancher else ()
    bound: dict[str, list[Owner]] = {}
    for owner in owners:
        if owner.subject and owner.subject.name in members:
            bound.setdefault(owner.subject.name, []).append(owner)
    for team, held in bound.items():
        yield _bound(view, team, held, members.pop(team))
    if members:
        yield _unbound(view, members)


def _doubt(version: str, item: UserAttribute) -> Confidence | None:
    """Say how sure it is that a note was made by the fault; None for one that was made since the fix."""
    lacking, learnt = _ADVISORY.lacking(version), moment(item.last_refresh)
    if lacking or (lacking is None and learnt is not None and learnt < _PUBLISHED):
        return Confidence.CERTAIN
    unknown = bool(undecided("Rancher", version)) or learnt is None
    return Confidence.POSSIBLE if lacking is False or unknown else None


def _bound(view: View, team: str, held: list[Owner], members: list[Noted]) -> Problem:
    refs = tuple(owner.source.ref(view.name) for owner in held)
    group = Subject(kind="Group", name=team)
    title = next((known for people in known_people(view) if (known := people.display_name(group))), "")
    return Problem(
        target=refs[0],
        message=f"{names(owner.source for owner in held)} {'gives' if len(held) == 1 else 'give'} access to GitHub "
        f"team {title or team}, and Rancher may have put {names(item.name for item, _ in members)} into it wrongly",
        related=(*refs[1:], *(item.ref(view.name) for item, _ in members)),
        subjects=tuple(Subject(kind="User", name=item.name) for item, _ in members),
        scope=FindingScope(cluster_wide=True),
        confidence=Confidence.CERTAIN
        if any(sure is Confidence.CERTAIN for _, sure in members)
        else Confidence.POSSIBLE,
        key=team,
        advisories=(_ADVISORY.id,),
    )


def _unbound(view: View, members: dict[str, list[Noted]]) -> Problem:
    noted = list({item.name: item for found in members.values() for item, _ in found}.values())
    return Problem(
        target=noted[0].ref(view.name),
        message=f"Rancher may have put {names(item.name for item in noted)} wrongly into {len(members)} GitHub teams, "
        "which nothing is bound to now",
        related=tuple(item.ref(view.name) for item in noted[1:]),
        subjects=tuple(Subject(kind="User", name=item.name) for item in noted),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        key="unbound",
        advisories=(_ADVISORY.id,),
    )


RULE = Rule(
    id="github-app-teams",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(UserAttribute,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding),
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Rancher, then refresh the group memberships of all users (Users & Authentication, Refresh Group "
        "Memberships), and see who is still in the team. Revoke the tokens of who is not.",
    ),
    references=(
        "https://github.com/advisories/GHSA-4j6x-2764-m8gh",
        "https://nvd.nist.gov/vuln/detail/CVE-2026-41053",
    ),
    check=check,
)
