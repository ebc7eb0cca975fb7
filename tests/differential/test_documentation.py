"""The multi-tenancy example of Harvester's documentation: the server, filled with it, and we give the same answers.

Both of Rancher's models, and an estate with faults, are loaded without the rules of aggregated roles, which the
server's controller adds up again.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from rbac_audit.answers import words
from rbac_audit.answers.access import ask, identity_of
from rbac_audit.audit.estate import Estate, View
from rbac_audit.snapshot.objects import Subject
from rbac_audit.sources import SourceSpec, read_estate
from tests.access.manifests import RBAC, Manifest, cluster_of
from tests.access.worlds import Request, World
from tests.conftest import ROOT
from tests.controlplane.server import Server
from tests.differential.asking import draw_requests
from tests.differential.comparing import Asked, decide, view_of
from tests.differential.conftest import Count
from tests.differential.store import PLURALS

pytestmark = pytest.mark.no_cover

OWNER = Subject(kind="User", name="u-m4t7x")
READER = Subject(kind="User", name="u-q9s2d")
STRANGER = Subject(kind="User", name="u-nobody")
GUEST = Subject(kind="ServiceAccount", name="default", namespace="fleet-local")
BOTH = (OWNER, READER)
EVERYBODY = (OWNER, READER, STRANGER, GUEST)
VM, VMI = "virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io"
LIVE = "virtualmachineinstances.subresources.kubevirt.io"
IMAGE, TEMPLATE = "virtualmachineimages.harvesterhci.io", "virtualmachinetemplates.harvesterhci.io"
KEY, NETWORK = "keypairs.harvesterhci.io", "network-attachment-definitions.k8s.cni.cncf.io"
CLAIM, DISK = "pcideviceclaims.devices.harvesterhci.io", "datavolumes.cdi.kubevirt.io"
SETTING = "settings.harvesterhci.io"
HOME, PUBLIC, SYSTEM, EVERYWHERE = "default", "harvester-public", "harvester-system", ""


class Row(NamedTuple):
    """Who may do what where, or may not."""

    about: str
    who: tuple[Subject, ...]
    verbs: str
    resource: str
    namespace: str
    allowed: bool
    name: str = ""


ROWS = [
    Row("the owner makes a VM", (OWNER,), "create get list update patch delete", VM, HOME, True),
    Row("from an image that is public", BOTH, "get list watch", IMAGE, PUBLIC, True, "ubuntu-24-04"),
    Row("of which he makes disks", (OWNER,), "create", "persistentvolumeclaims", HOME, True),
    Row("of which he makes disks", (OWNER,), "create", DISK, HOME, True),
    Row("with his own image, key and network", (OWNER,), "create delete", IMAGE, HOME, True),
    Row("with his own image, key and network", (OWNER,), "create delete", KEY, HOME, True),
    Row("with his own image, key and network", (OWNER,), "create delete", NETWORK, HOME, True),
    Row("opens its console", (OWNER,), "get", f"{LIVE}/console", HOME, True, "web-1"),
    Row("opens its console", (OWNER,), "get", f"{LIVE}/vnc", HOME, True, "web-1"),
    Row("which is a get, not of the VM", (OWNER,), "create update", f"{LIVE}/console", HOME, False),
    Row("which is a get, not of the VM", (OWNER,), "get", f"{VMI}/console", HOME, False),
    Row("starts and stops it", (OWNER,), "update", "virtualmachines.subresources.kubevirt.io/start", HOME, True),
    Row("starts and stops it", (OWNER,), "update", "virtualmachines.subresources.kubevirt.io/stop", HOME, True),
    Row("does not move it", (OWNER,), "create", "virtualmachineinstancemigrations.kubevirt.io", HOME, False),
    Row("sees the machines below", (OWNER,), "get list", "nodes", EVERYWHERE, True),
    Row("but not their devices", BOTH, "create update", CLAIM, EVERYWHERE, False),
    Row("the reader lists VMs", (READER,), "get list watch", VM, HOME, True),
    Row("the reader lists VMs", (READER,), "get list watch", VMI, HOME, True),
    Row("makes none", (READER,), "create update patch delete deletecollection", VM, HOME, False),
    Row("opens none", (READER,), "get", f"{LIVE}/console", HOME, False, "web-1"),
    Row("opens none", (READER,), "get", f"{LIVE}/vnc", HOME, False, "web-1"),
    Row("starts none", (READER,), "update", "virtualmachines.subresources.kubevirt.io/start", HOME, False),
    Row("makes no image", (READER,), "create", IMAGE, HOME, False),
    Row("sees no machines below", (READER,), "get list", "nodes", EVERYWHERE, False),
    Row("sees volumes of the cluster", (READER,), "get list watch", "persistentvolumes", EVERYWHERE, True),
    Row("view reveals Secrets", BOTH, "get list watch", "secrets", HOME, True),
    Row("only the owner writes them", (OWNER,), "create update delete", "secrets", HOME, True),
    Row("only the owner writes them", (READER,), "create update delete", "secrets", HOME, False),
    Row("no Secrets elsewhere", EVERYBODY, "get list", "secrets", SYSTEM, False),
    Row("no Secrets everywhere", EVERYBODY, "get list", "secrets", EVERYWHERE, False),
    Row("all read what is public", EVERYBODY, "get list watch", IMAGE, PUBLIC, True),
    Row("all read what is public", EVERYBODY, "get list watch", TEMPLATE, PUBLIC, True),
    Row("all read what is public", EVERYBODY, "get list watch", "secrets", PUBLIC, True),
    Row("nobody writes it", EVERYBODY, "create update patch delete", IMAGE, PUBLIC, False),
    Row("nobody writes it", EVERYBODY, "create", VM, PUBLIC, False),
    Row("nobody writes it", EVERYBODY, "create", "secrets", PUBLIC, False),
    Row("who is no member reads nothing else", (STRANGER, GUEST), "get list", VM, HOME, False),
    Row("who is no member reads nothing else", (STRANGER, GUEST), "get list", "secrets", HOME, False),
    Row("some settings are for all", EVERYBODY, "get watch", SETTING, EVERYWHERE, True, "server-version"),
    Row("the others are not", EVERYBODY, "get", SETTING, EVERYWHERE, False, "backup-target"),
    Row("the others are not", EVERYBODY, "list", SETTING, EVERYWHERE, False),
    Row("nobody changes them", EVERYBODY, "update", SETTING, EVERYWHERE, False, "server-version"),
    Row("nobody adds to the cluster", BOTH, "create update", "addons.harvesterhci.io", HOME, False),
    Row("nobody adds to the cluster", BOTH, "create", "schedulevmbackups.harvesterhci.io", HOME, False),
    Row("the owner gives rights away", (OWNER,), "create", "rolebindings.rbac.authorization.k8s.io", HOME, True),
    Row("the reader does not", (READER,), "create", "rolebindings.rbac.authorization.k8s.io", HOME, False),
]  # fmt: skip


class Loaded(NamedTuple):
    """A server that holds an example, and the example as we read it."""

    documented: bool
    server: Server
    manifests: list[Manifest]
    view: View


@pytest.fixture(params=["tenancy-legacy", "tenancy-aggregated", "lived-in"])
def loaded(request: pytest.FixtureRequest, clean_apiserver: Server) -> Iterator[Loaded]:
    """An example, aggregated roles as they are before the controller comes."""
    folder = ROOT / "examples" / request.param
    manifests = list(_manifests(folder / "harvester"))
    clean_apiserver.seed(manifests)
    yield Loaded(request.param.startswith("tenancy"), clean_apiserver, manifests, _view(folder))
    clean_apiserver.clean()


def _manifests(folder: Path) -> Iterator[Manifest]:
    """The namespaces, roles and bindings; aggregated roles without rules."""
    for path in [folder / "namespaces.yaml", *(folder / f"{plural}.{RBAC}.yaml" for plural in PLURALS.values())]:
        for item in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield {**item, "rules": []} if "aggregationRule" in item else item


def _view(folder: Path) -> View:
    """What `rbac-audit` makes of both clusters."""
    estate = Estate(read_estate([SourceSpec(str(folder))]))
    return next(view for view in estate.views if view.role == "harvester")


def _asked(view: View) -> Iterator[tuple[str, Subject, Request, bool]]:
    for row in ROWS:
        for subject in row.who:
            for verb in row.verbs.split():
                wanted = words.permission(verb, row.resource, row.name)
                request = Request(identity_of(view, subject), wanted, row.namespace)
                yield f"{row.about}: {subject} {wanted} in {row.namespace}", subject, request, row.allowed


def test_both_say_what_the_documentation_says(loaded: Loaded, seed: int, count: Count) -> None:
    if loaded.documented:
        count("decisions", _documented(loaded))
    count("decisions", _others(loaded, random.Random(seed)))


def _documented(loaded: Loaded) -> int:
    asked = list(_asked(loaded.view))
    unfilled = view_of(cluster_of(loaded.manifests))
    questions = [(request.identity.user, request.identity.groups, request.attributes) for _, _, request, _ in asked]
    theirs = dict(zip((name for name, *_ in asked), map(bool, loaded.server.api.sars(questions)), strict=True))
    assert theirs == {name: allowed for name, _, _, allowed in asked}
    assert theirs == {name: ask(loaded.view, who, one.permission, one.namespace).allowed for name, who, one, _ in asked}
    assert theirs == {
        name: unfilled.access.allowed(one.identity, one.permission, one.namespace) for name, _, one, _ in asked
    }
    return len(asked)


def _others(loaded: Loaded, chance: random.Random) -> int:
    """The server has the roles of a stock Kubernetes besides: read back as a whole, and asked what its rules name."""
    api = loaded.server.api
    held = World(tuple(item for kind in PLURALS for item in api.objects(f"{RBAC}/v1", kind)))
    requests = draw_requests(held, 500, chance)
    theirs = list(map(bool, api.sars((one.identity.user, one.identity.groups, one.attributes) for one in requests)))
    assert Asked(held, requests, theirs).differing(decide) == []
    assert 0.05 < sum(theirs) / len(theirs) < 0.95
    return len(requests)
