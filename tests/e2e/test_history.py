"""Finished jobs stay in the ledger as long as worker.history says."""
import sqlite3
import time

from actions import run_job
from sim import wait_for


def test_old_jobs_are_forgotten(sim, make_worker):
    """A job that ended longer ago is forgotten, a younger one is not, nor is
    one that is not over."""
    worker = make_worker({"worker.history": "2d"}).start()
    box = sim.sandbox_add()
    jobs = {}
    for name in ("old", "young"):
        jobs[name] = run_job(sim, box)
        sim.succeeded(jobs[name])
        worker.wait_ledger(jobs[name], "done")
    sim.settings(cloudshell={"command": {"ms": 600000}})
    jobs["running"] = run_job(sim, box)
    worker.wait_ledger(jobs["running"], "ours")
    sim.wait_execution(lambda e: e["status"] == "Running")
    now = int(time.time())
    db = sqlite3.connect(worker.state_dir + "/ledger.sqlite", timeout=60)
    with db:
        for name, days in (("old", 3), ("young", 1), ("running", 3)):
            db.execute("UPDATE job SET changed = ? WHERE id = ?",
                       (now - days * 86400, jobs[name]))
    db.close()
    wait_for(lambda: worker.ledger_state(jobs["old"]) is None,
             "the old job's end", lambda: worker.ledger(
                 "SELECT id, state, changed FROM job"))
    assert worker.ledger_state(jobs["young"]) == "done"
    assert worker.ledger_state(jobs["running"]) == "ours"
