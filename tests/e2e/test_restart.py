"""Stopping, parking, dying and going on."""
import pytest

from actions import run_job, running_job, start
from sim import wait_for
from worker import alive

# Keeps an executor from seeing that its command has ended.
BLIND = ("cloudshell", "GetExecution", "status", {"status": 503, "body": ""})


def waiting_command(sim, worker):
    """A command that is over as soon as its executor can see it: (job,
    execution)."""
    sim.fault(*BLIND, count=-1)
    job = run_job(sim, sim.sandbox_add())
    execution = sim.wait_execution()
    wait_for(lambda: worker.ledger(
        "SELECT 1 FROM job WHERE id = ? AND facts LIKE ?", job,
        "%" + execution["id"] + "%"), "the execution on disk",
        lambda: worker.ledger("SELECT * FROM job"))
    return job, execution["id"]


def went_on(sim, job, execution):
    """The worker sees the command's end, and the command ran once."""
    sim.clear_faults()
    told = sim.succeeded(job)
    assert [e["id"] for e in sim.executions()] == [execution]
    assert told["console"]["variables"]["ExecutionId"] == execution
    assert told["acknowledged"] == 1


# --- SIGTERM ---

def test_command_is_parked_and_resumed(sim, worker):
    """SIGTERM parks a running command; the next start waits on for it and
    does not start it again."""
    job, execution = waiting_command(sim, worker)
    assert worker.stop() == 0
    assert worker.notify.lines("STOPPING") == ["1"]
    assert sim.job(job)["state"] == "InProgress"
    assert [e["cancelled"] for e in sim.executions()] == [False]
    worker.start()
    went_on(sim, job, execution)


