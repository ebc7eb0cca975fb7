import base64
import hashlib
import json
import re
import unicodedata
import zlib
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rbac_audit.audit.finding import FindingScope, Severity
from rbac_audit.audit.report import EstateSummary, NotEvaluated, Report, Tool
from rbac_audit.report import html
from rbac_audit.report.html_projects import Projects
from rbac_audit.report.text import UNSAFE
from rbac_audit.resources import reports_dir
from tests.report import factory
from tests.report.hostile import HOSTILE, replace_texts

FOLDER = reports_dir() / "html"
MEGABYTE = 1_000_000
# Elements and attributes by which a page loads something.
LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "manifest", "codebase"}
LOADERS = {"img", "iframe", "frame", "object", "embed", "video", "audio", "source", "track", "base", "form", "portal"}


class Read(HTMLParser):
    """What a browser's parser would see: elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the parser's own signature
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open][-1] += data

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def payload(text: str) -> dict[str, Any]:
    """The data of the page, unpacked as the page does."""
    (block,) = re.findall(r'id="payload">([^<]*)<', text)
    document: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(block)))
    return document


@pytest.fixture(scope="module")
def page() -> str:
    return html.render(factory.report(100, waived=2))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html.render(factory.report(100)) == html.render(factory.report(100))


def test_another_report_gives_another_page() -> None:
    assert html.render(factory.report(100)) != html.render(factory.report(99))


def test_the_page_says_its_language_and_its_title(page: str) -> None:
    read = Read(page)
    assert page.lstrip().startswith("<!doctype html>")
    assert [each["lang"] for each in read.named("html")] == ["en"]
    assert read.texts["title"] == ["Access report 2026-11-24"]


def test_the_policy_allows_nothing_but_the_two_own_elements(page: str) -> None:
    read = Read(page)
    (policy,) = [each["content"] for each in read.named("meta") if "http-equiv" in each]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    script = next(text for text in reversed(read.texts["script"]))
    assert directives == {
        "default-src": "'none'",
        "script-src": f"'{digest(script)}'",
        "style-src": f"'{digest(read.texts['style'][0])}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_there_are_no_other_scripts_or_styles(page: str) -> None:
    read = Read(page)
    assert read.named("script") == [{"type": "text/plain", "id": "payload"}, {}]
    assert read.named("style") == [{}]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in read.elements if "style" in attributes]


def test_nothing_is_loaded(page: str) -> None:
    read = Read(page)
    assert not [tag for tag, _ in read.elements if tag in LOADERS | {"link"}]
    assert not [attributes for _, attributes in read.elements if LOADING & attributes.keys()]
    assert not [each for each in read.named("use") if not each["href"].startswith("#")]


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_no_template_style_or_script_points_outside(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts", text)
    assert not re.search(r"(?:src|data|action)\s*=\s*[\"']?(?:https?:)?//", text)
    # The name of the SVG namespace is a name, not an address that is loaded.
    assert re.findall(r"https?://[a-z][^\s\"']*", text.replace('"http://www.w3.org/2000/svg"', "")) == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.js")), ids=lambda file: file.name)
def test_scripts_put_text_on_the_page_as_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|setTimeout\(\"|</script"
    assert not re.search(unsafe, text)


def test_every_script_and_style_is_part_of_the_page() -> None:
    assert {file.name for file in FOLDER.glob("*.js")} == set(html.SCRIPTS)
    assert {file.name for file in FOLDER.glob("*.css")} == set(html.STYLES)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "CIS 5.1.3", " https://a"])
def test_only_web_addresses_become_links(url: str) -> None:
    report = factory.report(1)
    rules = tuple(msgspec.structs.replace(rule, references=(url, "https://example.org/a")) for rule in report.rules)
    read = Read(html.render(msgspec.structs.replace(report, rules=rules)))
    outward = [each for each in read.named("a") if not each["href"].startswith("#")]
    assert {each["href"] for each in outward} == {"https://example.org/a"}
    assert {each["rel"] for each in outward} == {"noreferrer noopener"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element_and_no_attribute(text: str) -> None:
    clean = Read(html.render(replace_texts(factory.since(factory.report(30, waived=2)), "harmless")))
    hostile = Read(html.render(replace_texts(factory.since(factory.report(30, waived=2)), text)))

    def shape(read: Read) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in read.elements]

    assert shape(hostile) == shape(clean)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_of_a_hostile_text_acts_on_the_text_around_it(text: str) -> None:
    rendered = html.render(replace_texts(factory.report(5), text))
    body = rendered[: rendered.index('id="payload"')]
    acting = {each for each in body if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n"}
    assert acting == set()


def test_the_page_is_told_which_characters_act(page: str) -> None:
    (root,) = Read(page).named("html")
    assert root["data-unsafe"] == "".join(rf"\p{{{category}}}" for category in UNSAFE)


def test_the_numbers_of_the_page_are_those_of_the_report(page: str) -> None:
    report = factory.report(100, waived=2)
    for severity in Severity:
        assert f'data-severity="{severity.value}">{report.summary.by_severity[severity.value]}<' in page
    for rule in report.rules:
        (row,) = re.findall(rf'<tr data-rule="{rule.rule}"[^>]*>(.*?)</tr>', page, re.DOTALL)
        missing = {gap.rule for gap in report.not_evaluated if not gap.cluster}
        assert f">{'?' if rule.rule in missing else rule.findings}<" in row
    assert 'id="gap-count">2<' in page
    assert 'id="waived-count">2<' in page
    assert 'id="hidden-count">2<' in page


def test_a_rule_that_was_not_judged_never_says_zero() -> None:
    report = msgspec.structs.replace(factory.report(0), not_evaluated=(NotEvaluated(factory.QUIET.rule, ("why",)),))
    (row,) = re.findall(rf'<tr data-rule="{factory.QUIET.rule}"[^>]*>(.*?)</tr>', html.render(report), re.DOTALL)
    assert "not at all" in row
    assert ">0<" not in row


def test_the_data_block_holds_every_finding_in_its_order() -> None:
    report = factory.report(200)
    data = payload(html.render(report))
    assert [row[5] for row in data["findings"]] == [finding.message for finding in report.findings]
    assert [row[-1] for row in data["findings"]] == [finding.fingerprint for finding in report.findings]
    texts = data["texts"]
    first, row = report.findings[0], data["findings"][0]
    group, kind, name, namespace, cluster = (texts[number] for number in data["objects"][row[4]])
    assert (group, kind, name, namespace, cluster) == msgspec.structs.astuple(first.object)
    steps = [data["links"][number] for number in row[11]]
    assert [texts[words] for _, words, _ in steps] == [link.text for link in first.chain]
    assert [number < 0 for _, _, number in steps] == [link.object is None for link in first.chain]


def test_the_data_block_writes_nothing_twice() -> None:
    data = payload(html.render(factory.report(500)))
    for pool in ("texts", "objects", "subjects", "links"):
        rows = [json.dumps(row) for row in data[pool]]
        assert len(rows) == len(set(rows))


def test_a_finding_belongs_to_the_projects_of_its_scope_and_of_its_namespaces() -> None:
    report = factory.report(1)
    one, other = report.projects[0], report.projects[2]
    projects = Projects(report)
    finding = report.findings[0]

    def of(cluster: str, project: str, *namespaces: str) -> list[str]:
        scope = FindingScope(namespaces, project)
        changed = msgspec.structs.replace(finding, cluster=cluster, scope=scope)
        return [projects.rows[number].id for number in projects.of(changed)]

    assert of(one.cluster, one.id) == [one.id]
    assert of(one.cluster, "", other.namespaces[0]) == [other.id]
    assert of(one.cluster, one.id, other.namespaces[0]) == [one.id, other.id]
    assert of("local", one.id) == [one.id]
    assert of("harvester-b", "", one.namespaces[0]) == []
    assert of(one.cluster, "c-x:p-never-read") == ["c-x:p-never-read"]


@pytest.mark.parametrize(("number", "limit"), [(0, 0.2), (10_000, 3.0)])
def test_the_file_stays_small_enough_to_mail(number: int, limit: float) -> None:
    assert len(html.render(factory.report(number, projects=60)).encode()) < limit * MEGABYTE


def test_scripts_are_ordered_so_that_classes_stand_before_their_use() -> None:
    assert html.SCRIPTS[0] == "dom.js"
    assert html.SCRIPTS[-1] == "app.js"
    assert (FOLDER / "dom.js").read_text(encoding="utf-8").startswith('"use strict";')


def test_headings_skip_no_level(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Read(page).elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_an_empty_report_renders() -> None:
    empty = Report(
        tool=Tool("0"),
        date="2026-11-24",
        estate=EstateSummary((), "", {}),
        summary=factory.summary((), 0, 0),
        findings=(),
        gaps=(),
        not_evaluated=(),
    )
    assert "Nothing wrong was found." in html.render(empty)
