"""Versions as Harvester, Rancher and Kubernetes write them, compared."""

import re

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(-(?:rc|alpha|beta|dev)[0-9.]*)?")


def parse(text: str) -> tuple[int, int, int] | None:
    """Read major, minor and patch; None for what is no release, such as `master-head`.

    A pre-release counts as its release: v1.9.0-rc6 has what v1.9.0 has.
    """
    found = _VERSION.match(text.strip())
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def at_least(version: str, bound: str) -> bool | None:
    """Tell whether a version is a bound or newer; None where either is no release."""
    one, other = parse(version), parse(bound)
    return None if one is None or other is None else one >= other


def lacks_fix(version: str, fixed: tuple[str, ...]) -> bool | None:
    """Tell whether a version lacks a fix that was made in some release lines, and in all later ones.

    `fixed` has the first good release of each line. None where the version is no release.
    """
    release, good = parse(version), [found for found in map(parse, fixed) if found]
    if release is None:
        return None
    return release < next((line for line in good if line[:2] == release[:2]), max(good))