def test_start_is_parked_and_resumed(sim, worker):
    """SIGTERM parks a start; the next start takes its sandbox up again."""
    job, pid = running_job(sim, worker, "start-sandbox")
    assert worker.stop() == 0
    assert not alive(pid)
    (box,) = sim.sandboxes()
    assert (sim.job(job)["state"], box["stops"]) == ("InProgress", 0)
    worker.start()
    sim.sandbox_set(box["id"], state="Ready")
    told = sim.succeeded(job)
    assert told["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.sandboxes()) == 1
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1


def test_stops_polling_at_once(sim, make_worker):
    """After SIGTERM the worker neither polls nor claims, while a job may
    finish within stop_grace."""
    worker = make_worker({"worker.stop_grace": "1m"}).start()
    job, execution = waiting_command(sim, worker)
    worker.terminate()
    wait_for(lambda: worker.notify.lines("STOPPING"), "STOPPING=1",
             worker.stderr)
    later = run_job(sim, sim.sandbox_add("two"))
    polls = len(sim.requests("codepipeline", "PollForJobs"))
    went_on(sim, job, execution)
    assert worker.wait() == 0
    assert len(sim.requests("codepipeline", "PollForJobs")) <= polls + 1
    assert sim.job(later)["state"] == "Queued"


def test_resume_needs_fresh_details(sim, worker):
    """After a restart the job's data comes from GetJobDetails: no secret was
    kept."""
    job, _ = running_job(sim, worker, "start-sandbox")
    worker.stop()
    assert sim.job(job)["details_calls"] == 0
    worker.start()
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    assert sim.succeeded(job)["details_calls"] >= 1


def test_hand_back(sim, make_worker):
    """on_stop = hand-back returns the job; another worker goes on with it."""
    worker = make_worker({"worker.on_stop": "hand-back"}).start()
    job, _ = running_job(sim, worker, "start-sandbox")
    assert worker.stop() == 0
    told = sim.job(job)
    assert told["state"] == "Continued" and told["latest"] != job
    (box,) = sim.sandboxes()
    assert box["stops"] == 0
    make_worker().start()
    sim.sandbox_set(box["id"], state="Ready")
    told = sim.succeeded(told["latest"])
    assert told["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.sandboxes()) == 1


def test_hand_back_of_a_command(sim, make_worker):
    """The next worker does not start a handed-back command again."""
    worker = make_worker({"worker.on_stop": "hand-back"}).start()
    job, execution = waiting_command(sim, worker)
    assert worker.stop() == 0
    latest = sim.job(job)["latest"]
    assert latest != job
    make_worker().start()
    went_on(sim, latest, execution)


def test_parked_while_the_reason_is_read(sim, make_worker):
    """A worker stopped while it reads why a setup failed reads it after the
    restart."""
    sim.settings(cloudshell={"setup": "error"})
    sim.fault("cloudshell", "GetActivity", "hang")
    job = sim.job_add("start-sandbox", configuration=start())
    worker = make_worker(
        {"start-sandbox.on_setup_failure": "keep"}).start()
    sim.wait_requests("cloudshell", "GetActivity")
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "InProgress"
    worker.start()
    message = sim.failed(job)["message"]
    assert "'Setup' Blueprint command" in message and "kept" in message
    assert [b["stops"] for b in sim.sandboxes()] == [0]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_given_up_before_a_restart(sim, make_worker, end):
    """S3 denied the artifact and the sandbox is ending; the worker dies before
    it can say so. After the restart the sandbox is still Ready, and the
    artifact could be written: the action fails all the same."""
    sim.settings(cloudshell={"stop_lag_polls": 1000})
    sim.fault("s3", "*", "error", {
        "status": 403, "code": "AccessDenied", "message": "no"})
    sim.fault("cloudshell", "StopSandbox", "hang-after")
    job = sim.job_add("start-sandbox", configuration=start())
    worker = make_worker({"worker.http_timeout": "3s"}).start()
    sim.wait_requests("cloudshell", "StopSandbox")
    if end == "stop":
        assert worker.stop() == 0
    else:
        worker.kill()
    worker.start()
    (box,) = sim.sandboxes()
    message = sim.failed(job)["message"]
    for word in (box["id"], "AccessDenied", "was ended", "restart"):
        assert word in message, message
    assert box["state"] == "Ready"


# --- kill -9 ---

def test_killed_supervisor_leaves_nobody(sim, worker):
    """kill -9 of the supervisor: no executor survives, and the restart goes
    on without a second start."""
    job, execution = waiting_command(sim, worker)
    pids = worker.wait_executors(1)
    worker.kill()
    wait_for(lambda: not any(map(alive, pids)), "the executors' end")
    assert [e["cancelled"] for e in sim.executions()] == [False]
    worker.start()
    went_on(sim, job, execution)


def test_killed_supervisor_during_a_start(sim, worker):
    """kill -9 during a setup: the restart waits for the same sandbox."""
    job, pid = running_job(sim, worker, "start-sandbox")
    worker.kill()
    wait_for(lambda: not alive(pid), "the executor's end")
    worker.start()
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1


def test_killed_before_the_start_was_answered(sim, worker):
    """kill -9 while StartSandbox is open: the restart adopts the sandbox."""
    sim.fault("cloudshell", "StartSandbox", "hang-after")
    job = sim.job_add("start-sandbox", configuration=start())
    box = sim.wait_sandbox()
    worker.kill()
    worker.start()
    told = sim.succeeded(job)
    assert told["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.sandboxes()) == 1


def test_killed_before_the_command_was_answered(sim, worker):
    """kill -9 while a command's start is open: it is not started again, and
    the message says that it may have run."""
    sim.fault("cloudshell", "StartSandboxCommand", "hang-after")
    job = run_job(sim, sim.sandbox_add())
    sim.wait_execution()
    worker.kill()
    worker.start()
    assert "may have run" in sim.failed(job)["message"]
    assert len(sim.executions()) == 1


def test_killed_before_the_acknowledge_was_answered(sim, worker):
    """kill -9 while AcknowledgeJob is open, which did not take effect: the
    job is claimed again and runs once."""
    sim.settings(codepipeline={"redeliver_ms": 500})
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    job = run_job(sim, sim.sandbox_add())
    sim.wait_requests("codepipeline", "AcknowledgeJob")
    worker.kill()
    worker.start()
    told = sim.succeeded(job)
    assert told["acknowledged"] == 1 and len(sim.executions()) == 1


@pytest.mark.parametrize("choice, state", [("drop", "dropped"),
                                           ("run", "done")])
def test_ambiguous_claim(sim, make_worker, choice, state):
    """A claim whose answer was lost is dropped or run, as ambiguous_claim
    says."""
    worker = make_worker({"worker.ambiguous_claim": choice}).start()
    sim.fault("codepipeline", "AcknowledgeJob", "close")
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, state)
    told = sim.job(job)
    if choice == "run":
        assert told["state"] == "Succeeded"
    else:
        assert (told["state"], told["results"]) == ("InProgress", [])
        assert sim.executions() == []


def test_killed_before_the_result_was_taken(sim, worker):
    """kill -9 while the result is sent: it is reported after the restart,
    once."""
    sim.fault("codepipeline", "PutJobSuccessResult", "hang")
    job = run_job(sim, sim.sandbox_add())
    sim.wait_requests("codepipeline", "PutJobSuccessResult")
    worker.kill()
    assert worker.ledger_state(job) == "result"
    worker.start()
    told = sim.succeeded(job)
    assert [r["accepted"] for r in told["results"]].count(True) == 1
    assert len(sim.executions()) == 1


def test_damaged_ledger(sim, worker):
    """The worker sets a damaged ledger aside and goes on working."""
    worker.stop()
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        path = worker.state_dir + "/" + name
        try:
            with open(path, "wb"):
                pass
        except FileNotFoundError:
            pass
    with open(worker.state_dir + "/ledger.sqlite", "r+b") as f:
        f.write(b"\xff" * 4096)
    worker.start()
    worker.wait_stderr("damaged")
    sim.succeeded(run_job(sim, sim.sandbox_add()))


def test_deadline_is_kept_across_a_restart(sim, make_worker):
    """A job's time runs on while no worker does."""
    worker = make_worker({"start-sandbox.timeout": "6s"}).start()
    job, _ = running_job(sim, worker, "start-sandbox")
    (deadline,) = worker.ledger("SELECT deadline FROM job WHERE id = ?",
                                job)[0]
    worker.stop()
    worker.start()
    assert worker.ledger("SELECT deadline FROM job WHERE id = ?",
                         job) == [(deadline,)]
    assert "Timed out" in sim.failed(job)["message"]
