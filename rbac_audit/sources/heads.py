"""What a document says it is: an object, or what an API server answers instead, saved as if it were evidence.

Source: apimachinery pkg/apis/meta/v1 types.go (Status, Table, PartialObjectMetadata) and watch.go (WatchEvent).
"""

import re

from rbac_audit.snapshot.objects import Kind, kind_of, kind_of_plural
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources.documents import API_VERSION, KIND, Place, Problem

_STATUS = "v1", "Status"
_META = "meta.k8s.io/"
_LONGEST_MESSAGE = 160
_NOT_PRINTABLE = re.compile(r"[^ -~]+")


def is_plain(api_version: str, kind: str) -> bool:
    """Tell whether a document of a kind that no snapshot keeps can be passed over without a look at it."""
    return not (kind.endswith("List") or (api_version, kind) == _STATUS or api_version.startswith(_META))


def is_event(raw: Raw) -> bool:
    """Tell a WatchEvent, which says neither apiVersion nor kind."""
    return raw.keys() == {"type", "object"} and isinstance(raw["object"], dict)


def wrong_head(raw: Raw, place: Place) -> Problem | None:
    """Say why a document is no object; None when it may be one."""
    api_version, kind = raw.get("apiVersion"), raw.get("kind")
    if is_event(raw):
        advice = "list the objects themselves, without --output-watch-events"
        return Problem(place, "what changed in an object, and not what is there", advice=advice)
    if not (isinstance(kind, str) and KIND.fullmatch(kind)):
        return Problem(place, "its kind is missing or no name")
    if not (isinstance(api_version, str) and API_VERSION.fullmatch(api_version)):
        return Problem(place, "its apiVersion is missing or no group and version")
    if is_plain(api_version, kind):
        return None
    if kind.endswith("List"):
        return _no_list(raw, kind_of(api_version.rpartition("/")[0], kind.removesuffix("List")), place)
    if (api_version, kind) != _STATUS:
        advice = "list the objects themselves, such as with `kubectl get -o json`"
        return Problem(place, f"a {kind}, which has not all that its objects say", advice=advice)
    return None if raw.get("status") == "Success" else _refusal(raw, place)


def _no_list(raw: Raw, kind: Kind | None, place: Place) -> Problem | None:
    """Discovery has lists without items, and a kind of its own may be called like one."""
    if kind is None and raw["kind"] != "List" and "items" not in raw:
        return None
    return Problem(place, "a list whose `items` are none; an empty list has `items: []`", kind=kind)


def _refusal(raw: Raw, place: Place) -> Problem:
    advice = "list them again when the server answers"
    if raw.get("code") in (401, 403):
        advice = "list them with an account that may: `rbac-audit collect --print-role` prints a ClusterRole"
    message = _NOT_PRINTABLE.sub(" ", str(raw.get("message") or raw.get("reason") or "no reason given"))
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}…"
    details = raw.get("details")
    fields = details if isinstance(details, dict) else {}
    # The details name the resource, and call it a kind.
    kind = kind_of_plural(str(fields.get("group") or ""), str(fields.get("kind") or ""))
    return Problem(place, f"the server answered with an error and no objects: {message}", kind=kind, advice=advice)
