"""What a job carries from one worker to the next when it is handed back: the
time it has left."""
import json
import time

from actions import LONG, artifact_of, run, running_job

HAND_BACK = {"worker.on_stop": "hand-back"}


def deadline(worker, job):
    """Of a claimed job, seconds of the wall clock."""
    return worker.ledger("SELECT deadline FROM job WHERE id = ?", job)[0][0]


def token_of(sim, job):
    return json.loads(sim.job(job)["continuationToken"])


def job_with(sim, box, **token):
    """A command's job that comes with a continuation token."""
    token.update(quali=1, intent="none", sandbox_ours=False,
                 stop_accepted=False)
    return sim.job_add("run-command", configuration=run(),
                       input=artifact_of(box),
                       continuationToken=json.dumps(token))


def test_token_tells_the_time_left(sim, make_worker):
    """The time a job has used up is taken off, and stays so with the worker
    that goes on with it."""
    worker = make_worker(dict(HAND_BACK, **{"run-command.timeout": "1h"})
                         ).start()
    job, _ = running_job(sim, worker)
    assert worker.stop() == 0
    latest = sim.job(job)["latest"]
    assert latest != job
    left = token_of(sim, latest)["left_s"]
    assert 0 < left < 3600
    other = make_worker({"run-command.timeout": "2h"}).start()
    sim.wait_job(latest, "InProgress")
    other.wait_ledger(latest, "ours")
    assert deadline(other, latest) <= time.time() + left + 1


def test_time_left_is_kept(sim, make_worker):
    """A job that comes with less time than the timeout gets no more."""
    sim.settings(**LONG)
    worker = make_worker({"run-command.timeout": "1h"}).start()
    first, _ = running_job(sim, worker)
    execution = sim.wait_execution()
    assert deadline(worker, first) > time.time() + 1800
    job = job_with(sim, execution["sandbox"], left_s=1,
                   sandbox_id=execution["sandbox"],
                   execution_id=execution["id"])
    console = sim.failed(job)
    assert "Timed out after" in console["message"]
    assert [e["cancelled"] for e in sim.executions()] == [True]


def test_more_time_than_the_timeout(sim, make_worker):
    """Nor does a token lengthen the timeout of the worker that takes it."""
    sim.settings(**LONG)
    worker = make_worker({"run-command.timeout": "10m"}).start()
    box = sim.sandbox_add()
    job = job_with(sim, box, left_s=7200)
    sim.wait_execution()
    assert deadline(worker, job) <= time.time() + 601
