"""Continuation tokens: hand-back without an executor, tokens that a restart
finds, tokens of others."""
import json
import os
import signal

from actions import artifact_of, run, run_job
from procs import zygote


def test_hand_back_without_an_executor(sim, make_worker):
    """A claimed job whose executor has not come yet is handed back, too."""
    worker = make_worker({"worker.on_stop": "hand-back",
                          "worker.stop_grace": "2s"}).start()
    os.kill(zygote(worker), signal.SIGSTOP)
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, "ours")
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "Continued"
    assert sim.executions() == []


def claimed_with(sim, worker, token):
    """A job with this token, whose worker was killed during its claim and
    started again."""
    sim.settings(codepipeline={"redeliver_ms": 500})
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    job = sim.job_add("run-command", configuration=run(),
                      input=artifact_of(sim.sandbox_add()),
                      continuationToken=token)
    sim.wait_requests("codepipeline", "AcknowledgeJob")
    worker.kill()
    worker.start()
    return job


def test_foreign_token_after_a_restart(sim, worker):
    """A token that this version did not write: the job is not begun anew."""
    job = claimed_with(sim, worker, '{"quali":2,"execution_id":"x"}')
    told = sim.failed(job)
    assert told["type"] == "ConfigurationError"
    assert "continuation token" in told["message"]
    assert sim.executions() == []


def test_foreign_token_is_not_handed_back(sim, make_worker):
    """What is not understood is not handed back as an empty token, which the
    next worker would begin anew: not after a restart either, when the token is
    not known yet."""
    worker = make_worker({"worker.on_stop": "hand-back"}).start()
    sim.fault("codepipeline", "GetJobDetails", "status",
              {"status": 503, "body": ""}, count=-1)
    job = claimed_with(sim, worker, '{"quali":2,"execution_id":"x"}')
    sim.wait_requests("codepipeline", "GetJobDetails")
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "InProgress"
    sim.clear_faults()
    worker.start()
    assert "continuation token" in sim.failed(job)["message"]
    assert sim.executions() == []


def test_time_of_a_token_after_a_restart(sim, worker):
    """The time that a token leaves is not filled up by a restart."""
    job = claimed_with(sim, worker, json.dumps({
        "quali": 1, "left_s": 60, "intent": "none", "sandbox_ours": False,
        "stop_accepted": False}))
    sim.succeeded(job)
    worker.wait_ledger(job, "done")
    ((left,),) = worker.ledger("SELECT deadline - claimed FROM job "
                               "WHERE id = ?", job)
    assert left <= 61
