"""When and for how many jobs the worker polls, what it does about refusals
that concern all types, and how often executors look."""
import os
import re

import pytest

from actions import LONG, artifact_of, run, run_job
from sim import json_of, wait_for

PAUSE = {"x-amz-retry-after": "200000"}     # milliseconds
ONE_TYPE = {"worker.versions": "10", "start-sandbox.poll": "no",
            "end-sandbox.poll": "no"}


def polls(sim):
    return sim.requests("codepipeline", "PollForJobs")


def turns(worker, count=3):
    """Wait until the worker's loop has turned this often: by the watchdog,
    which must be on."""
    seen = len(worker.notify.lines("WATCHDOG"))
    wait_for(lambda: len(worker.notify.lines("WATCHDOG")) >= seen + count,
             "the watchdog", worker.stderr)


# --- how many jobs it asks for ---

def test_batches_are_bounded(sim, make_worker):
    """However many slots are free, one poll asks for 50 jobs at most: more
    could exceed the answer's limit."""
    make_worker(dict(ONE_TYPE, **{"worker.max_jobs": "1000"})).start()
    notes = sim.wait_requests("codepipeline", "PollForJobs", 3)
    assert {json_of(n)["maxBatchSize"] for n in notes} == {50}


def unasked(number):
    """A job that the simulator does not know, as PollForJobs tells it."""
    return {"id": "%08d-0000-4000-8000-000000000000" % number,
            "nonce": str(number), "accountId": "123456789012", "data": {
                "actionTypeId": {
                    "category": "Test", "owner": "Custom",
                    "provider": "Quali-Run-Command", "version": "10"},
                "actionConfiguration": {"configuration": run()},
                "pipelineContext": {
                    "pipelineName": "P", "stage": {"name": "S"},
                    "action": {"name": "A"}},
                "inputArtifacts": [], "outputArtifacts": []}}


def test_more_jobs_than_were_asked_for(sim, make_worker):
    """If an answer holds more jobs than asked for, the worker claims only as
    many as it asked for."""
    sim.fault("codepipeline", "PollForJobs", "body", {
        "body": {"jobs": [unasked(n) for n in (1, 2, 3)]}})
    worker = make_worker(dict(ONE_TYPE, **{"worker.max_jobs": "1"})).start()
    sim.wait_fault_used()
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    asked = [json_of(n)["jobId"][:8] for n in sim.requests(
        "codepipeline", "AcknowledgeJob")]
    assert asked[0] == "00000001" and len(asked) == 2
    assert worker.ledger("SELECT count(*) FROM job") == [(2,)]


# --- whose turn it is ---

def test_types_take_turns(sim, make_worker):
    """With a single slot and jobs of two types waiting, neither waits for the
    end of the other's queue."""
    box = sim.sandbox_add()
    version = {}
    for wanted in ("10", "9"):
        for job in sim.jobs_add("run-command", version=wanted, count=4,
                                configuration=run(), input=artifact_of(box)):
            version[job] = wanted
    make_worker({"worker.max_jobs": "1", "worker.poll_interval": "1h"}
                ).start()
    for job in version:
        sim.succeeded(job)
    claims = [version[json_of(n)["jobId"]] for n in sim.requests(
        "codepipeline", "AcknowledgeJob")]
    assert claims in (["10", "9"] * 4, ["9", "10"] * 4)


# --- pauses ---

def test_pause_that_is_asked_for(sim, make_worker):
    """All types keep a pause that AWS asks for, even those not polled yet."""
    sim.fault("codepipeline", "PollForJobs", "status", {
        "status": 503, "body": "", "headers": PAUSE}, count=-1)
    worker = make_worker({"worker.max_jobs": "1"},
                         {"WATCHDOG_USEC": "400000"}).start()
    worker.wait_stderr(r"next try in 200\.0 s")
    turns(worker)
    assert len(polls(sim)) == 1


def free_bytes(folder):
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def test_disk_that_is_almost_full(sim, make_worker):
    """With less than min_free bytes for the ledger the worker does not poll,
    and tells the operator."""
    worker = make_worker({"worker.min_free": str(1 << 40)},
                         {"WATCHDOG_USEC": "400000"})
    if free_bytes(worker.state_dir) >= 1 << 40:
        pytest.skip("the disk has more room than min_free may be")
    run_job(sim, sim.sandbox_add())
    worker.start()
    worker.wait_stderr("less than worker.min_free bytes are free")
    turns(worker)
    assert polls(sim) == [] and worker.running()


def test_executors_look_seldom_together(sim, make_worker):
    """All slots together stay under max_request_rate: with 2 slots and one
    request per second, each executor lets 2 seconds pass."""
    make_worker({"worker.max_jobs": "2", "worker.max_request_rate": "1",
                 "worker.wait_first": "10ms", "worker.wait_max": "50ms"}
                ).start()
    sim.settings(**LONG)
    run_job(sim, sim.sandbox_add())
    times = [n["time_ms"] for n in sim.wait_requests(
        "cloudshell", "GetExecution", 3)]
    # the executor takes the time before the pause, the simulator after the
    # request's way: a little less may show, never this much
    assert all(b - a > 1000 for a, b in zip(times, times[1:])), times


# --- clock and credentials ---

@pytest.mark.bad_signatures
@pytest.mark.parametrize("offset", [3600, -3600])
def test_clock_that_is_wrong(sim, make_worker, offset):
    """If the worker's clock is an hour off, it signs by AWS's."""
    sim.settings(codepipeline={"clock_offset_s": offset})
    make_worker().start()
    sim.succeeded(run_job(sim, sim.sandbox_add()))


@pytest.mark.bad_signatures
def test_credentials_that_were_changed(sim, make_worker, tmp_path):
    """When AWS begins to refuse the keys, the worker looks them up again: it
    finds a new pair in the file without a restart."""
    path = tmp_path / "credentials"
    text = ("[default]\naws_access_key_id = %s\n"
            "aws_secret_access_key = %s\n")
    path.write_text(text % ("AKIAFIRST", "first-secret-canary"),
                    encoding="utf-8")
    sim.settings(codepipeline={"worker_key": "AKIAFIRST",
                               "worker_secret": "first-secret-canary"})
    worker = make_worker(env={
        "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
        "AWS_SHARED_CREDENTIALS_FILE": str(path)}).start()
    box = sim.sandbox_add()
    sim.succeeded(run_job(sim, box))
    path.write_text(text % ("AKIASECOND", "second-secret-canary"),
                    encoding="utf-8")
    sim.settings(codepipeline={"worker_key": "AKIASECOND",
                               "worker_secret": "second-secret-canary"})
    sim.succeeded(run_job(sim, box))
    assert not re.search("secret-canary", worker.stderr())
