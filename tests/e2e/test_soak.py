"""Many short jobs: what a worker holds does not grow with them.

QUALI_SOAK: how many (make soak: 10,000). Sanitizers keep what is freed, so
with them memory is only printed.
"""
import os
import subprocess
import time

from actions import artifact_of, run
from procs import descriptors, private_kib, tree, zombies, zygote
from sim import wait_for

JOBS = int(os.environ.get("QUALI_SOAK", "300"))
WARM = max(JOBS // 10, 100)
BATCH = 500             # jobs queued at once
SLOTS = 32
GROWTH_KIB = 256
ROW_MAX = 4096          # bytes of the ledger for one job, everything counted
WAL_MAX = 8 << 20       # SQLite checkpoints its log at 4 MB
HISTORY_S = 5


def sanitized(program):
    told = subprocess.run(["ldd", program], capture_output=True, text=True,
                          check=False, timeout=60)
    return "libasan" in told.stdout or "libubsan" in told.stdout


class Figures:
    """What the processes of an idle worker hold."""

    def __init__(self, worker):
        self.pids = tree(worker.pid)
        self.zombies = zombies(worker.pid)
        self.kib, self.fds = {}, {}
        for name, pid in (("supervisor", worker.pid),
                          ("zygote", zygote(worker))):
            self.kib[name] = private_kib(pid)
            self.fds[name] = sorted(
                t.partition(":")[0] if ":[" in t else t
                for t in descriptors(pid).values())
        self.ledger = sum(
            os.path.getsize(os.path.join(worker.state_dir, n))
            for n in os.listdir(worker.state_dir))
        self.rows = worker.ledger("SELECT count(*) FROM job")[0][0]

    def show(self, when):
        print("%s: private (dirty, clean) %s KiB, descriptors %s, ledger %d KiB with %d "
              "jobs, %d processes" % (
                  when, self.kib, {n: len(f) for n, f in self.fds.items()},
                  self.ledger >> 10, self.rows, len(self.pids)))
        return self


class Soak:
    def __init__(self, sim, worker):
        self.sim, self.worker = sim, worker
        self.box = sim.sandbox_add()
        self.done = self.checked = 0

    def succeeded(self):
        """How many jobs the worker has told to have succeeded."""
        for status in reversed(self.worker.notify.lines("STATUS")):
            words = status.split()
            if "succeeded," in words:
                return int(words[words.index("succeeded,") - 1])
        return 0

    def run(self, count):
        """Queue so many jobs and wait for the end of all of them."""
        while count > 0:
            batch = min(count, BATCH)
            jobs = self.sim.jobs_add("run-command", count=batch,
                                     configuration=run(),
                                     input=artifact_of(self.box))
            self.done += batch
            count -= batch
            wait_for(lambda: self.succeeded() >= self.done,
                     "%d successes" % self.done, self.succeeded)
            told = {j["id"]: j for j in self.sim.jobs()} if JOBS <= BATCH \
                else {j: self.sim.job(j) for j in jobs[:10]}
            for job in jobs if JOBS <= BATCH else jobs[:10]:
                assert told[job]["state"] == "Succeeded", told[job]
                assert len(told[job]["results"]) == 1
                self.checked += 1
            if JOBS > BATCH:
                self.sim.ask("DELETE", "/requests")

    def idle(self):
        """Wait until all is at rest, and look."""
        self.worker.wait_executors(0)
        wait_for(lambda: not zombies(self.worker.pid), "no zombies",
                 lambda: zombies(self.worker.pid))
        return Figures(self.worker)


def pruned(worker):
    """Wait until the history is as short as it shall be."""
    wait_for(lambda: worker.ledger("SELECT count(*) FROM job") == [(0,)],
             "an empty history", lambda: worker.ledger(
                 "SELECT state, count(*) FROM job GROUP BY state"))


def test_soak(sim, make_worker, capsys):
    """Descriptors, processes, zombies and memory are at the end what they were
    after the first tenth; the ledger forgets."""
    sim.settings(cloudshell={"command": {"ms": 0}})
    worker = make_worker({
        "worker.max_jobs": str(SLOTS), "worker.log_level": "warning",
        "worker.poll_interval": "100ms", "worker.wait_first": "10ms",
        "worker.wait_max": "50ms", "worker.max_request_rate": "1000",
        "worker.history": "%ds" % HISTORY_S}).start()
    soak = Soak(sim, worker)
    sim.wait_requests("codepipeline", "PollForJobs", 12)
    empty = soak.idle()         # aws-credentials has ended
    soak.run(WARM)
    before = soak.idle()
    began = time.monotonic()
    soak.run(JOBS - WARM)
    seconds = time.monotonic() - began
    after = soak.idle()
    with capsys.disabled():
        print()
        empty.show("at the start")
        before.show("after %d jobs" % WARM)
        after.show("after %d jobs" % JOBS)
        print("%.0f jobs per second, %d of them looked at" % (
            (JOBS - WARM) / seconds, soak.checked))
    assert after.pids == before.pids == empty.pids
    assert after.zombies == []
    assert after.fds["zygote"] == empty.fds["zygote"]
    assert held(after.fds["supervisor"]) == held(empty.fds["supervisor"])
    # Connections to CodePipeline are kept, a few.
    assert after.fds["supervisor"].count("socket") <= 16
    assert after.ledger <= empty.ledger + WAL_MAX + JOBS * ROW_MAX
    if not sanitized(worker.program):
        for name in after.kib:
            grown = after.kib[name][0] - before.kib[name][0]
            assert grown < GROWTH_KIB, (name, grown)
    pruned(worker)
    last = soak.idle()
    with capsys.disabled():
        last.show("after the history")
    assert last.ledger <= empty.ledger + WAL_MAX + JOBS * ROW_MAX


def held(fds):
    return [t for t in fds if t != "socket"]
