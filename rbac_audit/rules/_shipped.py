"""What a cluster should have shipped on it, given the versions that it states."""

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence
from rbac_audit.harvester.baseline import Match, RbacObject


def match_installed(view: View, item: RbacObject) -> Match:
    """Compare an object with what the installed versions ship under its name."""
    return view.baseline.match(item, view.components)


def confidence_of(view: View, match: Match) -> Confidence:
    """Say `possible` where the content of the installed version is not exactly known."""
    release = view.versions.get("harvester", "")
    exact = not release or not view.is_harvester or view.baseline.components_of(release).exact
    return Confidence.POSSIBLE if match.current is None or not exact else Confidence.CERTAIN
