"""The resources that Kubernetes, KubeVirt, Harvester, Longhorn and Rancher serve, and the short names kubectl takes.

One line a group: `plural`, `!` for cluster-scoped, `=` and the short names. Read from API discovery of Harvester v1.9
and Rancher 2.15; groups that are served but never listed by an object's kind (subresources, uploads, metrics) from
their API documentation, and those of Rancher's backup operator from its CustomResourceDefinitions.
"""

from functools import cache

import msgspec


class Resource(msgspec.Struct, frozen=True, order=True):
    """One resource of one API group."""

    group: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    namespaced: bool

    def __str__(self) -> str:
        """As kubectl writes it: `plural.group`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def names(self) -> frozenset[str]:
        """Every word by which kubectl takes it."""
        return frozenset({self.plural, self.singular, *self.short_names})


_TABLE = """
core: bindings componentstatuses!=cs configmaps=cm endpoints=ep events=ev limitranges=limits namespaces!=ns
  nodes!=no persistentvolumeclaims=pvc persistentvolumes!=pv pods=po podtemplates replicationcontrollers=rc
  resourcequotas=quota secrets serviceaccounts=sa services=svc
admissionregistration.k8s.io: mutatingadmissionpolicies! mutatingadmissionpolicybindings!
  mutatingwebhookconfigurations! validatingadmissionpolicies! validatingadmissionpolicybindings!
  validatingwebhookconfigurations!
apiextensions.k8s.io: customresourcedefinitions!=crd,crds
apiregistration.k8s.io: apiservices!
apps: controllerrevisions daemonsets=ds deployments=deploy replicasets=rs statefulsets=sts
auditlog.cattle.io: auditpolicies!
authentication.k8s.io: selfsubjectreviews! tokenreviews!
authorization.k8s.io: localsubjectaccessreviews selfsubjectaccessreviews! selfsubjectrulesreviews!
  subjectaccessreviews!
autoscaling: horizontalpodautoscalers=hpa
backup.kubevirt.io: virtualmachinebackups=vmbackup,vmbackups
  virtualmachinebackuptrackers=vmbackuptracker,vmbackuptrackers
batch: cronjobs=cj jobs
catalog.cattle.io: clusterrepos! uiplugins
cdi.kubevirt.io: cdiconfigs! cdis!=cdis dataimportcrons=dic,dics datasources=das datavolumes=dv,dvs
  objecttransfers!=ot,ots storageprofiles! volumeclonesources volumeimportsources volumeuploadsources
certificates.k8s.io: certificatesigningrequests!=csr
clone.kubevirt.io: virtualmachineclones=vmclone,vmclones
coordination.k8s.io: leases
devices.harvesterhci.io: migconfigurations! nodes! pcideviceclaims! pcidevices! sriovgpudevices!
  sriovnetworkdevices! usbdeviceclaims! usbdevices! vgpudevices!
discovery.k8s.io: endpointslices
events.k8s.io: events=ev
export.kubevirt.io: virtualmachineexports=vmexport,vmexports
fleet.cattle.io: bundles clustergroups clusters
flowcontrol.apiserver.k8s.io: flowschemas! prioritylevelconfigurations!
forklift.cdi.kubevirt.io: openstackvolumepopulators=osvp,osvps ovirtvolumepopulators=ovvp,ovvps
harvesterhci.io: addons blockdevices=bd,bds keypairs=kp,kps lvmvolumegroups=lvmvg,lvmvgs
  networkfilesystems=netfilesystem,netfilesystems preferences=preferences resourcequotas=hrq,hrqs
  schedulevmbackups=svmbackup,svmbackups settings! supportbundles=sb,sbs upgradelogs upgrades versions
  virtualmachinebackups=vmbackup,vmbackups virtualmachineimagedownloaders=vmimagedownloader,vmimagedownloaders
  virtualmachineimages=vmimage,vmimages virtualmachinerestores=vmrestore,vmrestores
  virtualmachinetemplates=vmtemplate,vmtemplates virtualmachinetemplateversions=vmtemplateversion,vmtemplateversions
  volumeremotebackups=volumeremotebackups volumeremoterestores=volumeremoterestores
helm.cattle.io: helmchartconfigs helmcharts
instancetype.kubevirt.io:
  virtualmachineclusterinstancetypes!=vmclusterinstancetype,vmclusterinstancetypes,vmcf,vmcfs
  virtualmachineclusterpreferences!=vmcp,vmcps virtualmachineinstancetypes=vminstancetype,vminstancetypes,vmf,vmfs
  virtualmachinepreferences=vmpref,vmprefs,vmp,vmps
k8s.cni.cncf.io: network-attachment-definitions=net-attach-def
kubevirt.io: kubevirts=kv,kvs virtualmachineinstancemigrations=vmim,vmims
  virtualmachineinstancepresets=vmipreset,vmipresets virtualmachineinstancereplicasets=vmirs,vmirss
  virtualmachineinstances=vmi,vmis virtualmachines=vm,vms
