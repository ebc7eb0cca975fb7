"""Measures `rbac-audit collect` beside a raw paged LIST of the same bytes: see README.md here."""

import argparse
import gzip
import http.client
import json
import shlex
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from run import FINISHED, HERE, MIB, best, measure, show  # beside this file

RBAC = "rbac.authorization.k8s.io"
PATH = f"/apis/{RBAC}/v1/rolebindings"
PAGE = 500
FLEET = 50
FLEET_BINDINGS = 2_000
# A fleet is far away: without some wait there were nothing to gain by reading several lists at a time.
FLEET_SECONDS = 0.02
EMPTY = b'{"kind":"List","metadata":{"resourceVersion":"1"},"items":[]}'
DISCOVERY = b'{"kind":"APIGroupDiscoveryList","items":[]}'


def binding(number: int) -> dict[str, object]:
    """Make one RoleBinding with all that the API server adds, managedFields among it."""
    name, namespace = f"binding-{number:07}", f"team-{number // 20:05}"
    fields = {"f:roleRef": {}, "f:subjects": {}, "f:metadata": {"f:labels": {".": {}, "f:app": {}}}}
    managed = {"manager": "kubectl", "operation": "Update", "apiVersion": f"{RBAC}/v1", "fieldsV1": fields}
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"{number:08x}-0000-4000-8000-000000000000",
        "resourceVersion": str(number),
        "creationTimestamp": "2026-08-20T06:00:00Z",
        "labels": {"app": f"app-{number % 50}"},
        "managedFields": [managed | {"time": "2026-08-20T06:00:00Z", "fieldsType": "FieldsV1"}],
    }
    ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "edit"}
    subjects = [{"kind": "User", "apiGroup": RBAC, "name": f"u-{number % 997:05}"}]
    return {"metadata": metadata, "roleRef": ref, "subjects": subjects}


def pages(bindings: int) -> list[bytes]:
    """Write the pages of a list, packed as the API server does."""
    written = []
    for start in range(0, bindings, PAGE):
        items = [binding(number) for number in range(start, min(start + PAGE, bindings))]
        more = str(start // PAGE + 1) if start + PAGE < bindings else ""
        metadata = {"resourceVersion": "1", "continue": more}
        page = {"kind": "RoleBindingList", "apiVersion": f"{RBAC}/v1", "metadata": metadata, "items": items}
        written.append(gzip.compress(msgspec.json.encode(page), 1))
    return written


@contextmanager
def serving(bindings: int, seconds: float) -> Iterator[str]:
    """Serve one list at every path that ends like it, and nothing else; each answer takes some seconds."""
    prepared, empty, discovery = pages(bindings), gzip.compress(EMPTY), gzip.compress(DISCOVERY)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 20

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            more = int(parse_qs(url.query).get("continue", ["0"])[0])
            time.sleep(seconds)
            last = url.path.rpartition("/")[2]
            body = prepared[more] if last == "rolebindings" else discovery if last in ("api", "apis") else empty
            self.send_response(200)
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Content-Length": len(body)}
            for name, value in headers.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def kubeconfig(file: Path, server: str, clusters: int, user: dict[str, object], ca: str = "") -> list[str]:
    """Write contexts of the same server under several paths, and return the options that name them."""
    names = [f"c{number:02}" for number in range(clusters)]
    authority = {"certificate-authority": ca} if ca else {}
    content = {
        "clusters": [
            {"name": name, "cluster": {"server": server + (f"/{name}" if clusters > 1 else ""), **authority}}
            for name in names
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "user"}} for name in names],
        "users": [{"name": "user", "user": user}],
        "current-context": names[0],
    }
    file.write_text(json.dumps(content), "utf-8")
    return ["--kubeconfig", str(file), *(text for name in names for text in ("--context", name))]


