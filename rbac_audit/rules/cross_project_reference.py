"""Objects that use what belongs to another project.

## What
A virtual machine, volume, image, restore or template that refers to an image, a volume, a backup, a network, a public
key or a template in a namespace of another project, or of the platform. The StorageClass that Harvester makes for an
image counts like its name. What lies in harvester-public is for everybody; so is `default` while it is in the project
that Rancher made for it. Low are public keys, what lies in a namespace of no project, and images that are published in
harvester-public; medium are templates, of which nothing is made yet, and copies by CDI, which asks for a right on the
source.

## Why
Up to v1.9.0-rc6 Harvester asks for rights in one's own namespace only. Whoever may create a VM may boot it from any
image and plug it into any network whose name is known or guessed; whoever may create a restore gets the disks of any
backup, and the Secrets of its VM with them, although RBAC lets them read nothing there. When a volume is exported as an
image, Harvester asks whether its own account may read the volume, and not who asked. Its main branch asks about images
and volumes, and still not about networks and backups. No binding shows any of it. The tenants may have agreed on it;
then say so in a waiver.

## Example
```yaml flagged
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: peeking, namespace: lab-vms}
spec:
  template: {spec: {networks: [{name: default, multus: {networkName: shop-prod/vlan-7}}]}}
```

```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: VirtualMachineRestore
metadata: {name: again, namespace: lab-vms}
spec:
  target: {apiGroup: kubevirt.io, kind: VirtualMachine, name: db}
  virtualMachineBackupName: nightly
  virtualMachineBackupNamespace: shop-prod
```

```yaml clean
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
  namespace: shop-dev
  annotations:
    harvesterhci.io/volumeClaimTemplates: >-
      [{"metadata": {"name": "web-disk-0", "annotations": {"harvesterhci.io/imageId": "harvester-public/ubuntu"}}}]
spec:
  template: {spec: {networks: [{name: default, multus: {networkName: shop-prod/vlan-7}}]}}
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
```
"""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from rbac_audit.access import Permission
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.raw import CREATOR
from rbac_audit.rules._tenants import Border, Borders
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    DataVolume,
    Namespace,
    ObjectRef,
    PersistentVolumeClaim,
    Reference,
    Referring,
    Role,
    RoleBinding,
    Subject,
    VirtualMachine,
    VirtualMachineImage,
    VirtualMachineRestore,
    VirtualMachineTemplate,
    VirtualMachineTemplateVersion,
    kind_of,
)

# A volume is told by its machine, and so comes last.
_KINDS: tuple[type[Referring], ...] = (
    VirtualMachine,
    VirtualMachineRestore,
    VirtualMachineImage,
    VirtualMachineTemplate,
    VirtualMachineTemplateVersion,
    DataVolume,
    PersistentVolumeClaim,
)
_HARMLESS = frozenset(
    (
        "KeyPair.harvesterhci.io",
        "VirtualMachineTemplate.harvesterhci.io",
        "VirtualMachineTemplateVersion.harvesterhci.io",
    )
)
# Of these CDI makes copies, and asks for `create` on datavolumes/source in their namespace.
_COPIED = frozenset(("PersistentVolumeClaim", "VolumeSnapshot.snapshot.storage.k8s.io", "DataSource.cdi.kubevirt.io"))
_RANK = attrgetter("rank")


class _Crossing(msgspec.Struct, frozen=True):
    """A reference over a border."""

    to: Reference
    border: Border
    severity: Severity


def check(view: View) -> Iterator[Problem]:
    """Ask of each reference whether it leaves the project."""
    borders, images = Borders(view), _images(view)
    told: set[tuple[str, Reference]] = set()
    for kind in _KINDS:
        for item in view.cluster.of(kind):
            if item.unreadable:
                yield _unreadable(view, item)
            found = [crossing for to in _references(item, images) if (crossing := _crossing(borders, item, to))]
            new = [crossing for crossing in found if (item.namespace, crossing.to) not in told]
            if kind is VirtualMachine:
                told.update((item.namespace, crossing.to) for crossing in found)
            if new:
                yield _problem(view, borders, item, new)


