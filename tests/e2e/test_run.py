"""Quali-Run-Command beyond the simplest case."""
import pytest

from actions import artifact_of, bare_artifact_of, members, run, run_job


@pytest.fixture(name="box")
def fixture_box(sim, worker):
    """A Ready sandbox, with a worker to run jobs in it."""
    assert worker.running()
    return sim.sandbox_add()


# --- where it runs ---

@pytest.mark.parametrize("component, command, hit", [
    ("SANDBOX", "smoke test", ""), ("db", "deploy", "db"),
    ("web_ab12-cd34", "deploy", "web_ab12-cd34"),
    ("web_ab", "deploy", "web_ab12-cd34"),
    ("web_ef[0-9]+", "deploy", "web_ef56-ab78"),
    ("w.*-cd34$", "deploy", "web_ab12-cd34")])
def test_component_names(sim, box, component, command, hit):
    """SANDBOX, an exact name and an anchored expression find one target."""
    sim.succeeded(run_job(sim, box, component, command))
    (execution,) = sim.executions()
    assert (execution["component"], execution["command"]) == (hit, command)


@pytest.mark.parametrize("component, shown", [
    ("nothing", ["web_ab12-cd34", "web_ef56-ab78", "db"]),
    ("b", ["web_ab12-cd34"]),                       # anchored at the start
    ("web_", ["web_ab12-cd34", "web_ef56-ab78"]),
    ("sandbox", ["db"]), ("(", [])])
def test_component_not_found(sim, box, component, shown):
    """No hit or several fail and list the candidates; nothing runs."""
    console = sim.failed(run_job(sim, box, component, "deploy"))
    assert console["type"] == "ConfigurationError"
    for name in shown:
        assert name in console["message"]
    assert sim.executions() == []


def test_exact_name_wins(sim, box):
    """An exact name wins although, as an expression, it matches others,
    too."""
    blueprints = sim.ask("GET", "/settings")["cloudshell"]["blueprints"]
    blueprints[0]["components"] = ["db", "db2"]
    sim.settings(cloudshell={"blueprints": blueprints})
    other = sim.sandbox_add("two")
    assert box != other
    sim.succeeded(run_job(sim, other, "db", "deploy"))
    assert [e["component"] for e in sim.executions()] == ["db"]


def test_unknown_command_lists_the_known(sim, box):
    """An unknown command fails, and the text lists the known ones."""
    console = sim.failed(run_job(sim, box, "SANDBOX", "smoke"))
    assert console["type"] == "ConfigurationError"
    assert "smoke test" in console["message"]


@pytest.mark.parametrize("component, command", [
    ("db", "deploy"), ("SANDBOX", "smoke test")])
def test_arguments(sim, box, component, command):
    """Arguments go to component and sandbox commands, as texts."""
    sim.succeeded(run_job(sim, box, component, command, ArgumentsJSON=(
        '{"a": "x y", "n": 5, "f": 1.5, "t": true, "e": ""}')))
    (execution,) = sim.executions()
    assert {p["name"]: p["value"] for p in execution["params"]} == {
        "a": "x y", "n": "5", "f": "1.5", "t": "true", "e": ""}


@pytest.mark.parametrize("properties, word", [
    ({"ArgumentsJSON": "{"}, "ArgumentsJSON"),
    ({"ArgumentsJSON": "[1]"}, "ArgumentsJSON"),
    ({"ArgumentsJSON": '{"a": [1]}'}, "ArgumentsJSON"),
    ({"command": None}, "CommandName"),
    ({"component": None}, "ComponentName")])
def test_bad_configuration(sim, box, properties, word):
    """Wrong properties fail at once as ConfigurationError and are named."""
    console = sim.failed(run_job(sim, box, **properties))
    assert console["type"] == "ConfigurationError"
    assert word in console["message"]
    assert sim.executions() == []


# --- how it ends ---

@pytest.mark.parametrize("status", ["Failed", "Error", "Cancelled",
                                    "Stopped", "Whatever"])
def test_unsuccessful_ends(sim, box, status):
    """Failed, cancelled and unknown ends fail the action with the output."""
    sim.settings(cloudshell={"command": {"status": status,
                                         "output": "disk full"}})
    console = sim.failed(run_job(sim, box))
    assert console["type"] == "JobFailed"
    assert status in console["message"]
    assert "smoke test" in console["message"]
    if status not in ("Cancelled", "Stopped"):
        assert "disk full" in console["message"]


def test_no_output(sim, box):
    """A command without output fails with its status, and can succeed."""
    sim.settings(cloudshell={"command": {"output": "", "status": "Failed"}})
    assert "Failed" in sim.failed(run_job(sim, box))["message"]
    sim.settings(cloudshell={"command": {"status": "Completed"}})
    job = sim.job_add("run-command", configuration=run(), outputs=1,
                      input=artifact_of(box))
    (output,) = sim.succeeded(job)["outputs"]
    assert list(members(sim.object(output)).values()) == [b""]


