"""Simulator and workers for a measurement, and what /proc says about them."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("QUALI_BUILD", os.path.join(SRC, "build"))
sys.path.insert(0, os.path.join(SRC, "tests", "e2e"))

# pylint: disable=wrong-import-position
from sim import Simulator                                       # noqa: E402
from worker import Worker, children                             # noqa: E402

PATIENCE_S = 300        # ends a measurement that hangs
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
RESULTS = ("PutJobSuccessResult", "PutJobFailureResult")


class Failed(Exception):
    """The measurement failed."""


def wait_until(check, what):
    end = time.monotonic() + PATIENCE_S
    while not check():
        if time.monotonic() >= end:
            raise Failed("waited %d s in vain for %s" % (PATIENCE_S, what))
        time.sleep(0.05)


def at(values, percent):
    values = sorted(values)
    return values[min(len(values) * percent // 100, len(values) - 1)]


def median(values):
    return statistics.median(values)


# --- /proc ---

def cpu_s(pid):
    """utime and stime, its own and its reaped children's, in seconds."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        fields = f.read().rpartition(") ")[2].split()
    return sum(int(n) for n in fields[11:15]) * TICK_S


def memory(pid):
    """Figures of smaps_rollup in MiB; "Private" is clean and dirty."""
    found = {}
    with open("/proc/%d/smaps_rollup" % pid, encoding="utf-8") as f:
        for line in f.readlines()[1:]:
            name, value = line.split()[:2]
            found[name.rstrip(":")] = int(value) / 1024
    found["Private"] = found["Private_Clean"] + found["Private_Dirty"]
    return found


def zygote(worker):
    return next(pid for pid, name in children(worker.pid).items()
                if name == "quali-zygote")


def tree_cpu_s(worker):
    """The supervisor with all that it has reaped, and the zygote."""
    return cpu_s(worker.pid) + cpu_s(zygote(worker))


def tree(worker):
    return [worker.pid, *children(worker.pid)]


# --- programs ---

class Rig:
    """A simulator and its workers; a context that ends them all."""

    def __init__(self, tls=False):
        self.folder = tempfile.mkdtemp(prefix="qjw-bench-")
        self.workers = []
        ca = None
        if tls:
            ca = os.path.join(self.folder, "ca")
            subprocess.run([os.path.join(SRC, "tests", "sim", "make-ca"), ca],
                           check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        self.sim = Simulator(os.path.join(BUILD, "quali-sim"), self.folder,
                             ca)
        self.ca = ca and os.path.join(ca, "ca.pem")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        wrong = []
        for worker in self.workers:
            wrong += worker.finish()
            worker.remove()
        self.sim.stop()
        shutil.rmtree(self.folder)
        if wrong:
            raise Failed("; ".join(wrong))

    def host(self, settings, env=None):
        """A worker that has not started, with its log at the default
        level."""
        worker = Worker(self.sim, BUILD, SRC, self.ca,
                        {"worker.log_level": None, **settings}, env)
        self.workers.append(worker)
        return worker

    def worker(self, settings):
        """A started worker that has polled."""
        worker = self.host(settings)
        worker.start()
        wait_until(lambda: self.sim.requests("codepipeline", "PollForJobs"),
                   "the first poll")
        return worker

    def requests(self, operation="", since=0):
        return self.sim.ask("GET", "/requests?since=%d&limit=1000000%s" % (
            since, "&operation=" + operation if operation else ""))["requests"]

    def forget(self):
        self.sim.ask("DELETE", "/requests")

    def wait_done(self, worker, jobs):
        """Wait until all jobs have a result in the simulator and no executor
        is left. Failed jobs are a fault."""
        counts = dict.fromkeys(RESULTS, 0)
        marks = dict.fromkeys(RESULTS, 0)

        def done():
            for operation in RESULTS:
                new = self.requests(operation, marks[operation])
                counts[operation] += len(new)
                if new:
                    marks[operation] = new[-1]["seq"] + 1
            return sum(counts.values()) >= jobs
        wait_until(done, "the end of %d jobs" % jobs)
        wait_until(lambda: not worker.executors(), "the end of executors")
        if counts["PutJobFailureResult"]:
            raise Failed("%d of %d jobs failed" % (
                counts["PutJobFailureResult"], jobs))

    # --- jobs ---

    def empty_jobs(self, count=1):
        """Jobs that end an already ended sandbox."""
        box = self.sim.sandbox_add()
        self.sim.sandbox_set(box, state="Ended")
        return self.sim.jobs_add("end-sandbox", count=count,
                                 input={"json": {"id": box}})

    def start_jobs(self, count=1):
        return self.sim.jobs_add("start-sandbox", count=count, configuration={
            "BlueprintName": "Demo Blueprint", "DurationInMinutes": "30"})


__all__ = ["BUILD", "SRC", "Failed", "Rig", "at", "children", "cpu_s",
           "median", "memory", "tree", "tree_cpu_s", "wait_until",
           "zygote"]
