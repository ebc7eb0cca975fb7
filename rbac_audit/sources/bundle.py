"""A Harvester support bundle into a cluster: what is in it, and what bundles leave out.

Layout and omissions: rancher/support-bundle-kit pkg/manager/collectors/{cluster,default,harvester}.go and
harvester/harvester pkg/controller/master/supportbundle/manager.go (getCollectNamespaces, getExcludeResources).
"""

import re
from collections.abc import Sequence, Set

from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import (
    KINDS,
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    HarvesterSetting,
    Kind,
    Namespace,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    Secret,
    Token,
    User,
    kind_of_plural,
)
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources.archive import Bomb, Files
from rbac_audit.sources.bundle_log import Failures, read_failures
from rbac_audit.sources.documents import Document, Unusable
from rbac_audit.sources.evidence import ClusterEvidence, Evidence, kind_names, some
from rbac_audit.sources.mangled import restore
from rbac_audit.sources.manifests import ManifestFile, read_parts
from rbac_audit.sources.streams import shown

METADATA = "metadata.yaml"
_LOG = "bundleGenerationError.log"
_NAMESPACED = re.compile(r"yamls/namespaced/([^/]+)/.+\.yaml$")
_SECRETS = re.compile(r"yamls/namespaced/[^/]+/v1/secrets\.yaml$")
_RESOURCE = re.compile(r"(?:cluster|namespaced/[^/]+)/(?:(?P<group>[^/]+)/)?v[^/]+/(?P<plural>[^/]+)\.yaml$")
_CLUSTER = re.compile(r"yamls/cluster/.+\.yaml$")
_KNOWN = re.compile(rf"{_NAMESPACED.pattern}|{_CLUSTER.pattern}")

# The Secrets of fleet-local that are there after all are machine plans with a few keys: not the Secrets of the cluster.
_LEFT_OUT: tuple[Kind, ...] = (Secret, User, Token)
_RANCHER: tuple[Kind, ...] = (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    User,
)
_LIVE = "read the cluster itself with `rbac-audit collect`"
_SETTINGS_LEFT_OUT = "additional-ca, cluster-registration-url, containerd-registry and ssl-certificates"
_PUBLIC = "harvester-public"


def bundle_name(files: Files) -> str | None:
    """Read what the bundle calls itself; "" when it does not say, None when this is no bundle."""
    if METADATA not in files.names or not any(name.startswith("yamls/") for name in files.names):
        return None
    with files.open(METADATA) as stream:
        for part in read_parts(stream, METADATA):
            if isinstance(part, Document):
                fields = {str(key).lower(): value for key, value in part.raw.items()}
                if "bundleversion" in fields or "bundlename" in fields:
                    return str(fields.get("bundlename") or "")
    return None


