"""Who a browser is: one page that says where to get in, and what a token allows before it is tried."""

import http.client
import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from gateway_process import Gateway

PAGE = {"Accept": "text/html,application/xhtml+xml"}
STUDY = "/cordline?StudyInstanceUIDs=1.2.3&x=%22%3E"


@pytest.fixture(scope="module")
def gateway(shared, program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("g")
    viewer = folder / "viewer"
    viewer.mkdir()
    (viewer / "index.html").write_text("<html><body>the viewer</body></html>")
    (viewer / "app.js").write_text("let a = 1;")
    gateway = Gateway(program, shared.endpoint, folder, "--ohif", str(viewer))
    yield gateway
    gateway.stop()


def get(gateway: Gateway, path: str, **headers) -> tuple[int, dict, str]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    connection.request("GET", path, headers=PAGE | headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.headers), answer.read().decode()


class Fields(HTMLParser):
    """The fields of a form, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value")


@pytest.mark.parametrize("cookie", ["", "cordline=nobody"])
def test_a_browser_without_a_token_gets_one_page_that_leads_in_and_on(gateway, cookie):
    status, headers, page = get(gateway, STUDY, Cookie=cookie)
    assert status == 401
    assert "the viewer" not in page
    assert "Research use only; not a medical device" in page
    assert "/enter?token=" in page
    assert headers["cache-control"] == "no-store"
    assert Fields(page).fields == {"to": STUDY, "token": None}
    # Nothing in it needs a script, which its policy would not let run.
    assert "<script" not in page

    status, headers, _ = get(gateway, f"/enter?token={gateway.viewer}&to={quote(STUDY, safe='')}")
    assert (status, headers["location"]) == (303, STUDY)
    token = re.match(r"cordline=([0-9a-f]+);", headers["set-cookie"])[1]
    status, _, page = get(gateway, STUDY, Cookie=f"cordline={token}")
    assert (status, "the viewer" in page) == (200, True)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "a\r\nb"])
def test_no_address_leads_from_here_to_another_site(gateway, elsewhere):
    _, headers, _ = get(gateway, f"/enter?token={gateway.viewer}&to={quote(elsewhere, safe='')}")
    assert headers["location"] == "/"
    _, _, page = get(gateway, f"/enter?token=nobody&to={quote(elsewhere, safe='')}")
    assert "evil" not in page


def test_a_token_that_is_not_known_is_said_on_the_page_and_to_programs(gateway):
    status, _, page = get(gateway, "/enter?token=0badc0de")
    assert (status, 'role="alert"' in page) == (401, True)
    assert "0badc0de" not in page
    status, _, text = get(gateway, "/enter?token=0badc0de", Accept="application/json")
    assert (status, json.loads(text)["code"]) == (401, "no_token")


def test_scripts_and_the_interface_are_served_as_before(gateway):
    assert get(gateway, "/app.js", Accept="*/*")[0] == 200
    status, _, text = get(gateway, "/api/v1/status")
    assert (status, json.loads(text)["code"]) == (401, "no_token")


@pytest.mark.parametrize("role", ["viewer", "submitter"])
def test_a_page_may_ask_whose_token_it_has(gateway, role):
    status, _, text = gateway.ask("GET", "/api/v1/session", token=getattr(gateway, role))
    assert (status, json.loads(text)) == (200, {"name": role, "role": role})
    assert gateway.ask("GET", "/api/v1/session", token=None)[0] == 401
