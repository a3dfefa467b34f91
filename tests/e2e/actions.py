"""Jobs of the three actions as tests need them, and what their artifacts
hold."""
import base64
import io
import json
import re
import zipfile

from sim import wait_for

NAME_TAG = re.compile(r" \[[0-9a-f]{8}\]$")
LONG = {"cloudshell": {"command": {"ms": 600000}}}     # settings


def start(**properties):
    """Configuration of Quali-Start-Sandbox; None leaves a property out."""
    given = {"BlueprintName": "Demo Blueprint", "DurationInMinutes": "30"}
    given.update(properties)
    return {k: v for k, v in given.items() if v is not None}


def run(component="SANDBOX", command="smoke test", **properties):
    given = {"ComponentName": component, "CommandName": command}
    given.update(properties)
    return {k: v for k, v in given.items() if v is not None}


def artifact_of(sandbox):
    """The input artifact of a job in this sandbox."""
    return {"json": {"id": sandbox}}


def bare_artifact_of(sandbox):
    """As the worker before this one wrote it."""
    text = json.dumps({"id": sandbox, "name": "there"}).encode()
    return {"base64": base64.b64encode(text).decode()}


def run_job(sim, sandbox, *args, **properties):
    """Queue a command in this sandbox."""
    return sim.job_add("run-command", configuration=run(*args, **properties),
                       input=artifact_of(sandbox))


def running_job(sim, worker, action="run-command"):
    """A job whose executor waits: (job, executor's pid)."""
    before = worker.executors()
    if action == "run-command":
        sim.settings(**LONG)
        job = run_job(sim, sim.sandbox_add())
        looks, what = "GetExecution", sim.wait_execution()["id"]
    else:
        sim.settings(cloudshell={"setup": "never"})
        job = sim.job_add("start-sandbox", configuration=start())
        looks, what = "GetSandbox", sim.wait_sandbox(
            lambda s: s["name"] != "there")["id"]
    wait_for(lambda: any(what in n["target"] for n in sim.requests(
        "cloudshell", looks)), "a look at it", worker.stderr)
    (pid,) = worker.executors() - before
    return job, pid


def members(data):
    """name -> bytes of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        assert z.testzip() is None
        return {name: z.read(name) for name in z.namelist()}


# --- whole pipelines ---

def whole(version="10", key=None):
    common = {"version": version}
    if key:
        common["encryption_key"] = key
    return [
        dict(common, name="start", action="start-sandbox",
             configuration=start(InputsJSON='{"Build": "17"}')),
        dict(common, name="component", action="run-command",
             configuration=run("web_ab12", "deploy", ArgumentsJSON="{}"),
             input_from="start", outputs=1),
        dict(common, name="sandbox", action="run-command",
             configuration=run(), input_from="start"),
        dict(common, name="end", action="end-sandbox", configuration={},
             input_from="start"),
    ]


def run_whole(sim, *args):
    told = sim.wait_pipeline(sim.pipeline_add(*whole(*args)))
    assert told["state"] == "Succeeded", told
    return {a["name"]: (sim.job(a["job"]), a["console"])
            for a in told["actions"]}
