"""What a cluster should have shipped on it, given the versions that it states."""

from collections.abc import Mapping

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence
from rbac_audit.harvester.baseline import Match, RbacObject


def component_versions(view: View) -> Mapping[str, str]:
    """The versions of the installed components, by name: those of the Harvester release, and those stated."""
    release = view.versions.get("harvester", "")
    parts: Mapping[str, str] = view.baseline.components_of(release).components if release else {}
    stated = {name: version for name, version in view.versions.items() if name in {"kubevirt", "rancher"}}
    return {**parts, **stated} if view.is_harvester else stated


def match_installed(view: View, item: RbacObject) -> Match:
    """Compare an object with what the installed versions ship under its name."""
    return view.baseline.match(item, component_versions(view))


def confidence_of(view: View, match: Match) -> Confidence:
    """Say `possible` where the content of the installed version is not exactly known."""
    release = view.versions.get("harvester", "")
    exact = not release or not view.is_harvester or view.baseline.components_of(release).exact
    return Confidence.POSSIBLE if match.current is None or not exact else Confidence.CERTAIN
