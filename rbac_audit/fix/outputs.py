"""The same change for those who apply through Git: manifests, Terraform, Fleet, and the deletions as a script.

Source for Terraform: terraform-provider-rancher2 rancher2/schema_project_role_template_binding.go and
schema_role_template.go; for Fleet: a bundle for the management cluster lies in workspace fleet-local.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

import yaml

from rbac_audit.fix.plan import Creation, Plan, Step, Target

Files = dict[str, str]


def manifests(plan: Plan) -> Files:
    """Write what the management cluster gets as manifests with fixed names, and what to do afterwards as a script."""
    return _filled({"management.yaml": _yaml(_created(plan))}, plan)


def fleet(plan: Plan) -> Files:
    """Write the manifests as a Fleet bundle; point a GitRepo of workspace fleet-local at the folder."""
    options = {"defaultNamespace": "default", "helm": {"releaseName": f"rbac-audit-{plan.digest[:8] or 'plan'}"}}
    made = _yaml(_created(plan))
    return _filled({"fleet.yaml": _yaml([options]) if made else "", "management.yaml": made}, plan)


def terraform(plan: Plan) -> Files:
    """Write resources of the provider rancher2; a role template gets its object name from Rancher there."""
    created = list(_created(plan))
    templates = {str(_name(item)): item for item in created if item["kind"] == "RoleTemplate"}
    text = "\n".join((*map(_template, templates.values()), *(_binding(item, templates) for item in created)))
    return _filled({"rbac_audit.tf": f"{text.strip()}\n" if text.strip() else ""}, plan)


def _filled(files: Files, plan: Plan) -> Files:
    """Leave out what would be empty: a plan may do nothing on the management cluster."""
    return {**{name: text for name, text in files.items() if text}, "cleanup.sh": script(plan)}


OUTPUTS = {"manifests": manifests, "terraform": terraform, "fleet": fleet}


def _created(plan: Plan) -> Iterator[Mapping[str, object]]:
    """List what is created, each once, role templates before the bindings that name them."""
    seen: dict[str, Creation] = {}
    for edits in (*(step.do for step in plan.ready), *(refusal.change for refusal in plan.refusals)):
        for creation in edits.creates:
            if _is_of_rancher(creation):
                seen.setdefault(f"{creation.manifest['kind']} {_name(creation.manifest)}", creation)
    return (item.manifest for item in sorted(seen.values(), key=lambda item: item.manifest["kind"] != "RoleTemplate"))


def _is_of_rancher(creation: Creation) -> bool:
    return str(creation.manifest["apiVersion"]).startswith("management.cattle.io/")


def _name(manifest: Mapping[str, object]) -> str:
    metadata = manifest["metadata"]
    return str(metadata["name"]) if isinstance(metadata, dict) else ""


def _yaml(documents: Iterable[Mapping[str, object]]) -> str:
    plain = [dict(document) for document in documents]
    return yaml.dump_all(plain, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10_000)


# What was written to since the plan was made may be for somebody of whom it does not know.
_SAME = """\
same() {
  what='jsonpath={.metadata.uid} {.metadata.resourceVersion}'
  [ "$(kubectl --context "$CONTEXT" ${3:+-n "$3"} get "$1" "$2" -o "$what")" = "$4" ] ||
    { echo "$1 $2 $3: it has changed since the plan was made; plan again" >&2; exit 1; }
}"""


def script(plan: Plan) -> str:
    """Write the changes and deletions as kubectl commands, to run when Rancher has rendered everything.

    Each stops at an object that is not the one of the plan any more, where the snapshot says which that is.
    """
    head = [
        "#!/bin/sh",
        "# Run this only when Rancher has made its RoleBindings in every namespace of each project named below,",
        f"# with CONTEXT set to the kubeconfig context of {plan.cluster}. It stops at the first error.",
        'set -eu\n: "${CONTEXT:?}"',
    ]
    lines: list[str] = []
    for step in plan.ready:
        lines += ["", *(f"# {line}" for line in f"step {step.id}: {step.title}".splitlines())]
        for wanted in step.expect:
            for role in getattr(wanted, plan.model):
                lines.append(
                    f"# wait for: {wanted.subject_kind} {wanted.subject_name} has ClusterRole {role} in "
                    f"{', '.join(wanted.namespaces)}".replace("\n", " ")
                )
        lines += _commands(step)
    for refusal in plan.refusals:
        if refusal.change.creates:
            lines += ["", f"# take {refusal.object} ({refusal.subject}) out where it comes from".replace("\n", " ")]
    compares = any(line.startswith("same ") for line in lines)
    return "\n".join([*head, *([_SAME] if compares else []), *lines]) + "\n"


def _commands(step: Step) -> Iterator[str]:
    for creation in step.do.creates:
        if not _is_of_rancher(creation):
            yield f"printf '%s' {shlex.quote(json.dumps(creation.manifest))} | {_kubectl(['create', '-f', '-'], '')}"
    known = {item.target: f"{item.uid} {item.resource_version}" for item in step.preconditions if item.uid}
    for change in step.do.changes:
        yield from _same(change.target, known)
        body = json.dumps({**change.fields, **({"metadata": {"labels": change.labels}} if change.labels else {})})
        words = ["patch", change.target.plural, change.target.name, "--type=merge", "-p", body]
        yield _kubectl(words, change.target.namespace)
    for target in step.do.deletes:
        yield from _same(target, known)
        yield _kubectl(["delete", target.plural, target.name], target.namespace)


def _same(target: Target, known: Mapping[Target, str]) -> Iterator[str]:
    if version := known.get(target):
        yield shlex.join(["same", target.plural, target.name, target.namespace, version])


def _kubectl(words: list[str], namespace: str) -> str:
    place = ["-n", namespace] if namespace else []
    return f'kubectl --context "$CONTEXT" {shlex.join([*place, *words])}'


def _binding(manifest: Mapping[str, object], templates: Mapping[str, object]) -> str:
    if manifest["kind"] != "ProjectRoleTemplateBinding":
        return ""
    name, template = _name(manifest), str(manifest["roleTemplateName"])
    role = f"rancher2_role_template.{_label(template)}.id" if template in templates else _quoted(template)
    subjects = {
        "user_principal_id": manifest.get("userPrincipalName"),
        "user_id": manifest.get("userName"),
        "group_principal_id": manifest.get("groupPrincipalName"),
    }
    key, value = next((key, value) for key, value in subjects.items() if value)
    return (
        f'resource "rancher2_project_role_template_binding" "{_label(name)}" {{\n'
        f"  name             = {_quoted(name)}\n"
        f"  project_id       = {_quoted(str(manifest['projectName']))}\n"
        f"  role_template_id = {role}\n"
        f"  {key} = {_quoted(str(value))}\n"
        "}\n"
    )


def _template(manifest: Mapping[str, object]) -> str:
    rules = manifest.get("rules", ())
    inherited = manifest.get("roleTemplateNames", ())
    blocks = "".join(_rule(rule) for rule in rules if isinstance(rule, dict)) if isinstance(rules, list) else ""
    return (
        f'resource "rancher2_role_template" "{_label(_name(manifest))}" {{\n'
        f"  name              = {_quoted(str(manifest.get('displayName', '')))}\n"
        '  context           = "project"\n'
        f"  role_template_ids = {_quoted(inherited)}\n"
        f"{blocks}}}\n"
    )


def _rule(rule: Mapping[str, object]) -> str:
    fields = {"api_groups": "apiGroups", "resources": "resources", "verbs": "verbs", "resource_names": "resourceNames"}
    lines = (f"    {name} = {_quoted(rule[key])}\n" for name, key in fields.items() if rule.get(key))
    return f"  rules {{\n{''.join(lines)}  }}\n"


def _label(name: str) -> str:
    return name.replace(".", "_").replace(":", "_")


def _quoted(value: object) -> str:
    """Write a text or a list of texts as HCL.

    It escapes as JSON does, but has no short forms for backspace and form feed, and reads `${` and `%{` as its own
    templates (hashicorp/hcl hclsyntax/spec.md, Template Expressions); another `$` before `$${` would be read as one.
    """
    text = json.dumps(value, ensure_ascii=False).replace("${", r"\u0024{").replace("%{", r"\u0025{")
    return _ESCAPE.sub(lambda found: _LONG.get(found[0], found[0]), text)


_ESCAPE = re.compile(r"\\.")
_LONG = {r"\b": r"\u0008", r"\f": r"\u000c"}
