"""The TypeScript client against a real gateway: its example in Node, and `connect` in Node and in a browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from gateway_process import Gateway
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save

pytestmark = pytest.mark.timeout(240)
TREE = Path(__file__).parents[2]
SDK = TREE / "plugin-sdk/typescript"
GRID = sagittal_grid()


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The package as it is published, in a folder of its own, with `ws` beside it."""
    if not (SDK / "node_modules/ws").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=SDK, check=True, timeout=120)
    folder = tmp_path_factory.mktemp("user")
    packed = subprocess.run(
        ["npm", "pack", "--json", "--pack-destination", folder], cwd=SDK, check=True, capture_output=True, text=True
    )
    installed = folder / "node_modules/@cordline/sdk"
    installed.mkdir(parents=True)
    [archive] = json.loads(packed.stdout)
    subprocess.run(["tar", "-xf", folder / archive["filename"], "-C", installed, "--strip-components=1"], check=True)
    shutil.copytree(SDK / "node_modules/ws", folder / "node_modules/ws")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.fixture(scope="module")
def gateway(shared, program, package, tmp_path_factory):
    """Serves the package's own code beside a page, as a site would."""
    pages = tmp_path_factory.mktemp("pages")
    (pages / "index.html").write_text("<!doctype html><title>A page of the gateway</title>")
    shutil.copytree(package / "node_modules/@cordline/sdk/dist", pages / "sdk")
    gateway = Gateway(program, shared.endpoint, tmp_path_factory.mktemp("gateway"), "--ohif", pages)
    yield gateway
    gateway.stop()


def node(package: Path, script: str | Path, *words, token: str | None = None) -> subprocess.CompletedProcess:
    command = ["node", script] if isinstance(script, Path) else ["node", "--input-type=module", "--eval", script, "--"]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"} | ({"CORDLINE_TOKEN": token} if token else {})
    return subprocess.run(
        [*command, *map(str, words)], cwd=package, env=environment, capture_output=True, text=True, timeout=120
    )


def url_of(gateway: Gateway) -> str:
    return f"http://127.0.0.1:{gateway.port}"


def test_the_example_sends_a_study_and_prints_its_masks(package, gateway, client, tmp_path):
    save(classic(draw(GRID), GRID, Protocol(study="by typescript")), tmp_path / "study")
    (tmp_path / "study/notes.txt").write_text("no DICOM file")
    (tmp_path / "out").mkdir()
    example = package / "node_modules/@cordline/sdk/examples/watch-folder.mjs"
    ran = node(package, example, tmp_path / "study", url_of(gateway), tmp_path / "out", token=gateway.submitter)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "Research use only; not a medical device"
    assert sum(line.startswith("section ") for line in lines) >= GRID.shape[0]
    assert any(line.startswith("completed: ") for line in lines), ran.stdout
    # What came is what the daemon has.
    [summary] = client.list_jobs(limit=1)["jobs"]
    [seg] = [file for file in client.files(summary["job"]) if file["kind"] == "segmentation"]
    assert (tmp_path / "out/segmentation.dcm").read_bytes() == client.download(summary["job"], seg)
    # Again: the same job, nothing is sent, and its events are there from the first.
    again = node(package, example, tmp_path / "study", url_of(gateway), token=gateway.submitter)
    assert again.stdout.splitlines() == [line for line in lines if not line.startswith("fetched ")]
    assert client.list_jobs(limit=1)["jobs"][0]["job"] == summary["job"]


CONNECT = """
import { connect, ConnectError, Rejected } from "@cordline/sdk";
const [url] = process.argv.slice(1).filter((word) => word !== "--");
try {
  const client = await connect(url, process.env.CORDLINE_TOKEN);
  console.log(client.welcome.role, (await client.ask("list", {})).jobs.length >= 0);
  client.close();
} catch (error) {
  const lost = error instanceof ConnectError ? "lost" : "other";
  console.log(error instanceof Rejected ? `refused ${error.fault.code}` : lost);
  console.log(error.message);
}
"""


def test_why_there_is_no_connection_is_said(package, gateway):
    told = node(package, CONNECT, url_of(gateway), token=gateway.viewer)
    assert told.stdout.split() == ["viewer", "true"], told.stderr
    for token in ("0" * 64, None):
        refused = node(package, CONNECT, url_of(gateway), token=token)
        assert refused.stdout.splitlines()[0].startswith("refused "), refused.stdout + refused.stderr
    nobody = node(package, CONNECT, "http://127.0.0.1:9", token=gateway.viewer)
    assert nobody.stdout.splitlines()[0] == "lost"
    assert "nobody answers" in nobody.stdout
    wrong = node(package, CONNECT, "127.0.0.1:8080")
    assert wrong.stdout.splitlines()[0] == "other"


def test_without_a_websocket_the_package_that_is_missing_is_named(package, gateway):
    if int(subprocess.run(["node", "--version"], capture_output=True, text=True).stdout[1:].split(".")[0]) >= 22:
        pytest.skip("this Node has a WebSocket of its own")
    (package / "node_modules/ws").rename(package / "ws-away")
    try:
        told = node(package, CONNECT, url_of(gateway), token=gateway.viewer)
    finally:
        (package / "ws-away").rename(package / "node_modules/ws")
    assert "`ws`" in told.stdout and "Node 22" in told.stdout  # noqa: PT018


BROWSER = """
import { chromium } from "playwright-core";
const [url, token, other] = process.argv.slice(1).filter((word) => word !== "--");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto(url);
const saw = await page.evaluate(async ([token, other]) => {
  const { connect } = await import("/sdk/index.js");
  const asked = async (...words) => {
    try {
      const client = await connect(...words);
      const answer = await client.ask("list", {});
      client.close();
      return Array.isArray(answer.jobs) ? "jobs" : "nothing";
    } catch (error) {
      return error.fault?.code ?? error.message;
    }
  };
  return {
    before: await asked(location.origin),
    wrong: await asked(location.origin, "0".repeat(64)),
    withToken: await asked(location.origin, token),
    withCookie: await asked(location.origin),
    elsewhere: await asked(other, token),
    visible: document.cookie,
  };
}, [token, other]);
console.log(JSON.stringify(saw));
await browser.close();
"""


def test_a_page_of_the_gateway_connects_with_a_token_and_then_with_its_cookie(gateway):
    browser = TREE / "tests/browser"
    if not (browser / "node_modules/playwright-core").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=browser, check=True, timeout=120)
    ran = node(browser, BROWSER, url_of(gateway), gateway.submitter, "http://127.0.0.1:9")
    assert ran.returncode == 0, ran.stderr
    saw = json.loads(ran.stdout)
    assert saw["before"] == saw["wrong"] == "no_token", saw
    assert saw["withToken"] == saw["withCookie"] == "jobs", saw
    assert "only the gateway that it came from" in saw["elsewhere"]
    assert saw["visible"] == "", "no page can read the token"
