"""What a job carries from one worker to the next when it is handed back: what
it has begun, the time it has left, and who may know of it."""
import json
import os
import time

import pytest

from actions import LONG, members, run_job, running_job, start, whole
from sim import PASSWORD, json_of, wait_for
from token_oracle import Owner, facts, key_of, owner_of, queue

HAND_BACK = {"worker.on_stop": "hand-back"}
OTHER = "another password"


def deadline(worker, job):
    """Of a claimed job, seconds of the wall clock."""
    return worker.ledger("SELECT deadline FROM job WHERE id = ?", job)[0][0]


def token_of(sim, job):
    return sim.job(job)["continuationToken"]


def handed_back(sim, worker, action="start-sandbox"):
    """A running job that this worker gives back: the job that follows."""
    job, _ = running_job(sim, worker, action)
    assert worker.stop() == 0
    latest = sim.job(job)["latest"]
    assert latest != job
    return latest


def calls(sim):
    """How often CloudShell was called."""
    return len(sim.requests("cloudshell"))


def goes_on(sim, job):
    """The start that was handed back ends well, with the sandbox it had."""
    (box,) = sim.sandboxes()
    assert (box["starts"], box["stops"]) == (1, 0)
    sim.sandbox_set(box["id"], state="Ready")
    told = sim.succeeded(job)
    assert told["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.sandboxes()) == 1


def refused(sim, job, why, before):
    """The job fails and names its sandbox, which was left alone."""
    (box,) = sim.sandboxes()
    console = sim.failed(job)
    assert console["type"] == "ConfigurationError"
    assert why in console["message"]
    assert "names sandbox %s:" % box["id"] in console["message"]
    assert (box["starts"], box["stops"]) == (1, 0)
    assert calls(sim) == before


# --- the token ---

def test_token_is_that_of_the_page(sim, make_worker):
    """quali-job-protocol(7) tells each byte of it."""
    sim.settings(cloudshell={"setup": "never"})
    worker = make_worker(HAND_BACK).start()
    job = sim.job_add("start-sandbox", pipeline="A.b", stage="St@ge",
                      name="St-art", configuration=start(
                          SandboxName="Größe \"2\" \\ <&> \U0001f600"))
    wait_for(lambda: sim.requests("cloudshell", "GetSandbox"),
             "a look at the sandbox")
    assert worker.stop() == 0
    latest = sim.job(sim.job(job)["latest"])
    (box,) = sim.sandboxes()
    told = json.loads(latest["continuationToken"])
    assert (told["sandbox_id"], told["sandbox_name"]) == (
        box["id"], box["name"])
    owner = Owner(latest)
    assert owner.wrote(latest["continuationToken"])
    assert not owner.wrote(latest["continuationToken"], key_of(OTHER))


def test_token_of_the_oracle(sim, worker):
    """What an implementation of the page writes is taken: the control of all
    tests with forged tokens. Control characters and their escapes, too."""
    box = sim.sandbox_add()
    owner = owner_of("start-sandbox")
    job = queue(sim, owner, owner.sign(facts(
        sandbox_id=box, sandbox_ours=True, sandbox_name="there",
        giving_up="no \"\x1f\x7f\\u001f\n\u2028 artifact")), box)
    console = sim.failed(job)
    assert console["type"] == "JobFailed"
    assert " before a restart: " in console["message"]
    assert sim.sandbox(box)["stops"] == 1
    assert worker.ledger_state(job) is not None


# --- the time ---

def test_token_tells_the_time_left(sim, make_worker):
    """The time a job has used up is taken off, and stays so with the worker
    that goes on with it."""
    worker = make_worker(dict(HAND_BACK, **{"run-command.timeout": "1h"})
                         ).start()
    latest = handed_back(sim, worker, "run-command")
    left = json.loads(token_of(sim, latest))["left_s"]
    assert 0 < left < 3600
    other = make_worker({"run-command.timeout": "2h"}).start()
    sim.wait_job(latest, "InProgress")
    other.wait_ledger(latest, "ours")
    assert deadline(other, latest) <= time.time() + left + 1


def test_more_time_than_the_timeout(sim, make_worker):
    """Nor does a token lengthen the timeout of the worker that takes it."""
    worker = make_worker(dict(HAND_BACK, **{"run-command.timeout": "2h"})
                         ).start()
    latest = handed_back(sim, worker, "run-command")
    assert json.loads(token_of(sim, latest))["left_s"] > 3600
    other = make_worker({"run-command.timeout": "10m"}).start()
    sim.wait_job(latest, "InProgress")
    other.wait_ledger(latest, "ours")
    assert deadline(other, latest) <= time.time() + 601


def test_time_left_is_kept(sim, make_worker):
    """A job that comes with less time than the timeout gets no more."""
    sim.settings(**LONG)
    worker = make_worker({"run-command.timeout": "1h"}).start()
    first = run_job(sim, sim.sandbox_add())
    execution = sim.wait_execution()
    wait_for(lambda: worker.ledger("SELECT 1 FROM job WHERE facts LIKE ?",
                                   "%" + execution["id"] + "%"),
             "the execution on disk")
    assert deadline(worker, first) > time.time() + 1800
    owner = owner_of("run-command")
    job = queue(sim, owner, owner.sign(facts(
        left_s=1, sandbox_id=execution["sandbox"],
        execution_id=execution["id"])), execution["sandbox"])
    console = sim.failed(job)
    assert "Timed out after" in console["message"]
    assert [e["cancelled"] for e in sim.executions()] == [True]


# --- the whole way ---

def test_pipeline_over_three_workers(sim, make_worker):
    """One hands back its start, the next its command; nothing happens twice,
    and the last one ends the pipeline."""
    sim.settings(cloudshell={"setup": "never"})
    first = make_worker(HAND_BACK).start()
    pipeline = sim.pipeline_add(*whole())
    box = sim.wait_sandbox()["id"]
    wait_for(lambda: sim.requests("cloudshell", "GetSandbox"),
             "a look at the sandbox")
    assert first.stop() == 0
    sim.settings(cloudshell={"command": {"ms": 600000}})
    second = make_worker(HAND_BACK).start()
    sim.sandbox_set(box, state="Ready")
    execution = sim.wait_execution()["id"]
    wait_for(lambda: sim.requests("cloudshell", "GetExecution"),
             "a look at the execution")
    assert second.stop() == 0
    sim.settings(cloudshell={"command": {"ms": 200}})
    sim.ask("POST", "/executions/" + execution, {"ms": 0})
    make_worker().start()
    told = sim.wait_pipeline(pipeline)
    assert told["state"] == "Succeeded", told
    assert [(s["starts"], s["stops"]) for s in sim.sandboxes()] == [(1, 1)]
    assert [e["command"] for e in sim.executions()] == [
        "deploy", "smoke test"]
    component = [a for a in told["actions"] if a["name"] == "component"][0]
    (output,) = sim.job(component["job"])["outputs"]
    assert list(members(sim.object(output))) == ["output.txt"]


def test_restart_between_claim_and_start(sim, make_worker):
    """The token comes a second time, with GetJobDetails."""
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    sim.settings(codepipeline={"redeliver_ms": 500})
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    seen = len(sim.requests("codepipeline", "AcknowledgeJob"))
    other = make_worker().start()
    sim.wait_requests("codepipeline", "AcknowledgeJob", seen + 1)
    other.kill()
    other.start()
    goes_on(sim, latest)
    assert sim.job(latest)["details_calls"] == 1


def test_password_of_the_environment(sim, make_worker):
    """It is the same key, wherever the password comes from."""
    variable = {"CLOUDSHELL_PASSWORD": PASSWORD}
    latest = handed_back(sim, make_worker(dict(
        HAND_BACK, **{"cloudshell.password_file": None}), variable).start())
    make_worker().start()
    goes_on(sim, latest)


def test_password_of_a_file_to_the_environment(sim, make_worker):
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    make_worker({"cloudshell.password_file": None},
                {"CLOUDSHELL_PASSWORD": PASSWORD}).start()
    goes_on(sim, latest)


# --- another password ---

@pytest.mark.parametrize("how", ["password", "user", "domain"])
def test_worker_with_another(sim, make_worker, how):
    """A worker with another password, user or domain leaves the sandbox alone,
    and so does its restart."""
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    settings = {} if how == "password" else {"cloudshell." + how: "other"}
    other = make_worker(settings)
    if how == "password":
        other.write_password(OTHER)
    before = calls(sim)
    other.start()
    refused(sim, latest, "another CloudShell user or password", before)
    other.wait_ledger(latest, "done")
    assert other.stop() == 0
    other.start()
    assert calls(sim) == before


def test_right_password_after_a_restart(sim, make_worker):
    """A worker with another password claims the job and dies before the answer;
    with the right one it goes on from the token, it does not begin anew."""
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    sim.settings(codepipeline={"redeliver_ms": 500})
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    seen = len(sim.requests("codepipeline", "AcknowledgeJob"))
    other = make_worker()
    other.write_password(OTHER)
    other.start()
    sim.wait_requests("codepipeline", "AcknowledgeJob", seen + 1)
    other.kill()
    other.write_password(PASSWORD)
    other.start()
    goes_on(sim, latest)


def test_other_password_after_a_restart(sim, make_worker):
    """A job that has begun needs its token no more: the worker restarts with
    another password and goes on."""
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    other = make_worker().start()
    (box,) = sim.sandboxes()
    looks = len(sim.requests("cloudshell", "GetSandbox"))
    sim.wait_requests("cloudshell", "GetSandbox", looks + 1)
    assert other.stop() == 0
    assert sim.job(latest)["state"] == "InProgress"
    sim.settings(cloudshell={"password": OTHER})
    sim.secrets["other password"] = OTHER
    other.write_password(OTHER)
    other.start()
    goes_on(sim, latest)
    assert sim.sandbox(box["id"])["stops"] == 0


def test_password_changes_while_it_runs(sim, make_worker):
    """The worker follows its file: it takes a token made with the new password
    after one made with the old."""
    other = make_worker().start()
    owner = owner_of("run-command")
    box = sim.sandbox_add()
    sim.succeeded(queue(sim, owner, owner.sign(facts(sandbox_id=box)), box))
    sim.settings(cloudshell={"password": OTHER})
    sim.secrets["other password"] = OTHER
    other.write_password(OTHER)
    sim.succeeded(queue(sim, owner, owner.sign(facts(sandbox_id=box),
                                               key_of(OTHER)), box))
    console = sim.failed(queue(sim, owner, owner.sign(facts(sandbox_id=box)),
                               box))
    assert "names sandbox %s:" % box in console["message"]
    assert sim.sandbox(box)["stops"] == 0


def test_hand_back_follows_the_file(sim, make_worker):
    """A password that has changed meanwhile makes the token."""
    worker = make_worker(HAND_BACK).start()
    job, _ = running_job(sim, worker)
    worker.write_password(OTHER)
    assert worker.stop() == 0
    latest = sim.job(sim.job(job)["latest"])
    assert latest["id"] != job
    owner = Owner(latest)
    assert owner.wrote(latest["continuationToken"], key_of(OTHER))


# --- no password ---

def test_no_password_to_verify_with(sim, make_worker):
    """The file is gone since the start of the worker: the job is not begun
    anew."""
    latest = handed_back(sim, make_worker(HAND_BACK).start())
    sim.job_set(latest, "Abandoned")        # not to be had yet
    other = make_worker().start()
    os.unlink(other.password_path)
    before = calls(sim)
    sim.job_set(latest, "Queued")
    refused(sim, latest, "could not read the CloudShell password", before)


def test_no_password_to_hand_back_with(sim, make_worker):
    """The job stays with its worker."""
    worker = make_worker(HAND_BACK).start()
    job, _ = running_job(sim, worker, "start-sandbox")
    os.unlink(worker.password_path)
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "InProgress"
    worker.write_password(PASSWORD)
    worker.start()
    goes_on(sim, job)


def test_no_token_in_the_log(sim, make_worker):
    """It lets anybody try passwords."""
    worker = make_worker(HAND_BACK).start()
    latest = handed_back(sim, worker)
    other = make_worker()
    other.write_password(OTHER)
    other.start()
    sim.failed(latest)
    mac = json.loads(token_of(sim, latest))["mac"]
    puts = [json_of(n) for n in sim.requests("codepipeline",
                                             "PutJobFailureResult")]
    assert mac not in worker.stderr() + other.stderr() + json.dumps(puts)
