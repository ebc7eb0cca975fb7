"""Registration URL without protection.

## What
Harvester's setting cluster-registration-url with a plain http address, or with certificate checks switched off: by
`insecureSkipTLSVerify: true`, by the plain form (a URL instead of JSON), or, up to v1.7.1, always.

## Why
Harvester fetches YAML from this address and applies all of it as cluster-admin, whatever kind it is. Whoever is on the
way between Harvester and Rancher can replace it and owns the cluster; the address itself is a credential, too. From
v1.7.2 and v1.8.0 on, the setting is JSON, and a plain URL is still accepted and means: do not check the certificate.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: "https://rancher.example.com/v3/import/made-up_c-m-abcd1234.yaml"
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/made-up_c-m-abcd1234.yaml", "insecureSkipTLSVerify": false}'
```

```yaml both
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.8.2
```
"""

import re
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import HarvesterSetting
from rbac_audit.snapshot.objects.harvester import RegistrationUrl

SETTING = "cluster-registration-url"
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?![\d.])")
_FIRST_WITH_CHECKS = (1, 7, 2)


def check(view: View) -> Iterator[Problem]:
    """Look at the one setting."""
    for setting in view.cluster.of(HarvesterSetting):
        if setting.name == SETTING and setting.registration is not None:
            version = view.versions.get("harvester", "")
            reasons = tuple(_reasons(setting.registration, version))
            if reasons:
                yield _problem(view, setting, setting.registration, reasons)


def release_of(version: str) -> tuple[int, int, int] | None:
    """Read the numbers of a version such as `v1.9.0-rc6`; None for `master-head` and the like."""
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _reasons(registration: RegistrationUrl, version: str) -> Iterator[tuple[str, Confidence]]:
    """Say what is wrong, and how sure that is.

    Source: harvester pkg/settings/settings_helper.go and pkg/controller/master/setting/cluster_registration_url.go.
    """
    release = release_of(version)
    named = version or "a version that was not read"
    if registration.scheme.lower() == "http":
        yield "over http", Confidence.CERTAIN
    if release is not None and release < _FIRST_WITH_CHECKS:
        yield f"without a certificate check, as Harvester {version} always does", Confidence.CERTAIN
    elif registration.plain:
        sure = Confidence.CERTAIN if release else Confidence.POSSIBLE
        yield f"without a certificate check, because it is a plain URL (Harvester {named})", sure
    elif registration.insecure_skip_tls_verify:
        yield "without a certificate check, by insecureSkipTLSVerify", Confidence.CERTAIN


def _problem(
    view: View, setting: HarvesterSetting, registration: RegistrationUrl, reasons: tuple[tuple[str, Confidence], ...]
) -> Problem:
    sure = any(confidence is Confidence.CERTAIN for _, confidence in reasons)
    how = " and ".join(reason for reason, _ in reasons)
    return Problem(
        target=setting.ref(view.name),
        message=f"{setting} lets Harvester fetch manifests from {registration.host or 'an unnamed host'} {how}, and "
        f"apply them as cluster-admin",
        scope=FindingScope(cluster_wide=True),
        chain=tuple(Link("fact", f"fetched {reason}", setting.ref(view.name)) for reason, _ in reasons),
        confidence=Confidence.CERTAIN if sure else Confidence.POSSIBLE,
    )


RULE = Rule(
    id="registration-url-insecure",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(HarvesterSetting,),
    fix=Fix(
        Safety.CONSENT,
        'Write the setting as {"url": "https://…", "insecureSkipTLSVerify": false} and put the certificate authority '
        "of Rancher into the setting additional-ca first; up to v1.7.1 upgrade Harvester. Once the cluster is "
        "imported, the URL is not needed: but emptying the setting removes the agent.",
    ),
    references=(
        "harvester/harvester pkg/settings/settings_helper.go",
        "harvester/harvester pkg/controller/master/setting/cluster_registration_url.go",
    ),
    check=check,
)
