"""Whole pipelines: start, two commands, end."""
import json

import pytest

from actions import NAME_TAG, members, run_whole, whole

KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd"
PORTAL = {"cloudshell.portal_url": "https://portal.example",
          "run-command.output_variable": "yes"}


def test_start_hands_on_the_sandbox(sim, make_worker):
    """Start's artifact and variables describe the sandbox that was made."""
    make_worker(PORTAL).start()
    job, console = run_whole(sim)["start"]
    (box,) = sim.sandboxes()
    (output,) = job["outputs"]
    details = json.loads(members(sim.object(output))["sandbox.json"])
    assert (details["id"], details["name"]) == (box["id"], box["name"])
    assert NAME_TAG.search(box["name"]) and job["id"][:8] in box["name"]
    assert box["name"].startswith("Demo Blueprint - CodePipeline")
    assert len(box["name"]) <= 60
    assert box["params"] == [{"name": "Build", "value": "17"}]
    variables = console["variables"]
    assert variables["SandboxId"] == box["id"]
    assert variables["SandboxName"] == box["name"]
    assert variables["BlueprintName"] == "Demo Blueprint"
    assert variables["SandboxUrl"].startswith("https://portal.example/")
    assert box["id"] in variables["SandboxUrl"]
    assert variables["EndTime"] == details["end_time"]
    assert console["externalExecutionId"] == box["id"]
    assert console["summary"]


def test_commands_run_once_where_they_belong(sim, make_worker):
    """Each command runs once, in the right place; its output is handed on."""
    make_worker(PORTAL).start()
    jobs = run_whole(sim)
    (box,) = sim.sandboxes()
    first, second = sim.executions()
    assert (first["component"], first["command"]) == ("web_ab12-cd34",
                                                      "deploy")
    assert (second["component"], second["command"]) == ("", "smoke test")
    assert {first["sandbox"], second["sandbox"]} == {box["id"]}
    for name, execution in (("component", first), ("sandbox", second)):
        job, console = jobs[name]
        assert console["variables"] == {"ExecutionId": execution["id"],
                                        "CommandOutput": "done"}
        assert console["externalExecutionId"] == box["id"]
    (output,) = jobs["component"][0]["outputs"]
    assert list(members(sim.object(output)).values()) == [b"done"]


def test_end_ends_the_sandbox(sim, worker):
    """The sandbox is stopped once, and says so in the console."""
    assert worker.running()
    console = run_whole(sim)["end"][1]
    (box,) = sim.sandboxes()
    assert box["stops"] == 1 and box["state"] in ("Teardown", "Ended")
    assert console["externalExecutionId"] == box["id"]
    assert box["id"] in console["summary"]


@pytest.mark.parametrize("version", ["9", "10"])
@pytest.mark.parametrize("key", [None, KEY])
def test_versions_and_keys(sim, worker, version, key):
    """Both versions work, with the default key and with the pipeline's."""
    assert worker.running()
    for job, _ in run_whole(sim, version, key).values():
        assert job["version"] == version
        for output in job["outputs"]:
            told = sim.object_info(output)
            assert (told["kms"], told["kms_key"]) == (True, key)


def test_output_is_no_variable_by_default(sim, worker):
    """A command's output becomes a variable only if the setting says so."""
    assert worker.running()
    console = run_whole(sim)["sandbox"][1]
    assert set(console["variables"]) == {"ExecutionId"}


def test_many_pipelines_at_once(sim, worker):
    """Pipelines do not touch each other's sandboxes."""
    assert worker.running()
    pipelines = [sim.pipeline_add(*whole(), name="P%d" % i)
                 for i in range(4)]
    for pipeline in pipelines:
        assert sim.wait_pipeline(pipeline)["state"] == "Succeeded"
    boxes = sim.sandboxes()
    assert len(boxes) == 4 and {b["stops"] for b in boxes} == {1}
    assert sorted(e["sandbox"] for e in sim.executions()) == \
        sorted([b["id"] for b in boxes] * 2)