loadbalancer.harvesterhci.io: ippools!=pool,pools loadbalancers=lb,lbs
longhorn.io: backingimagedatasources=lhbids backingimagemanagers=lhbim backingimages=lhbi backupbackingimages=lhbbi
  backups=lhb backuptargets=lhbt backupvolumes=lhbv enginefrontends=lhef engineimages=lhei engines=lhe
  instancemanagers=lhim nodes=lhn orphans=lho recurringjobs=lhrj replicas=lhr settings=lhs shardgroups=lhsg
  shards=lhsd sharemanagers=lhsm snapshots=lhsnap supportbundles=lhbundle systembackups=lhsb systemrestores=lhsr
  volumeattachments=lhva volumes=lhv
management.cattle.io: apiservices! authconfigs! clusterproxyconfigs clusterregistrationtokens
  clusterroletemplatebindings clusters! composeconfigs! dynamicschemas! features! fleetworkspaces!
  globalrolebindings! globalroles! groupmembers! groups! kontainerdrivers! managedcharts nodedrivers! nodes
  oidcclients! podsecurityadmissionconfigurationtemplates! preferences projectnetworkpolicys
  projectroletemplatebindings projects proxyendpoints! roletemplates! samltokens settings! tokens! userattributes!
  users!
migrations.kubevirt.io: migrationpolicies!
monitoring.coreos.com: prometheusrules servicemonitors
network.harvesterhci.io: clusternetworks!=cn,cns hostnetworkconfigs!=hnc,hncs linkmonitors!=lm,lms
  vlanconfigs!=vc,vcs vlanstatuses!=vs,vss
  ippools virtualmachinenetworkconfigs
networking.k8s.io: ingressclasses! ingresses=ing ipaddresses!=ip networkpolicies=netpol servicecidrs!
node.harvesterhci.io: cloudinits!=nci hugepages!=hugetlb ksmtuneds!=ksmtd nodeconfigs=nconf
node.k8s.io: runtimeclasses!
operation.cattle.io: encryptionkeyrotations etcdsnapshotrestores etcdsnapshotsaves
plan.cattle.io: beacons
policy: poddisruptionbudgets=pdb
pool.kubevirt.io: virtualmachinepools=vmpool,vmpools
provisioning.cattle.io: clusters
rbac.authorization.k8s.io: clusterrolebindings! clusterroles! rolebindings roles
resource.k8s.io: deviceclasses! resourceclaims resourceclaimtemplates resourceslices!
resources.cattle.io: backups! resourcesets! restores!
rke.cattle.io: custommachines etcdsnapshots rkebootstraps rkebootstraptemplates rkeclusters rkecontrolplanes=rcp
scc.cattle.io: registrations!
scheduling.k8s.io: priorityclasses!=pc
snapshot.kubevirt.io: virtualmachinerestores=vmrestore,vmrestores
  virtualmachinesnapshotcontents=vmsnapshotcontent,vmsnapshotcontents virtualmachinesnapshots=vmsnapshot,vmsnapshots
snapshot.storage.k8s.io: volumesnapshotclasses!=vsclass,vsclasses volumesnapshotcontents!=vsc,vscs
  volumesnapshots=vs
storage.k8s.io: csidrivers! csinodes! csistoragecapacities storageclasses!=sc volumeattachments!
  volumeattributesclasses!=vac
telemetry.cattle.io: secretrequests!
upgrade.cattle.io: plans
whereabouts.cni.cncf.io: ippools nodeslicepools overlappingrangeipreservations
subresources.kubevirt.io: virtualmachineinstances=vmi,vmis virtualmachines=vm,vms expand-vm-spec guestfs! version!
upload.cdi.kubevirt.io: uploadtokenrequests
metrics.k8s.io: nodes! pods
cluster.x-k8s.io: clusters=cl machines=ma machinedeployments=md
kubeovn.io: subnets! vpcs!
management.harvesterhci.io: upgradeplans!
migration.harvesterhci.io: openstacksources ovasources virtualmachineimports vmwaresources
template.kubevirt.io: virtualmachinetemplates
"""


def _singular(plural: str) -> str:
    if plural.endswith("ies"):
        return f"{plural[:-3]}y"
    if plural.endswith(("sses", "xes", "ches", "uses")):
        return plural[:-2]
    return plural.removesuffix("s").replace("-", "")


@cache
def resources() -> tuple[Resource, ...]:
    """List every known resource, by group and name."""
    found: list[Resource] = []
    group = ""
    for word in _TABLE.split():
        if word.endswith(":"):
            group = "" if word == "core:" else word[:-1]
            continue
        name, _, short = word.partition("=")
        plural = name.removesuffix("!")
        shorts = tuple(short.split(",")) if short else ()
        found.append(Resource(group, plural, _singular(plural), shorts, not name.endswith("!")))
    return tuple(sorted(found))
