"""Quali-End-Sandbox beyond the simplest case."""
import base64

import pytest

from actions import artifact_of, bare_artifact_of, run


@pytest.fixture(name="box")
def fixture_box(sim, worker):
    """A Ready sandbox, with a worker to end it."""
    assert worker.running()
    return sim.sandbox_add()


def add(sim, artifact, **configuration):
    return sim.job_add("end-sandbox", configuration=configuration,
                       input=artifact)


@pytest.mark.parametrize("artifact", [artifact_of, bare_artifact_of])
def test_artifact_forms(sim, box, artifact):
    """ZIP and bare JSON name the sandbox to end."""
    sim.succeeded(add(sim, artifact(box)))
    assert sim.sandbox(box)["stops"] == 1


def test_accepted_is_enough(sim, box):
    """Without WaitForTeardown the action succeeds while teardown runs."""
    sim.settings(cloudshell={"teardown": "never"})
    sim.succeeded(add(sim, artifact_of(box)))
    assert sim.sandbox(box)["state"] == "Teardown"


@pytest.mark.parametrize("ended", ["ended", "404"])
def test_waits_for_teardown(sim, box, ended):
    """WaitForTeardown: the sandbox has ended when the action succeeds."""
    sim.settings(cloudshell={"ended": ended, "stop_lag_polls": 2})
    sim.succeeded(add(sim, artifact_of(box), WaitForTeardown="true"))
    assert sim.sandbox(box)["state"] == "Ended"


def test_waits_by_setting(sim, make_worker):
    """wait_for_teardown = yes is the default of the property."""
    make_worker({"end-sandbox.wait_for_teardown": "yes"}).start()
    sim.succeeded(add(sim, artifact_of(sim.sandbox_add())))
    assert [b["state"] for b in sim.sandboxes()] == ["Ended"]


def test_failed_teardown(sim, box):
    """Teardown errors of the feed fail an action that waits for them."""
    sim.settings(cloudshell={"teardown": "failed"})
    console = sim.failed(add(sim, artifact_of(box), WaitForTeardown="true"))
    assert console["type"] == "JobFailed"
    assert "'Teardown' Blueprint command" in console["message"]
    assert box in console["message"]


@pytest.mark.parametrize("wait", ["true", "false"])
def test_already_ended(sim, box, wait):
    """A sandbox that has ended counts as ended."""
    sim.sandbox_set(box, state="Ended")
    sim.succeeded(add(sim, artifact_of(box), WaitForTeardown=wait))


def test_forgotten_sandbox(sim, box):
    """A sandbox that CloudShell no longer knows counts as ended, but the
    summary does not say that it had."""
    sim.sandbox_set(box, remove=True)
    console = sim.succeeded(add(sim, artifact_of(box)))["console"]
    assert "not known to CloudShell" in console["summary"]
    assert "had ended" not in console["summary"]


@pytest.mark.parametrize("form", [artifact_of, bare_artifact_of])
@pytest.mark.parametrize("name", [
    "a/../b", "..", ".", ".hidden", "", "a b", "a%2fb", "a?b", "a#b", "a*b",
    "a\\b", "a\nb", "\u00e4", "x" * 65, None, ["a"], {"id": "a"}])
def test_odd_ids(sim, worker, name, form):
    """An id that may not be part of a URL is no id: CloudShell hears
    nothing, and the console gets no link."""
    assert worker.running()
    for action in ("end-sandbox", "run-command"):
        console = sim.failed(sim.job_add(
            action, input=form(name), configuration={} if
            action == "end-sandbox" else run()))
        assert console["type"] == "ConfigurationError"
        assert '"id"' in console["message"]
        assert not console.get("externalExecutionId")
    assert sim.requests("cloudshell") == []


@pytest.mark.parametrize("name", ["x" * 64, "A-b_c.9", "7"])
def test_plain_ids(sim, worker, name):
    """Ids that only look unusual reach CloudShell."""
    assert worker.running()
    console = sim.succeeded(add(sim, artifact_of(name)))["console"]
    assert "not known to CloudShell" in console["summary"]


def test_older_servers(sim, box):
    """If a server refuses the v2 stop, the worker tries v1."""
    sim.settings(cloudshell={"stop_v2_refused": True})
    sim.succeeded(add(sim, artifact_of(box)))
    assert sim.sandbox(box)["stops"] == 1


@pytest.mark.parametrize("artifact, kind", [
    (None, "ConfigurationError"), ({"missing": True}, "RevisionUnavailable"),
    ({"base64": "bm8="}, "ConfigurationError")])
def test_useless_artifacts(sim, worker, artifact, kind):
    """Without an artifact, or with one that names no sandbox, the action fails
    at once."""
    assert worker.running()
    console = sim.failed(add(sim, artifact))
    assert console["type"] == kind and "artifact" in console["message"]


def test_bad_flag(sim, box):
    """WaitForTeardown must be true or false; nothing is ended otherwise."""
    console = sim.failed(add(sim, artifact_of(box), WaitForTeardown="maybe"))
    assert console["type"] == "ConfigurationError"
    assert sim.sandbox(box)["stops"] == 0


@pytest.mark.parametrize("text", [
    '\ufeff{"id": "%s"}', '{"id": "%s", "note": "cut \\ud83d"}'],
    ids=["byte order mark", "half a pair"])
@pytest.mark.parametrize("packed", [True, False])
def test_careless_artifacts(sim, box, text, packed):
    """As editors and servers write them."""
    text = text % box
    sim.succeeded(add(sim, {"zip": {"sandbox.json": text}} if packed else {
        "base64": base64.b64encode(text.encode()).decode()}))
    assert sim.sandbox(box)["stops"] == 1
