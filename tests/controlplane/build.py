"""Builds the API server of the tests, once for each release: python -m tests.controlplane.build.

KUBERNETES=1.34.4 names another release; KUBEBUILDER_ASSETS names a folder of release binaries to use instead.
Output goes to the user's cache folder, so that every checkout of the machine shares it.
"""

import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane.toolchain import BuildError, Go, find_go, say

DEFAULT = "1.36.3"
SOURCES = Path(__file__).resolve().parent / "go"
NEEDED = ("etcd", "kube-apiserver")
CONTROLLERS = "kube-controller-manager"


@dataclass(frozen=True)
class Assets:
    """What a control plane is started from."""

    serve: Path
    components: Path


def find(environ: Mapping[str, str] = os.environ) -> Assets:
    """Return what was built before, or raise BuildError with what to do about it."""
    serve = _cached(environ, _serve_key()) / "serve"
    if folder := environ.get("KUBEBUILDER_ASSETS"):
        components = _release_binaries(Path(folder))
    else:
        components = _cached(environ, _components_key(_release(environ)))
    if not serve.exists() or not components.exists():
        raise BuildError(f"kube-apiserver {_release(environ)} is not built: run `make controlplane`")
    return Assets(serve, components)


def build(environ: Mapping[str, str] = os.environ) -> Assets:
    """Build what is missing: minutes the first time. Raises BuildError."""
    release = _release(environ)
    _output(_cached(environ, _serve_key()), _build_serve)
    if not environ.get("KUBEBUILDER_ASSETS"):
        _output(_cached(environ, _components_key(release)), lambda go, into: _build_components(go, into, release))
    return find(environ)


def _release(environ: Mapping[str, str]) -> str:
    release = environ.get("KUBERNETES") or DEFAULT
    if not re.fullmatch(r"1\.\d+\.\d+", release):
        raise BuildError(f"KUBERNETES={release}: not a release such as {DEFAULT}")
    return release


def _release_binaries(folder: Path) -> Path:
    if missing := [name for name in NEEDED if not (folder / name).exists()]:
        raise BuildError(f"KUBEBUILDER_ASSETS={folder}: no {' and no '.join(missing)} in it")
    return folder.resolve()


def _cached(environ: Mapping[str, str], key: str) -> Path:
    root = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "rbac-audit" / "controlplane" / key


def _serve_key() -> str:
    return f"serve-{_digest((SOURCES / 'serve').glob('*.go'))}"


def _components_key(release: str) -> str:
    pins = [SOURCES / "go.mod", SOURCES / "go.sum"] if release == DEFAULT else []
    return f"{release}-{_digest([*(SOURCES / 'components').glob('*.go'), *pins])}"


def _digest(files: Iterable[Path]) -> str:
    text = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for file in sorted(files):
        text.update(file.read_bytes())
    return text.hexdigest()[:12]


def _output(final: Path, make: Callable[[Go, Path], None]) -> None:
    """Fill a folder of the cache; it appears complete or not at all, whoever else is building it."""
    if final.exists():
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix="building-") as scratch:
        made = Path(scratch) / final.name
        made.mkdir()
        make(find_go(_go_line((SOURCES / "go.mod").read_text())), made)
        if not final.exists():
            made.rename(final)


def _build_serve(go: Go, into: Path) -> None:
    go.build(SOURCES, "./serve", into / "serve")


def _build_components(go: Go, into: Path, release: str) -> None:
    say(f"building kube-apiserver {release} from source: minutes the first time, 4 GB in Go's caches")
    with tempfile.TemporaryDirectory() as scratch:
        where = SOURCES if release == DEFAULT else resolve(go, release, Path(scratch) / "go")
        go.build(where, "./components", into / "components", "-ldflags", _link_flags(release))
    for name in (*NEEDED, CONTROLLERS):
        (into / name).symlink_to("components")


def _link_flags(release: str) -> str:
    """Without them the server calls itself v0.0.0-master, and clients that compare versions stumble."""
    major, minor, _ = release.split(".")
    values = {"gitVersion": f"v{release}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{k}={v}" for k, v in values.items())])


def resolve(go: Go, release: str, folder: Path) -> Path:
    """Copy the sources to a folder, with go.mod and go.sum for this release."""
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("go.mod", "go.sum"))
    found = go.output(folder, "mod", "download", "-json", f"k8s.io/kubernetes@v{release}")
    theirs = Path(_first(r'"GoMod": "(.+)"', found)).read_text()
    (folder / "go.mod").write_text(go_mod(release, theirs))
    go.output(folder, "mod", "tidy")
    return folder


def go_mod(release: str, kubernetes: str) -> str:
    """Write a go.mod after that of k8s.io/kubernetes, whose v0.0.0 stand for folders of its own repository."""
    etcd = _first(r"^\s*go\.etcd\.io/etcd/client/v3 (\S+)", kubernetes)
    staged = sorted(set(re.findall(r"^\s*(k8s\.io/\S+) v0\.0\.0$", kubernetes, re.MULTILINE)))
    replaces = "\n".join(f"\t{name} => {name} v0.{release.removeprefix('1.')}" for name in staged)
    requires = f"\tgo.etcd.io/etcd/server/v3 {etcd}\n\tk8s.io/kubernetes v{release}"
    head = f"module rbac-audit/controlplane\n\ngo {_go_line(kubernetes)}\n"
    return f"{head}\nrequire (\n{requires}\n)\n\nreplace (\n{replaces}\n)\n"


def _go_line(text: str) -> str:
    return _first(r"^go (\S+)$", text)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise BuildError(f"no {pattern} in {text[:200]!r}...")
    return found[1]


def pin(release: str) -> None:
    """Write go.mod and go.sum of the default release, which are committed."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = resolve(find_go("1.21"), release, Path(scratch) / "go")
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(folder / name, SOURCES / name)


def main(arguments: list[str]) -> int:
    """Build; without success the tests that need it are skipped, unless CI=true makes that a failure."""
    started = time.monotonic()
    try:
        if arguments == ["--pin"]:
            pin(DEFAULT)
        assets = build()
    except BuildError as error:
        say(f"NOT BUILT: {error}")
        say("THE TESTS AGAINST A REAL API SERVER WILL BE SKIPPED")
        return int(os.environ.get("CI") == "true")
    say(f"{assets.components} is there after {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
