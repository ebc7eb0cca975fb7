"""Harvester of a version with published faults.

## What
A cluster whose Harvester (setting server-version, else the chart) is of a version without the fixes of Harvester's own
advisories: CVE-2025-71261, which is certain where cluster-registration-url is set, because Harvester then fetches what
it applies as cluster-admin from a Rancher whose certificate it does not verify; and CVE-2025-62877, which is possible,
because it is about nodes that somebody installs by hand. A version that is no release, such as `master-head`, cannot
be judged.

## Why
Whoever answers in the place of that Rancher, or logs in to a node before its password is set, owns the cluster and
every tenant on it, whatever its bindings say.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.7.1
---
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/x.yaml", "insecureSkipTLSVerify": false}'
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.8.0
---
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/x.yaml", "insecureSkipTLSVerify": false}'
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.advisories import HARVESTER
from rbac_audit.harvester.advisories import undecided as no_release
from rbac_audit.rules._advisories import lacking_of, told
from rbac_audit.snapshot.objects import HarvesterSetting, ManagedChart

_REGISTRATION = "CVE-2025-71261"


def is_harvester(view: View) -> bool:
    """Tell whether a cluster is of Harvester: a cluster of another kind has no version to judge."""
    return view.is_harvester


def check(view: View) -> Iterator[Problem]:
    """Compare the version with the table."""
    version = view.versions.get("harvester", "")
    settings = view.cluster.of(HarvesterSetting)
    stated = (*(item for item in settings if item.name == "server-version"), *view.cluster.of(ManagedChart))
    source = next((item for item in stated if item.name in {"server-version", "harvester"}), None)
    if source is not None:
        used = tuple(item.ref(view.name) for item in settings if item.registration)
        lacking = lacking_of(version, HARVESTER)
        yield from told(source.ref(view.name), f"Harvester {version}", lacking, {_REGISTRATION: used})


def undecided(view: View) -> str:
    """Say which version cannot be compared."""
    return no_release("Harvester", view.versions.get("harvester", ""))


RULE = Rule(
    id="vulnerable-harvester",
    page=__doc__ or "",
    severity=Severity.HIGH,
    uses=(HarvesterSetting, ManagedChart),
    concerns=is_harvester,
    undecided=undecided,
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Harvester. Until then let nobody but administrators of the cluster change cluster-registration-url, "
        "and install nodes over PXE with a configuration, or where nobody else reaches their network.",
    ),
    references=(
        "https://github.com/harvester/harvester/security/advisories/GHSA-pgh9-mpwc-8jjf",
        "https://github.com/harvester/harvester/security/advisories/GHSA-6g8q-hp2j-gvwv",
    ),
    check=check,
)
