"""What an operator sees: figures, liveness, readiness, and a log without patients."""

import re

import pytest
from conftest import TREE
from daemon_process import PROVIDERS, end_of, free_port

pytestmark = pytest.mark.timeout(120)


def test_the_log_holds_no_patient(shared, study, client):
    import pydicom

    name = str(pydicom.dcmread(next(study.iterdir())).PatientName)
    end_of(client, client.submit_study([study]))
    assert name
    assert name not in shared.log()


def test_figures_liveness_and_readiness(daemon, study):
    import urllib.error
    import urllib.request

    address = f"127.0.0.1:{free_port()}"
    daemon.environment |= {"CORDLINE_DAEMON__METRICS": address, PROVIDERS: "cuda,cpu"}
    daemon.start()
    with daemon.client() as client:
        end_of(client, client.submit_study([study]))

    def get(path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.read().decode()

    assert get("/live") == "alive\n"
    assert get("/ready") == "ready\n"
    page = get("/metrics")
    assert 'cordline_jobs{state="completed"} 1' in page
    assert 'cordline_jobs_ended_total{state="completed"} 1' in page
    assert 'cordline_stage_seconds_count{stage="segmenting"} 1' in page
    assert 'cordline_provider{provider="CPU"} 1' in page
    with pytest.raises(urllib.error.HTTPError):
        get("/etc/passwd")
    # Why each provider that was wanted more is not used, in one of few words.
    assert re.search(r'^cordline_provider_fallback\{provider="[\w-]+",reason="[a-z_]+"\} 1$', page, re.MULTILINE)
    # The dashboard draws nothing that the daemon does not tell. What a GPU tells is there where one is, and
    # in the daemon's own tests.
    drawn = (TREE / "packaging/grafana/cordline.json").read_text()
    for name in set(re.findall(r"cordline_[a-z_]+", drawn)):
        if name.startswith("cordline_gpu_"):
            continue
        assert f"\n{name}" in page or f"# TYPE {name.removesuffix('_total')} counter" in page, name
