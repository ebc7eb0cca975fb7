"""Host device in a VM of a tenant that it may not be meant for.

## What
A VM with a PCI device or vGPU of a host, where the claim of the device names a Rancher user who neither owns the
cluster nor is a member of the VM's project; a device that VMs of two projects have; and a VM with a device in a
namespace of no project (the last two as medium). What an owner of the cluster claimed is clean by itself, as it may be
for anybody. Who claimed a device is a free text that nobody checks. Claims of USB devices and of unknown users are not
judged.

## Why
A device moves data past the hypervisor, and keeps in its memory and firmware what the VM before left there: a VM of
another tenant reads that, or prepares the device for the next one. Nothing of a project limits devices; who may create
VMs names any that is claimed, and the first VM to start has it.

## Example
```yaml flagged
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: train, namespace: lab-vms}
spec: {template: {spec: {domain: {devices: {hostDevices: [{name: node1-000003b00, deviceName: nvidia.com/A100}]}}}}}
```

```yaml clean
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: train, namespace: shop-prod}
spec: {template: {spec: {domain: {devices: {hostDevices: [{name: node1-000003b00, deviceName: nvidia.com/A100}]}}}}}
```

```yaml both
apiVersion: devices.harvesterhci.io/v1beta1
kind: PCIDeviceClaim
metadata: {name: node1-000003b00}
spec: {nodeName: node1, address: "0000:3b:00.0", userName: u-carol}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-carol}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-carol
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.model import WHO_IS_WHO
from rbac_audit.rancher.people import Person
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Namespace, PCIDeviceClaim, Subject, VirtualMachine


def check(view: View) -> Iterator[Problem]:
    """Look at each device with all VMs that have it."""
    users: dict[str, list[VirtualMachine]] = {}
    for machine in view.cluster.of(VirtualMachine):
        for device in machine.host_devices:
            users.setdefault(device, []).append(machine)
    claims = {item.name: item for item in view.cluster.of(PCIDeviceClaim)} if users else {}
    known = view.people.all if view.rancher and view.rancher.knows_members else ()
    people = {name: person for person in known for name in (person.username, person.user) if name}
    for device, machines in users.items():
        yield from _shared(view, device, machines)
        claim = claims.get(device)
        person = people.get(claim.spec.user_name) if claim else None
        if claim and person:
            yield from _of_another(view, claim, person, machines)
    for machine in view.cluster.of(VirtualMachine):
        if machine.host_devices and view.classes.namespace_class(machine.namespace) == "unassigned":
            yield _homeless(view, machine)


def claims_of_used_devices(view: View) -> tuple[type[PCIDeviceClaim], ...]:
    """Ask for claims where a VM has a device that somebody must have claimed."""
    return (PCIDeviceClaim,) if any(machine.host_devices for machine in view.cluster.of(VirtualMachine)) else ()


def _project(view: View, machine: VirtualMachine) -> str:
    project = view.projects.of(machine.namespace)
    return project.id if project and view.classes.namespace_class(machine.namespace) == "projects" else ""


def _shared(view: View, device: str, machines: list[VirtualMachine]) -> Iterator[Problem]:
    projects = sorted({project for machine in machines if (project := _project(view, machine))})
    if len(projects) > 1:
        meant = [machine for machine in machines if _project(view, machine)]
        target, *others = (machine.ref(view.name) for machine in meant)
        yield Problem(
            target=target,
            message=f"device {device} of a host is in {names(meant)} of {len(projects)} projects: {names(projects)}",
            related=tuple(others),
            scope=FindingScope(tuple(sorted({machine.namespace for machine in meant}))),
            severity=Severity.MEDIUM,
            key=f"shared {device}",
        )


def _of_another(view: View, claim: PCIDeviceClaim, person: Person, machines: list[VirtualMachine]) -> Iterator[Problem]:
    user = Subject(kind="User", name=person.user)
    if view.standing.is_cluster_owner(user) or person.system:
        return
    ref = claim.ref(view.name)
    for machine in machines:
        project = _project(view, machine)
        if project and not view.standing.is_member(user, project):
            yield Problem(
                target=machine.ref(view.name),
                message=f"{machine} of project {project} has device {claim.name} of a host, which was claimed by "
                f"{user}{in_brackets(person.username)}, who is no member of that project and does not own the cluster",
                related=(ref,),
                subjects=(user,),
                scope=FindingScope((machine.namespace,), project),
                chain=(Link("fact", f"{claim} names {claim.spec.user_name} as who claimed it", ref),),
                confidence=Confidence.POSSIBLE,
                key=claim.name,
            )


def _homeless(view: View, machine: VirtualMachine) -> Problem:
    return Problem(
        target=machine.ref(view.name),
        message=f"{machine} has {names(machine.host_devices)} of a host, and its namespace is in no project, so that "
        f"nobody can tell for whom the device is",
        scope=FindingScope((machine.namespace,)),
        severity=Severity.MEDIUM,
        key="homeless",
    )


RULE = Rule(
    id="host-device-shared",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(VirtualMachine, Namespace),
    asks_for=claims_of_used_devices,
    uses_rancher=WHO_IS_WHO,
    fix=Fix(
        Safety.MANUAL,
        "Ask for whom the device is meant. Take it out of the VMs of the others, and reset it (or restart the host) "
        "before it goes to another tenant; let owners of the cluster claim devices, a pool for each project.",
    ),
    references=(
        "harvester/pcidevices pkg/webhook/vm.go (generateHostDevicesPatch)",
        "harvester/pcidevices pkg/apis/devices.harvesterhci.io/v1beta1/pcideviceclaim.go",
        "https://github.com/harvester/harvester/issues/7029",
    ),
    check=check,
)