def _images(view: View) -> dict[str, Reference]:
    """Map the StorageClasses that Harvester makes, one an image, to their images.

    Up to v1.7 images of one name in two namespaces have one class (pkg/image/common/operator.go): it tells nothing.
    """
    found: dict[str, list[VirtualMachineImage]] = {}
    for image in view.cluster.of(VirtualMachineImage):
        found.setdefault(image.storage_class, []).append(image)
    return {
        name: Reference(kind="VirtualMachineImage.harvesterhci.io", namespace=image.namespace, name=image.name)
        for name, (image, *others) in found.items()
        if name and not others
    }


def _references(item: Referring, images: dict[str, Reference]) -> tuple[Reference, ...]:
    made_of = images.get(item.storage_class) if isinstance(item, PersistentVolumeClaim) else None
    if made_of is None or made_of in item.references:
        return item.references
    return (*item.references, made_of)


def _crossing(borders: Borders, item: Referring, to: Reference) -> _Crossing | None:
    border = borders.between(item.namespace, to.namespace)
    return _Crossing(to, border, max(_severity(item, to), border.worst, key=_RANK)) if border else None


def _severity(item: Referring, to: Reference) -> Severity:
    published = isinstance(item, VirtualMachineImage) and item.namespace == PUBLIC
    if published or to.kind in _HARMLESS:
        return Severity.LOW
    copied = to.kind in _COPIED and not isinstance(item, VirtualMachineImage)
    return Severity.MEDIUM if copied or isinstance(item, VirtualMachineTemplateVersion) else Severity.HIGH


def _problem(view: View, borders: Borders, item: Referring, crossings: list[_Crossing]) -> Problem:
    whose = dict.fromkeys(crossing.border.owner for crossing in crossings)
    refs = tuple(crossing.to.ref(view.name) for crossing in crossings)
    whence = {ref.namespace for ref in refs if ref.namespace}
    project = view.projects.of(item.namespace)
    certain = any(crossing.border.certain for crossing in crossings)
    return Problem(
        target=item.ref(view.name),
        message=f"{item}, in {borders.owner_of(item.namespace)}, uses {names(refs)} of {names(whose)}",
        related=refs,
        scope=FindingScope(tuple(sorted({item.namespace, *whence})), project.id if project else ""),
        chain=tuple(_maker(view, item, refs)),
        severity=min((crossing.severity for crossing in crossings), key=_RANK),
        confidence=Confidence.CERTAIN if certain else Confidence.POSSIBLE,
        key=",".join(map(str, refs)),
    )


def _maker(view: View, item: Referring, refs: tuple[ObjectRef, ...]) -> Iterator[Link]:
    """Say who made it, where Rancher wrote that down, and whether RBAC would have let them have it."""
    user = item.metadata.annotations.get(CREATOR, "")
    if user and view.cluster.has(Role, ClusterRole, RoleBinding, ClusterRoleBinding):
        who = view.people.identity(user)
        closed = [ref for ref in refs if not view.access.allowed(who, _reading(ref), ref.namespace)]
        subject = Subject(kind="User", name=user)
        may = f"whom no binding lets read {names(closed)}" if closed else "who may read all of that"
        yield Link("person", f"made by {subject}{in_brackets(view.display_name(subject))}, {may}")


def _reading(ref: ObjectRef) -> Permission:
    kind = kind_of(ref.api_group, ref.kind)
    return Permission("get", ref.api_group, kind.plural if kind else f"{ref.kind.lower()}s", ref.name)


def _unreadable(view: View, item: Referring) -> Problem:
    return Problem(
        target=item.ref(view.name),
        message=f"{item} may use what belongs to another project: its annotations harvesterhci.io/volumeClaimTemplates "
        f"or harvesterhci.io/sshNames are no JSON lists",
        scope=FindingScope((item.namespace,)),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        key="unreadable",
    )


RULE = Rule(
    id="cross-project-reference",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(Namespace,),
    uses=_KINDS,
    fix=Fix(
        Safety.MANUAL,
        "Ask both tenants. Where it is not wanted take the reference away, delete what was made through it, and change "
        "what the other tenant's disks and Secrets held; where it is, copy the image, network or template into the "
        "project, or into harvester-public if it may be everybody's.",
    ),
    references=(
        "harvester/harvester pkg/webhook/resources/virtualmachinerestore/validator.go (getVMBackup)",
        "harvester/harvester pkg/image/common/validator.go (v1.8.2)",
        "kubevirt/kubevirt staging/src/kubevirt.io/api/core/v1/schema.go (MultusNetwork)",
    ),
    check=check,
)
