"""Quali-Start-Sandbox beyond the simplest case."""
import pytest

from actions import NAME_TAG, artifact_of, members, run, start


def add(sim, **properties):
    return sim.job_add("start-sandbox", configuration=start(**properties))


def refused(sim, **properties):
    """The console of a job that must fail without any sandbox."""
    console = sim.failed(add(sim, **properties))
    assert sim.sandboxes() == []
    return console


# --- setup that fails ---

def test_setup_error_is_told_and_ended(sim, worker):
    """The message has the feed's reason and the stage; the sandbox is
    ended."""
    assert worker.running()
    sim.settings(cloudshell={"setup": "error",
                             "setup_stage_stop": "Provisioning"})
    console = sim.failed(add(sim))
    (box,) = sim.sandboxes()
    assert console["type"] == "JobFailed"
    assert "'Setup' Blueprint command" in console["message"]
    assert "Provisioning" in console["message"]
    assert box["id"] in console["message"]
    assert box["stops"] == 1


def test_setup_error_is_kept(sim, make_worker):
    """on_setup_failure = keep leaves the sandbox and says so; nor does a
    clean-up end it afterwards."""
    worker = make_worker({"start-sandbox.on_setup_failure": "keep"}).start()
    sim.settings(cloudshell={"setup": "error"})
    job = add(sim)
    console = sim.failed(job)
    worker.wait_ledger(job, "done")     # a clean-up would come before
    (box,) = sim.sandboxes()
    assert (box["state"], box["stops"]) == ("Error", 0)
    assert box["id"] in console["message"] and "kept" in console["message"]
    assert "will end" not in console["message"]
    assert console["externalExecutionId"] == box["id"]


def test_sandbox_ended_by_somebody(sim, worker):
    """A sandbox that somebody ends during setup fails the action."""
    assert worker.running()
    sim.settings(cloudshell={"setup": "never"})
    job = add(sim)
    box = sim.wait_sandbox()
    sim.sandbox_set(box["id"], state="Ended")
    assert "ended" in sim.failed(job)["message"]


# --- inputs ---

def test_names_and_inputs(sim, worker):
    """SandboxName is used; numbers and booleans of InputsJSON are sent as
    text."""
    assert worker.running()
    sim.succeeded(add(sim, SandboxName="mine", InputsJSON=(
        '{"Build": 17, "Region": true}')))
    (box,) = sim.sandboxes()
    assert NAME_TAG.sub("", box["name"]) == "mine"
    assert {p["name"]: p["value"] for p in box["params"]} == {
        "Build": "17", "Region": "true"}


def test_blanks_around_names(sim, worker):
    """Blanks around a name do not count; control characters become blanks."""
    assert worker.running()
    sim.succeeded(add(sim, BlueprintName=" Demo\tBlueprint \n",
                      SandboxName="\t mi\nne\x7f "))
    (box,) = sim.sandboxes()
    assert NAME_TAG.sub("", box["name"]) == "mi ne"
    job = sim.job_add("run-command", configuration=run(
        " SANDBOX ", "\tsmoke test\n"), input=artifact_of(box["id"]))
    sim.succeeded(job)


def test_long_names_are_cut(sim, worker):
    """A long name is cut to 60 characters and keeps its tag."""
    assert worker.running()
    sim.succeeded(add(sim, SandboxName="\u00e9" * 80))
    (box,) = sim.sandboxes()
    assert len(box["name"]) == 60 and NAME_TAG.search(box["name"])


def test_plain_names(sim, make_worker):
    """tag_sandbox_names = no leaves the name as given."""
    make_worker({"worker.tag_sandbox_names": "no"}).start()
    sim.succeeded(add(sim, SandboxName="mine"))
    assert [b["name"] for b in sim.sandboxes()] == ["mine"]


@pytest.mark.parametrize("blank", [" ", "\n\t ", "{}"])
def test_blank_inputs(sim, worker, blank):
    """A blank InputsJSON means no inputs."""
    assert worker.running()
    sim.succeeded(add(sim, InputsJSON=blank))
    assert [b["params"] for b in sim.sandboxes()] == [[]]