def floor(url: str, token: str, ca: str) -> None:
    """Read every page of the list over one connection, unpacked to find the next one; nothing is parsed or kept."""
    where = urlsplit(url)
    context = ssl.create_default_context(cafile=ca) if ca else None
    connection = (
        http.client.HTTPSConnection(where.netloc, context=context) if ca else http.client.HTTPConnection(where.netloc)
    )
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "Authorization": f"Bearer {token}"}
    more, size = b"", 0
    while True:
        token_of_page = f"&continue={more.decode()}" if more else ""
        connection.request("GET", f"{PATH}?limit={PAGE}{token_of_page}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        size += len(body)
        more = body[:2000].partition(b'"continue":"')[2].partition(b'"')[0]
        if not more:
            print(size)
            return


def compare(server: str, token: str, ca: str, folder: Path, collect: list[str]) -> dict[str, float]:
    """Measure the floor and the collection of the same server, one after the other, twice, and keep the faster."""
    command = [sys.executable, str(Path(__file__)), "--floor", server, "--token", token, "--ca", ca]
    options = kubeconfig(folder / "config", server, 1, {"token": token}, ca)
    target = folder / "estate.jsonl.zst"
    collecting = [*collect, *options, "--qps", "100000", "-o", str(target)]
    raw, read = best(command, 2), best(collecting, 2, FINISHED)
    return {
        "megabytes": round(int(raw.output) / 10**6, 1),
        "floor_seconds": round(raw.seconds, 2),
        "collect_seconds": round(read.seconds, 2),
        "time_ratio": round(read.seconds / raw.seconds, 2),
        "collect_cpu_seconds": round(read.cpu, 2),
        "collect_mebibytes": round(read.peak / MIB),
    }


def fleet(parallel: int, folder: Path, collect: list[str]) -> dict[str, float]:
    """Measure the collection of many clusters."""
    with serving(FLEET_BINDINGS, FLEET_SECONDS) as server:
        options = kubeconfig(folder / "config", server, FLEET, {})
        limits = ["--parallel", str(parallel), "--qps", "100000"]
        read = measure([*collect, *options, *limits, "-o", str(folder / "estate.jsonl.zst")], FINISHED)
    return {
        "clusters": FLEET,
        "bindings": FLEET * FLEET_BINDINGS,
        "parallel": parallel,
        "collect_seconds": round(read.seconds, 1),
        "collect_cpu_seconds": round(read.cpu, 1),
        "collect_mebibytes": round(read.peak / MIB),
    }


def real(bindings: int, collect: list[str]) -> dict[str, float]:
    """Measure on the API server of the tests, which needs its time to answer."""
    sys.path.append(str(HERE.parent))
    from tests.controlplane.build import find
    from tests.controlplane.server import running

    with running(find()) as server:
        spaces = {f"team-{number // 20:05}" for number in range(bindings)}
        namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(spaces)]
        heads = ({"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", **binding(number)} for number in range(bindings))
        server.seed([*namespaces, *heads])
        # In a process of its own: this one has become large, which Linux would count as the memory of its children.
        options = ["--compare", server.url, "--token", server.token, "--ca", str(server.ca)]
        command = [sys.executable, __file__, *options, "--command", shlex.join(collect[:-1])]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return {"bindings": bindings, **json.loads(done.stdout)}


def main() -> None:
    """Measure one cluster, then a fleet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bindings", type=int, default=100_000, help="of the one cluster")
    parser.add_argument("--real", type=int, metavar="BINDINGS", help="measure on the API server of the tests instead")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of tables")
    parser.add_argument("--command", default=shlex.join([sys.executable, "-m", "rbac_audit"]), help="what to measure")
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    parser.add_argument("--compare", help=argparse.SUPPRESS)
    parser.add_argument("--token", default="", help=argparse.SUPPRESS)
    parser.add_argument("--ca", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor:
        floor(options.floor, options.token, options.ca)
        return
    collect = [*shlex.split(options.command), "collect"]
    with tempfile.TemporaryDirectory() as folder:
        if options.compare:
            print(json.dumps(compare(options.compare, options.token, options.ca, Path(folder), collect)))
            return
        if options.real:
            show(real(options.real, collect), as_json=options.json, first=True)
            return
        with serving(options.bindings, 0) as server:
            row = {"bindings": options.bindings, **compare(server, "", "", Path(folder), collect)}
        show(row, as_json=options.json, first=True)
        for number, parallel in enumerate((2, 8, 16)):
            show(fleet(parallel, Path(folder), collect), as_json=options.json, first=not number)


if __name__ == "__main__":
    main()
