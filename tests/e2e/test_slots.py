"""max_jobs when CodePipeline or CloudShell does not work: what the worker then
claims and starts, and how often it asks."""
import os
import signal

from actions import artifact_of, run, run_job, start
from sim import wait_for

DENIED = {"code": "AccessDeniedException", "message": "not authorized"}


def test_results_that_cannot_be_reported(sim, make_worker):
    """They hold their slots, so that the worker claims no more than it can
    report; once the fault is gone all goes on."""
    worker = make_worker({"worker.max_jobs": "2",
                          "worker.poll_interval": "100ms"}).start()
    for operation in ("PutJobSuccessResult", "PutJobFailureResult"):
        sim.fault("codepipeline", operation, "error", DENIED, count=-1)
    sim.jobs_add("run-command", configuration=run(), count=30,
                 input=artifact_of(sim.sandbox_add()))
    seen = 0

    def stands_still():
        nonlocal seen
        held = worker.ledger("SELECT count(*) FROM job")[0][0]
        tries = len(sim.requests("codepipeline", "PutJobSuccessResult"))
        still = held == seen and tries >= 6 * held
        seen = held
        return still
    wait_for(stands_still, "no more claims", worker.stderr)
    assert seen < 30
    sim.clear_faults()
    wait_for(lambda: all(j["state"] == "Succeeded" for j in sim.jobs()),
             "all jobs", worker.stderr)


def test_clean_ups_wait_for_slots(sim, make_worker):
    """However many clean-ups are due, no more executors run than max_jobs."""
    worker = make_worker({"worker.max_jobs": "1"}).start()
    sim.settings(cloudshell={"setup": "never"})
    sim.fault("cloudshell", "StopSandbox", "error",
              {"status": 400, "message": "no"}, count=-1)
    for i in range(3):
        job = sim.job_add("start-sandbox", configuration=start())
        wait_for(lambda n=i + 1: len(sim.sandboxes()) == n, "a sandbox",
                 worker.stderr)
        wait_for(lambda j=job: worker.ledger(
            "SELECT facts FROM job WHERE id = ? AND facts LIKE "
            "'%\"sandbox_id\"%'", j), "its record", worker.stderr)
        for pid in worker.executors():
            os.kill(pid, signal.SIGKILL)
        worker.wait_ledger(job, "result")
    sim.clear_faults()
    most = 0

    def all_ended():
        nonlocal most
        most = max(most, len(worker.executors()))
        return all(b["stops"] for b in sim.sandboxes())
    wait_for(all_ended, "all clean-ups", worker.stderr)
    assert most <= 1


def test_known_jobs_make_no_poll_follow(sim, make_worker):
    """CodePipeline keeps offering a job while its claim fails: polls and
    acknowledges keep their pauses."""
    worker = make_worker({"worker.poll_interval": "1s",
                          "worker.max_jobs": "6"}).start()
    sim.settings(codepipeline={"redeliver_ms": 0})
    sim.fault("codepipeline", "AcknowledgeJob", "status",
              {"status": 503, "body": ""}, count=5)
    job = run_job(sim, sim.sandbox_add())
    sim.succeeded(job)
    acks = sim.requests("codepipeline", "AcknowledgeJob")
    span = acks[-1]["time_ms"] - acks[0]["time_ms"]
    polls = [n for n in sim.requests("codepipeline", "PollForJobs")
             if acks[0]["time_ms"] <= n["time_ms"] <= acks[-1]["time_ms"]]
    assert len(acks) == 6
    # six types, at the earliest every 800 ms each
    assert len(polls) <= 6 * (span / 800 + 2), span
