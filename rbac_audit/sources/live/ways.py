"""The ways to an API server: a context of a kubeconfig, the account of this pod, or the proxy of a Rancher."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from rbac_audit.sources.live.connection import Connection, Failed
from rbac_audit.sources.live.limits import Pace

if TYPE_CHECKING:
    from kubernetes.client import Configuration


@dataclass(frozen=True)
class Context:
    """A context of a kubeconfig (None: those of KUBECONFIG), and the headers of whom it impersonates.

    `exec_plugin`: its credentials come from a program, without which it would ask as nobody.
    """

    name: str
    kubeconfig: Path | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    exec_plugin: bool = False

    def __str__(self) -> str:
        """Name where a cluster's objects came from."""
        return f"context {self.name}"


@dataclass(frozen=True)
class InCluster:
    """The service account of the pod that this runs in."""

    def __str__(self) -> str:
        """Name where a cluster's objects came from."""
        return "the service account of its own pod"


@dataclass(frozen=True)
class Login:
    """A Rancher and a token of it; `ca` is a PEM file, None for the authorities that the system trusts."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None


@dataclass(frozen=True)
class Proxied:
    """A cluster behind a Rancher, by its id, with native Kubernetes paths.

    rancher/rancher pkg/multiclustermanager/routes.go serves `/k8s/clusters/<id>`; Steve's paths below it would leave
    out silently what the account may not see, where Kubernetes answers 403.
    """

    login: Login
    cluster: str

    def __str__(self) -> str:
        """Name where a cluster's objects came from."""
        return f"{self.login.url}/k8s/clusters/{self.cluster}"


Way = Context | InCluster | Proxied

# The client logs the output of a plugin that failed, which may be a credential, and goes on as nobody.
_SILENT = logging.NullHandler()


class Paces:
    """One pace for each server, however many clusters are read through it."""

    def __init__(self, qps: float) -> None:
        """Take the requests a second."""
        self._qps = qps
        self._known: dict[str, Pace] = {}

    def of(self, url: str) -> Pace:
        """Find the pace of the server of a URL."""
        return self._known.setdefault(urlsplit(url).netloc, Pace(self._qps))


def connect(way: Way, paces: Paces) -> Connection:
    """Open a way; raises Failed when its credentials cannot be made."""
    from kubernetes.client import ApiClient, Configuration

    # Retries are counted here (see Patience), not in urllib3, which knows no deadline.
    settings = Configuration(retries=False)
    match way:
        case Context():
            _context(way, settings)
        case InCluster():
            _in_cluster(settings)
        case Proxied():
            settings.host = str(way)
            settings.ssl_ca_cert = str(way.login.ca) if way.login.ca else None
            settings.api_key["BearerToken"] = f"Bearer {way.login.token}"
        case _:
            assert_never(way)
    impersonation = way.impersonation if isinstance(way, Context) else ()
    return Connection(ApiClient(settings), paces.of(settings.host), impersonation)


def _context(way: Context, settings: "Configuration") -> None:
    from kubernetes import config
    from kubernetes.client import ApiException

    logging.getLogger().addHandler(_SILENT)
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]  # the client annotates half of itself
            config_file=str(way.kubeconfig) if way.kubeconfig else None,
            context=way.name,
            client_configuration=settings,
            persist_config=False,
        )
    # The client does not check what it reads: a wrong type in the file ends as any of the later ones.
    except (config.ConfigException, ApiException, OSError, ValueError, TypeError, LookupError, ImportError) as error:
        problem = f"its context cannot be used ({type(error).__name__})"
        raise Failed(problem, "check it with kubectl --context", whole=True) from None
    if way.exec_plugin and not settings.api_key and not settings.cert_file:
        raise Failed("the exec plugin of its user gave no credentials", "log in with kubectl --context", whole=True)


def _in_cluster(settings: "Configuration") -> None:
    from kubernetes import config

    try:
        config.load_incluster_config(  # type: ignore[no-untyped-call]  # likewise
            client_configuration=settings
        )
    except (config.ConfigException, OSError):
        advice = "run it in a pod with a service account whose token is mounted"
        raise Failed("this does not run in a cluster", advice, whole=True) from None