class Bundle:
    """One support bundle on its way into a cluster."""

    def __init__(self, files: Files, label: str, evidence: Evidence, cluster: ClusterEvidence) -> None:
        """Read nothing yet."""
        self._files, self.label = files, label
        self._evidence, self.cluster = evidence, cluster
        # Of fleet-local the Secrets are there even when nothing else of it is (collectors/harvester.go).
        whole = (name for name in files.names if not _SECRETS.match(name))
        self.folders = {found[1] for found in map(_NAMESPACED.match, whole) if found}

    def read(self) -> int:
        """Take everything; return how many files gave objects."""
        useful = sum(map(self._file, self._files.names))
        strange = [name for name in self._files.names if name.startswith("yamls/") and not _KNOWN.match(name)]
        if strange:
            problem = f"{len(strange)} files under yamls/ are not where this version looks for them: "
            self._gap(problem + some(map(shown, strange)), "name them as sources of their own")
        self._collected(self._failures())
        return useful

    def _file(self, name: str) -> int:
        namespaced = _NAMESPACED.match(name)
        if not (namespaced or _CLUSTER.match(name)) or _SECRETS.match(name):
            return 0
        file = ManifestFile(f"{self.label}/{shown(name)}", self._evidence, self.cluster, _called(name))
        namespace = shown(namespaced.group(1)) if namespaced else ""
        try:
            with self._files.open(name) as stream:
                file.read(stream, lambda raw: _with_namespace(restore(raw), namespace))
        except Bomb:
            raise
        except Unusable as trouble:
            file.fail(trouble)
        file.conclude()
        return int(file.useful)

    def _failures(self) -> Failures:
        if _LOG not in self._files.names:
            self._gap(f"{_LOG} is missing, so what failed is not known", "name the bundle as it was made")
            return Failures()
        try:
            with self._files.open(_LOG) as stream:
                return read_failures(stream)
        except Unusable as trouble:
            self._gap(f"{_LOG} {trouble.problem}, so what failed is not known", trouble.advice)
            return Failures()

    def _collected(self, failures: Failures) -> None:
        """Name the kinds that were read: one without a file had no objects, unless its listing or a file failed."""
        scopes = {False: any(map(_CLUSTER.match, self._files.names)), True: bool(self.folders)}
        self.cluster.partial |= {kind for kind in KINDS if failures.concern(kind)}
        read = {kind for kind in KINDS if scopes[kind.namespaced] and kind not in _LEFT_OUT}
        self.cluster.collected |= read - self.cluster.partial
        self._evidence.gaps.extend(failures.gaps(self.cluster.name, f"{self.label}/{_LOG}"))

    def conclude(self) -> None:
        """Tell what bundles leave out."""
        self._evidence.note(
            f'in the support bundle {self.label} the text "null" stands for an empty one, so a label value, a '
            "resource name or a subject's namespace that is really called null was read as empty"
        )
        absent = kind_names(kind for kind in _LEFT_OUT if kind not in self.cluster.kinds)
        if absent:
            self._gap("Secrets, users and tokens are left out of support bundles", _LIVE, absent)
        settings = kind_names([HarvesterSetting])
        self._gap(f"the settings {_SETTINGS_LEFT_OUT} are left out of support bundles", _LIVE, settings)

    def tell_unread_namespaces(self, read: Set[str]) -> None:
        """Tell which namespaces exist, but are in no bundle of the cluster."""
        existing = self.cluster.names_of(Namespace)
        unread = sorted(existing - read)
        if not existing:
            self._gap("the list of namespaces is missing", "make another bundle", kind_names([Namespace]))
        elif unread:
            self.cluster.unread_namespaces.update(unread)
            public = f", {_PUBLIC} among them" if _PUBLIC in unread else ""
            self._gap(
                f"{len(unread)} namespaces were not collected{public}: {', '.join(unread)}",
                "make a bundle with these in spec.extraCollectionNamespaces of the SupportBundle, or in the setting "
                f"support-bundle-namespaces: {','.join(unread)}",
                kind_names(kind for kind in KINDS if kind.namespaced and kind not in _LEFT_OUT),
                tuple(unread),
            )

    def _gap(self, reason: str, advice: str, kinds: tuple[str, ...] = (), namespaces: tuple[str, ...] = ()) -> None:
        self._evidence.gaps.append(Gap(self.cluster.name, self.label, reason, advice, kinds, namespaces))


def _called(name: str) -> tuple[Kind, ...]:
    """Find the kind of `…/<group>/<version>/<plural>.yaml`, without a group for the core."""
    found = _RESOURCE.search(name)
    kind = kind_of_plural(found["group"] or "", found["plural"]) if found else None
    return (kind,) if kind else ()


def _with_namespace(raw: Raw, namespace: str) -> Raw:
    """Put an object into the namespace of its folder: `null` may be what it is called."""
    metadata = raw.get("metadata")
    if not namespace or not isinstance(metadata, dict) or metadata.get("namespace"):
        return raw
    return {**raw, "metadata": {**metadata, "namespace": namespace}}


def conclude(bundles: Sequence[Bundle], evidence: Evidence) -> None:
    """Tell what the bundles lack once everything is read, because another source may have it."""
    by_cluster: dict[str, list[Bundle]] = {}
    for bundle in bundles:
        by_cluster.setdefault(bundle.cluster.name, []).append(bundle)
    for same in by_cluster.values():
        read = {folder for bundle in same for folder in bundle.folders}
        for bundle in same:
            bundle.conclude()
        same[-1].tell_unread_namespaces(read)
    if bundles and by_cluster.keys() >= evidence.names:
        labels = ", ".join(bundle.label for bundle in bundles)
        reason = "a support bundle never has the objects of the Rancher that manages its cluster"
        advice = "add the management cluster as a source of its own, such as one that `rbac-audit collect` read"
        evidence.gaps.append(Gap("", labels, reason, advice, kind_names(_RANCHER)))
