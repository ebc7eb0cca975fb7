"""Measures the HTML report in a real Chromium: its size, and how soon a reader can use it. See README.md here."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright

from rbac_audit.audit.report import Report
from rbac_audit.report import html

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.report import factory  # the reports of the tests, of any number of findings

SIZES = (10_000, 100_000)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info")
MEGABYTE, MIB = 1_000_000, 1024 * 1024
# Each is called in the page, and says how many milliseconds it took until the result was drawn.
TIMED = """async (act) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const started = performance.now(); act(); await drawn(); return performance.now() - started;
}"""
SEARCH = (
    "() => { const field = document.querySelector('#search'); field.value = %r;"
    " field.dispatchEvent(new Event('input')) }"
)
SORT = "() => document.querySelector('.findings th[data-key=\"finding\"] button').click()"
GROUP = "() => { const box = document.querySelector('#group'); box.value = %r; box.dispatchEvent(new Event('change')) }"
FACET = "() => { document.querySelector('[data-facet=\"subject\"]').open = true }"


def measure(browser: Browser, report: Report, folder: Path) -> dict[str, float]:
    """Render one report, open it as a file in a fresh context, and use its list of findings."""
    file = folder / "report.html"
    started = time.perf_counter()
    file.write_text(html.render(report), encoding="utf-8")
    rendered = time.perf_counter() - started
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    started = time.perf_counter()
    page.goto(f"{file.as_uri()}#findings", wait_until="commit")
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    usable = time.perf_counter() - started
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    found = {
        "findings": len(report.findings),
        "render_s": rendered,
        "file_mb": file.stat().st_size / MEGABYTE,
        "first_content_ms": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"),
        "usable_ms": usable * 1000,
        "usable_cpu_ms": metrics["ProcessTime"] * 1000,
        "heap_mib": page.evaluate("performance.memory.usedJSHeapSize") / MIB,
        "dom_nodes": page.evaluate("document.querySelectorAll('*').length"),
        **_used(page, report),
    }
    context.close()
    return found


def _used(page: Page, report: Report) -> dict[str, float]:
    name = report.findings[-1].object.name if report.findings else "nobody"
    steps = {
        "first_search_ms": SEARCH % name,
        "next_search_ms": SEARCH % "console",
        "clear_ms": SEARCH % "",
        "sort_ms": SORT,
        "facet_ms": FACET,
        "group_ms": GROUP % "cause",
    }
    return {name: page.evaluate(f"() => ({TIMED})({act})") for name, act in steps.items()}


def _reports(sizes: list[int], files: list[Path]) -> list[Report]:
    made = [factory.report(size, projects=max(12, size // 200)) for size in sizes]
    return made + [msgspec.json.decode(file.read_bytes(), type=Report) for file in files]


def main() -> None:
    """Print one line a report: a table, or JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="numbers of findings")
    parser.add_argument("--report", type=Path, action="append", default=[], help="a report that --format json wrote")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=ARGUMENTS)
        for number, report in enumerate(_reports(given.sizes, given.report)):
            row = measure(browser, report, Path(folder))
            if given.json:
                print(json.dumps({name: round(value, 3) for name, value in row.items()}))
                continue
            if not number:
                print(" ".join(f"{name:>16}" for name in row))
            print(" ".join(f"{value:>16,.1f}" for value in row.values()), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
