"""The error log of a support bundle: which kinds could not be listed, and where.

Lines: rancher/support-bundle-kit pkg/manager/cluster.go, pkg/manager/client/discovery.go and pkg/manager/collectors.
The API server's own words are not repeated, only recognised: they are not ours to publish.
"""

import re
from collections.abc import Iterator

from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import Kind, kind_of_plural
from rbac_audit.sources.evidence import kind_names, some
from rbac_audit.sources.streams import Peekable, text

_FAILED = re.compile(
    r"Failed to (?:get|parse objects received from) /(?:api|apis/(?P<group>[^/]+))/v[^/]+/"
    r"(?:namespaces/(?P<namespace>[^/]+)/)?(?P<resource>[^:\s]+): (?P<error>.*)"
)
# Resources that can only be created, such as reviews: there is nothing to list.
_NOTHING_TO_LIST = "does not allow this method"
_CAUSES = (
    ("forbidden", "the collector was not allowed to list it"),
    ("could not find", "the server did not know it"),
    ("timeout", "the server did not answer in time"),
    ("timed out", "the server did not answer in time"),
    ("unable to handle", "the server was not available"),
    ("<nil>", "the collector could not read the answer"),
)
# Lines about the logs of pods, which are no evidence here; the last one ends without a line end.
_ABOUT_LOGS = re.compile(
    r"(?:BUG: )?Support bundle: (?:cannot get (?:pod list|log for pod)|didn't get pod list)"
    r"|Support Bundle: failed to generate \S*/logs/|Cannot get pod `"
)
_LINE_CHARACTERS = 10_000
_ADVICE = "make another bundle, or read the cluster itself with `rbac-audit collect`"


class Failures:
    """What could not be listed."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._kinds: dict[Kind, dict[str, str]] = {}
        self._scopes: set[str] = set()
        self._unwritten = False
        self._strange = 0

    def add(self, line: str) -> None:
        """Take one line of the log."""
        failed = _FAILED.match(line)
        if failed and _NOTHING_TO_LIST in failed["error"]:
            return
        if failed:
            kind = kind_of_plural(failed["group"] or "", failed["resource"])
            if kind:
                self._kinds.setdefault(kind, {})[failed["namespace"] or ""] = _cause(failed["error"])
        elif line.startswith("Unable to fetch "):
            self._scopes.add("cluster" if "cluster" in line[:32] else "namespaced")
        elif "failed to generate" in line and "/yamls/" in line:
            self._unwritten = True
        elif line.strip() and not _ABOUT_LOGS.match(line):
            self._strange += 1

    def concern(self, kind: Kind) -> bool:
        """Tell whether a kind could not be listed, somewhere or everywhere."""
        return kind in self._kinds or ("namespaced" if kind.namespaced else "cluster") in self._scopes

    def gaps(self, cluster: str, where: str) -> Iterator[Gap]:
        """Tell each kind, and what concerns all of them."""
        for kind, failed in self._kinds.items():
            spaces = tuple(sorted(filter(None, failed)))
            place = f" in {some(spaces)}" if spaces else ""
            reason = f"{kind.kind} objects could not be listed{place}: {'; '.join(sorted(set(failed.values())))}"
            yield Gap(cluster, where, reason, _ADVICE, kind_names([kind]), spaces)
        for scope in sorted(self._scopes):
            yield Gap(cluster, where, f"the {scope} resources could not be listed, wholly or in part", _ADVICE)
        if self._unwritten:
            yield Gap(cluster, where, "the collector could not write all of its files", _ADVICE)
        if self._strange:
            yield Gap(cluster, where, f"{self._strange} lines are not understood", f"read them; {_ADVICE}")


def _cause(error: str) -> str:
    lowered = error.lower()
    return next((cause for word, cause in _CAUSES if word in lowered), "the log names the error")


def read_failures(stream: Peekable) -> Failures:
    """Read the log; raises Unusable."""
    failures, rest = Failures(), ""
    for chunk in text(stream):
        *whole, rest = (rest + chunk).split("\n")
        for line in whole:
            failures.add(line[:_LINE_CHARACTERS])
        rest = rest[:_LINE_CHARACTERS]
    failures.add(rest)
    return failures
