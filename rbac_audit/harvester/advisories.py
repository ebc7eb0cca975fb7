"""Published security advisories: in which releases each was fixed, and what of it a version lacks.

Source: the advisories of github.com/rancher/rancher, rancher/fleet and harvester/harvester, and their CVE records.
"""

import re

import msgspec

from rbac_audit.harvester.versions import lacks_fix, parse

# What semantic versioning calls a pre-release; a build of a vendor, such as -harvester1, comes after its release.
_BEFORE = re.compile(r"v?\d+\.\d+\.\d+-(?:rc|alpha|beta|dev|hotfix|debug)")
# A build of a branch, such as v2.14-head or v2.14.1-0a1b2c3-head, has some fixes of its line and lacks others.
_RELEASE = re.compile(r"v?\d+\.\d+\.\d+(?!.*-head)")


class Advisory(msgspec.Struct, frozen=True):
    """One advisory: `fixed` is the first good release of each line, `since` the first one that is affected.

    `disputed` are the first good releases by another statement of the same advisory. Versions are written without the
    v.
    """

    id: str
    what: str
    fixed: tuple[str, ...]
    since: str = "0.0.0"
    disputed: tuple[str, ...] = ()

    def lacking(self, version: str) -> bool | None:
        """Tell whether a version surely (True) or perhaps (False) lacks the fix; None where it has it, or is none."""
        release, since = parse(version), parse(self.since)
        if release is None or since is None or release < since:
            return None
        if lacks_fix(version, self.fixed):
            return not self.disputed or bool(lacks_fix(version, self.disputed))
        return False if _BEFORE.match(version.strip()) and release in map(parse, self.fixed) else None

    def __str__(self) -> str:
        """Say what it is, and where it was fixed."""
        return f"{self.id}: {self.what}, fixed in {', '.join(f'v{release}' for release in self.fixed)}"


def undecided(product: str, version: str) -> str:
    """Say why a version cannot be compared, "" where it can."""
    if _RELEASE.match(version.strip()):
        return ""
    return f"the version of {product} is no release: {version}" if version else f"the version of {product} is not known"


FLEET = (
    Advisory(
        "CVE-2026-94290",
        "Fleet's agent management can be made to give cluster-admin of the management cluster",
        ("0.16.3", "0.15.8", "0.14.12", "0.13.17"),
        since="0.13.0",
    ),
)
"""The advisories about rights of Fleet, by its own version."""

HARVESTER = (
    Advisory(
        "CVE-2025-62877",
        "a node that is installed by hand answers SSH with the default password before that is changed",
        ("1.7.0",),
        since="1.5.0",
    ),
    Advisory(
        "CVE-2025-71261",
        "the certificate of the Rancher whose manifests are applied as cluster-admin is not verified",
        ("1.8.0",),
        # Not by the advisory, but by the code of v1.7.2 (pkg/settings/settings_helper.go).
        disputed=("1.8.0", "1.7.2"),
    ),
)
"""The advisories of Harvester, by its version."""