@pytest.mark.parametrize("properties, word", [
    ({"InputsJSON": "{"}, "InputsJSON"),
    ({"InputsJSON": '["Build"]'}, "InputsJSON"),
    ({"InputsJSON": "17"}, "InputsJSON"),
    ({"InputsJSON": '{"Build": {"a": 1}}'}, "InputsJSON"),
    ({"DurationInMinutes": None}, "DurationInMinutes"),
    ({"DurationInMinutes": "soon"}, "DurationInMinutes"),
    ({"DurationInMinutes": "0"}, "DurationInMinutes"),
    ({"DurationInMinutes": "-5"}, "DurationInMinutes"),
    ({"BlueprintName": None}, "BlueprintName"),
    ({"BlueprintName": " "}, "BlueprintName"),
    ({"BlueprintName": "Nobody's"}, "Nobody's"),
    ({"BlueprintName": "../sandboxes"}, "../sandboxes"),
    ({"BlueprintName": "Private Blueprint"}, "Private Blueprint"),
])
def test_bad_configuration(sim, worker, properties, word):
    """Wrong properties fail at once as ConfigurationError and are named."""
    assert worker.running()
    console = refused(sim, **properties)
    assert console["type"] == "ConfigurationError", console
    assert word in console["message"]


def test_unknown_blueprint_lists_the_known(sim, worker):
    """The message lists what is published."""
    assert worker.running()
    message = refused(sim, BlueprintName="Nobody's")["message"]
    assert "Demo Blueprint" in message
    assert "Private Blueprint" not in message


def test_missing_blueprint_input(sim, worker):
    """CloudShell's own words about inputs reach the author."""
    assert worker.running()
    console = refused(sim, BlueprintName="Needs Input")
    assert "invalid inputs" in console["message"]


def test_configuration_values_stay_out_of_messages(sim, worker):
    """The text does not quote a faulty InputsJSON: its values may be
    secret."""
    assert worker.running()
    sim.secrets["input"] = "hunter2hunter2"
    for text in ('{"Password": "hunter2hunter2"', '"hunter2hunter2"',
                 '{"Password": ["hunter2hunter2"]}'):
        assert "hunter2" not in refused(sim, InputsJSON=text)["message"]


def test_conflicting_resources(sim, worker):
    """Resources in conflict fail the action with CloudShell's words."""
    assert worker.running()
    sim.settings(cloudshell={"conflicts": 1000})
    assert "conflicting" in refused(sim)["message"]


# --- artifacts ---

def test_no_output_artifact(sim, worker):
    """Without an output artifact the variables still name the sandbox."""
    assert worker.running()
    job = sim.job_add("start-sandbox", configuration=start(), outputs=0)
    variables = sim.succeeded(job)["console"]["variables"]
    assert [variables["SandboxId"]] == [b["id"] for b in sim.sandboxes()]
    assert sim.requests("s3") == []


def test_artifact_that_cannot_be_written(sim, worker):
    """A start whose artifact is refused is a failure and ends its sandbox."""
    assert worker.running()
    sim.settings(s3={"kms_denied": True})
    console = sim.failed(add(sim))
    (box,) = sim.sandboxes()
    assert console["type"] == "PermissionError"
    assert box["stops"] == 1


def test_upload_is_repeated(sim, worker):
    """A passing fault of S3 costs nothing but time."""
    assert worker.running()
    sim.fault("s3", "PutObject", "error", {
        "code": "SlowDown", "status": 503, "message": "slow down"})
    job = sim.succeeded(add(sim))
    assert "sandbox.json" in members(sim.object(job["outputs"][0]))


# --- starts that are not answered ---

def test_lost_start_is_adopted(sim, worker):
    """The worker finds the sandbox of a lost start by its name: there is one
    sandbox."""
    assert worker.running()
    sim.fault("cloudshell", "StartSandbox", "close")
    job = sim.succeeded(add(sim))
    (box,) = sim.sandboxes()
    assert job["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1
