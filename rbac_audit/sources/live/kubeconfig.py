"""What the kubernetes client does not say of a kubeconfig: its contexts, and whom they impersonate."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import yaml

from rbac_audit.errors import WrongUse
from rbac_audit.sources.live.ways import Context

Entry = dict[str, object]

# rancher/rancher pkg/kubeconfig/templates.go
_PROXIED = re.compile(r"/k8s/clusters/(c-[a-z0-9-]+)/?$")


class Kubeconfig(msgspec.Struct, frozen=True):
    """Contexts, users and clusters by name, the current context ("" for none), and the file (None: KUBECONFIG)."""

    contexts: dict[str, Entry]
    users: dict[str, Entry]
    clusters: dict[str, Entry]
    current: str
    file: Path | None

    def way(self, context: str) -> Context:
        """Make a context a way to its cluster."""
        exec_plugin = "exec" in self._user(context)
        return Context(context, self.file, tuple(self.impersonation(context)), exec_plugin)

    def rancher_id(self, context: str) -> str:
        """Name the id under which a Rancher serves the context, "" where it does not go through one.

        `local` says nothing: the Rancher that is embedded in a Harvester calls that so, too.
        """
        cluster = self.clusters.get(str(self.contexts.get(context, {}).get("cluster")), {})
        found = _PROXIED.search(str(cluster.get("server")))
        return found[1] if found else ""

    def impersonation(self, context: str) -> list[tuple[str, str]]:
        """List the headers for as, as-uid, as-groups and as-user-extra (client-go tools/clientcmd/api AuthInfo)."""
        user = self._user(context)
        headers = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
        headers += [("Impersonate-Group", group) for group in _listed(user.get("as-groups"))]
        extra = user.get("as-user-extra")
        for key, values in extra.items() if isinstance(extra, dict) else ():
            headers += [(f"Impersonate-Extra-{quote(str(key), safe='')}", value) for value in _listed(values)]
        return [(name, str(value)) for name, value in headers if value]

    def _user(self, context: str) -> Entry:
        return self.users.get(str(self.contexts.get(context, {}).get("user")), {})


def read_kubeconfig(path: Path | None) -> Kubeconfig:
    """Merge the files of KUBECONFIG, or read the one given; the first to name something wins, as in kubectl.

    Raises WrongUse when there is none, or one cannot be read.
    """
    texts = [str(path)] if path else os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    files = [file for file in (Path(text).expanduser() for text in texts if text) if path or file.exists()]
    if not files:
        raise WrongUse("kubeconfig", os.pathsep.join(texts), "there is no such file", "name one with --kubeconfig")
    contexts: dict[str, Entry] = {}
    users: dict[str, Entry] = {}
    clusters: dict[str, Entry] = {}
    current = ""
    for file in files:
        content = _content(file)
        contexts = {**dict(_named(content, "context")), **contexts}
        users = {**dict(_named(content, "user")), **users}
        clusters = {**dict(_named(content, "cluster")), **clusters}
        current = current or str(content.get("current-context") or "")
    return Kubeconfig(contexts, users, clusters, current, path)


def _content(file: Path) -> Entry:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        # The error of a parser quotes the file, which holds credentials.
        problem = error.strerror if isinstance(error, OSError) else "it is no YAML"
        raise WrongUse("kubeconfig", str(file), f"it cannot be read ({problem})", "check the path") from None
    if not isinstance(content, dict):
        raise WrongUse("kubeconfig", str(file), "it is no kubeconfig", "check the path")
    return content


def _named(content: Entry, what: str) -> Iterator[tuple[str, Entry]]:
    for item in _listed(content.get(f"{what}s")):
        if isinstance(item, dict) and item.get("name"):
            value = item.get(what)
            yield str(item["name"]), value if isinstance(value, dict) else {}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
