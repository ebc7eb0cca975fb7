"""Load balancer addresses that are not for one tenant.

## What
An IPPool whose scope lets every project take its addresses, or lets several projects do so, or a project that does
not own the network of the pool. A scope of one project, or of namespaces of one, is clean. The platform,
harvester-public, `default` and namespaces of no project count as nobody's.

## Why
A pool is a range of addresses on a network that others route to and trust. Who gets addresses of it answers under
them: for a service that was there before, or inside the firewall rules of another tenant. One tenant can also take all
addresses, so that nobody else's load balancers get one. Only the scope of the pool decides: a load balancer is given
the pool that matches its namespace and project, and whoever may make load balancers chooses nothing else. The field
`guestCluster` keeps nobody out, as a tenant calls its guest clusters what it likes.

## Example
```yaml flagged
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: IPPool
metadata: {name: everybody}
spec:
  ranges: [{subnet: 192.0.2.0/24}]
  selector: {scope: [{project: "*", namespace: "*", guestCluster: "*"}]}
```

```yaml flagged
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: IPPool
metadata: {name: lent}
spec:
  ranges: [{subnet: 192.0.2.0/24}]
  selector: {network: shop-prod/vlan-7, scope: [{project: c-m-abcd1234/p-lab, namespace: "*", guestCluster: "*"}]}
```

```yaml clean
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: IPPool
metadata: {name: shop}
spec:
  ranges: [{subnet: 192.0.2.0/24}]
  selector: {network: shop-prod/vlan-7, scope: [{project: c-m-abcd1234/p-shop, namespace: "*", guestCluster: "*"}]}
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._tenants import tenant_of
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import IPPool, Namespace, PoolScope

# The selector reads an empty project as `*`, an empty namespace as none (pkg/ipam/selector.go, isMatch, loose mode).
_ANY_PROJECT = frozenset(("*", ""))


def check(view: View) -> Iterator[Problem]:
    """Ask of each pool whose load balancers its scope takes."""
    for pool in view.cluster.of(IPPool):
        selector = pool.spec.selector
        if any(scope.project in _ANY_PROJECT and scope.namespace == "*" for scope in selector.scope):
            yield _problem(view, pool, "every project", [])
            continue
        takers = sorted({tenant for scope in selector.scope if (tenant := _taker(view, scope))})
        owner = tenant_of(view, selector.network.partition("/")[0])
        others = [tenant for tenant in takers if owner and tenant != owner]
        if others:
            whose = f"{names(others)}, on network {selector.network} of project {owner}"
            yield _problem(view, pool, whose, others)
        elif len(takers) > 1:
            yield _problem(view, pool, f"several projects: {names(takers)}", takers, Severity.LOW)


def _taker(view: View, scope: PoolScope) -> str:
    """Find the project whose load balancers a part of a scope takes; "" for namespaces that are no tenant's."""
    if scope.project in _ANY_PROJECT:
        return tenant_of(view, scope.namespace)
    # Harvester writes a slash for the colon of the annotation (pkg/webhook/loadbalancer/mutator.go, findProject).
    return scope.project.replace("/", ":", 1)


def _problem(view: View, pool: IPPool, whose: str, tenants: list[str], severity: Severity | None = None) -> Problem:
    return Problem(
        target=pool.ref(view.name),
        message=f"{pool} gives its addresses to load balancers of {whose}",
        scope=FindingScope(project=tenants[0] if len(tenants) == 1 else ""),
        severity=severity,
    )


RULE = Rule(
    id="open-ip-pool",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(IPPool, Namespace),
    fix=Fix(
        Safety.MANUAL,
        "Give each tenant a pool of its own, on a network of its own, and name its project in the scope as "
        "<cluster>/<project>, or its namespaces; load balancers keep the addresses that they have.",
    ),
    references=(
        "harvester/load-balancer-harvester pkg/ipam/selector.go (Select, isMatch)",
        "https://docs.harvesterhci.io/v1.3/networking/loadbalancer/",
    ),
    check=check,
)