def test_large_output(sim, make_worker):
    """Megabytes go to the artifact whole and to the variable cut."""
    make_worker({"run-command.output_variable": "yes"}).start()
    sim.settings(cloudshell={"command": {"output_bytes": 3000000}})
    job = sim.job_add("run-command", configuration=run(), outputs=1,
                      input=artifact_of(sim.sandbox_add()))
    told = sim.succeeded(job)
    (data,) = members(sim.object(told["outputs"][0])).values()
    assert len(data) == 3000000
    shown = told["console"]["variables"]["CommandOutput"]
    assert 10000 < len(shown) < 122880 and shown[:1000] in data.decode()


def test_large_output_of_a_failure(sim, box):
    """The end of a long output is what the message shows."""
    sim.settings(cloudshell={"command": {"output_bytes": 100000,
                                         "status": "Failed"}})
    message = sim.failed(run_job(sim, box))["message"]
    assert 1000 < len(message) <= 5000
    assert "0123456789abcdef" in message


# --- its sandbox ---

@pytest.mark.parametrize("artifact", [
    artifact_of, bare_artifact_of,
    lambda box: {"zip": {"sandbox.json": '{"id": "%s"}' % box,
                         "readme.txt": "x"}}])
def test_artifact_forms(sim, box, artifact):
    """ZIP, ZIP with more in it, and bare JSON are read."""
    sim.succeeded(sim.job_add("run-command", configuration=run(),
                              input=artifact(box)))
    assert [e["sandbox"] for e in sim.executions()] == [box]


@pytest.mark.parametrize("artifact, types", [
    (None, {"ConfigurationError"}),
    ({"missing": True}, {"RevisionUnavailable"}),
    ({"base64": ""}, {"ConfigurationError"}),
    ({"base64": "bm8="}, {"ConfigurationError"}),
    ({"zip": {"other.txt": "x"}}, {"ConfigurationError"}),
    ({"json": {"name": "no id"}}, {"ConfigurationError"}),
    ({"json": ["id"]}, {"ConfigurationError"}),
    ({"json": {"id": "../login"}}, {"ConfigurationError", "JobFailed"})])
def test_useless_artifacts(sim, worker, artifact, types):
    """Without an artifact, or with one that names no sandbox, the action fails
    at once."""
    assert worker.running()
    console = sim.failed(sim.job_add("run-command", configuration=run(),
                                     input=artifact))
    assert console["type"] in types, console
    assert "artifact" in console["message"] or "sandbox" in console["message"]
    assert sim.executions() == []


@pytest.mark.parametrize("state", ["Error", "Teardown", "Ended", "Setup"])
def test_sandbox_that_is_not_ready(sim, box, state):
    """If the sandbox is not Ready the action fails and names the state."""
    sim.sandbox_set(box, state=state)
    console = sim.failed(run_job(sim, box))
    assert state in console["message"] and sim.executions() == []


def test_sandbox_that_is_gone(sim, box):
    """The text names a sandbox that CloudShell no longer knows."""
    sim.sandbox_set(box, remove=True)
    assert box in sim.failed(run_job(sim, box))["message"]


# --- never twice ---

def test_lost_start_is_not_repeated(sim, box):
    """The worker does not repeat a command's unanswered start."""
    sim.fault("cloudshell", "StartSandboxCommand", "close")
    console = sim.failed(run_job(sim, box))
    assert "may have run" in console["message"]
    assert len(sim.executions()) == 1


def test_start_refused_by_quota_is_repeated(sim, box):
    """A start refused by the request quota did nothing and is repeated."""
    sim.fault("cloudshell", "StartSandboxCommand", "error", {
        "status": 429, "message": "Request rate quota has been exceeded"})
    sim.succeeded(run_job(sim, box))
    assert len(sim.executions()) == 1


def test_login_is_renewed(sim, box):
    """A token that expires during the wait costs one new login."""
    sim.settings(cloudshell={"command": {"ms": 1500},
                             "token_life_ms": 500})
    sim.succeeded(run_job(sim, box))
    assert len(sim.executions()) == 1
    assert len(sim.requests("cloudshell", "Login")) > 1


def test_expired_artifact_credentials(sim, box):
    """Expired credentials are renewed by GetJobDetails, and the transfer is
    done."""
    sim.settings(codepipeline={"job_token_life_ms": 1500})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 2000})
    job = sim.succeeded(run_job(sim, box))
    assert job["details_calls"] >= 1
    codes = [n["status"] for n in sim.requests("s3", "GetObject")]
    assert codes[-1] == 200


def test_refused_artifact_credentials(sim, box):
    """When GetJobDetails is refused the job fails and says so."""
    sim.settings(codepipeline={"job_token_life_ms": 1})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 100})
    sim.fault("codepipeline", "GetJobDetails", "error", {
        "code": "AccessDeniedException", "message": "not allowed"},
        count=-1)
    console = sim.failed(run_job(sim, box))
    assert sim.executions() == [] and console["message"]
