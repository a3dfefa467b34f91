"""Many short jobs of all kinds: what a worker holds does not grow with them.

QUALI_SOAK: how many (make soak: 10,000). Sanitizers keep what is freed, so
with them memory is only printed.
"""
import os
import re
import signal
import time

from actions import artifact_of, run, start
from procs import (descriptors, private_kib, sanitized, tree, zombies,
                   zygote)
from sim import wait_for

JOBS = int(os.environ.get("QUALI_SOAK", "300"))
ROUND = max(min(500, JOBS // 6), 20)    # jobs queued at once
SLOTS = 32
KILLED = 8              # of each round
GROWTH_KIB = 256        # from the first third to the end
LATE_KIB = 96           # of it from the second third on
PAGE_KIB, CACHE_KIB = 4, 256    # of SQLite: it keeps so much of a ledger
OTHERS = 3              # sockets: to the zygote, and libcurl's pair
CONNECTIONS = 4         # to CodePipeline, kept while no poll is under way
USED_MAX = 4            # pages of a ledger that has forgotten its jobs: more
                        # than those of an empty one
HISTORY_S = 5


def tcp():
    """All TCP sockets, as link targets of descriptors."""
    found = set()
    for name in ("tcp", "tcp6"):
        with open("/proc/net/" + name, encoding="ascii") as f:
            found.update("socket:[%s]" % line.split()[9]
                         for line in f.readlines()[1:])
    return found


def sockets(pid):
    """The process's sockets of other kinds, and how many TCP ones."""
    all_of_it = [t for t in descriptors(pid).values()
                 if t.startswith("socket:")]
    rest = set(all_of_it) - tcp()
    return rest, len(all_of_it) - len(rest)


class Figures:
    """What the processes of an idle worker hold."""

    def __init__(self, worker):
        self.pids = tree(worker.pid)
        self.zombies = zombies(worker.pid)
        self.kib, self.fds = {}, {}
        for name, pid in (("supervisor", worker.pid),
                          ("zygote", zygote(worker))):
            self.kib[name] = private_kib(pid)
            # A connection that is being made is in no table yet.
            other = wait_for(lambda p=pid: (lambda s: s[0] if s[1] <=
                             CONNECTIONS and len(s[0]) <= OTHERS else None)(
                                 sockets(p)), "few sockets",
                             lambda p=pid: sockets(p))
            self.fds[name] = sorted(
                t.partition(":")[0] if ":[" in t else t
                for t in descriptors(pid).values()
                if not t.startswith("socket:") or t in other)
        self.rows = worker.ledger("SELECT count(*) FROM job")[0][0]
        # SQLite keeps the pages that it no longer needs, for later
        self.pages = [worker.ledger("PRAGMA " + what)[0][0] for what in (
            "page_count", "freelist_count")]

    @property
    def used(self):
        """Pages of the ledger that hold something."""
        return self.pages[0] - self.pages[1]

    def own(self, name):
        """KiB of the process's own memory, without the ledger's pages that
        SQLite keeps."""
        cache = min(CACHE_KIB, self.pages[0] * PAGE_KIB)
        return self.kib[name][0] - (cache if name == "supervisor" else 0)

    def show(self, when):
        print("%s: private (dirty, clean) %s KiB, descriptors %s, ledger with "
              "%d jobs: %d pages, %d of them free; %d processes" % (
                  when, self.kib, {n: len(f) for n, f in self.fds.items()},
                  self.rows, *self.pages, len(self.pids)))
        return self


class Soak:
    """Rounds of jobs: commands that end well or badly or are unknown, starts,
    ends, and executors that are killed."""

    def __init__(self, sim, worker):
        self.sim, self.worker = sim, worker
        self.box = sim.sandbox_add()
        self.good = self.bad = self.waited = 0
        sim.settings(cloudshell={
            "setup_ms": 0, "teardown_ms": 0, "command": {"ms": 0},
            "commands": {"smoke test": {"ms": 0, "status": "Failed",
                                        "output": "disk full"},
                         "restart": {"ms": 600000}}})
        blueprints = sim.ask("GET", "/settings")["cloudshell"]["blueprints"]
        blueprints[0]["component_commands"] += [{"name": "restart",
                                                 "params": []}]
        sim.settings(cloudshell={"blueprints": blueprints})
        self.box = sim.sandbox_add("with a restart")

    def told(self, word):
        """How many jobs the worker has reported with this end."""
        for status in reversed(self.worker.notify.lines("STATUS")):
            found = re.search("([0-9]+) " + word, status)
            if found:
                return int(found.group(1))
        return 0

    def ended(self):
        wait_for(lambda: (self.told("succeeded"), self.told("failed")) ==
                 (self.good, self.bad), "%d successes, %d failures" % (
                     self.good, self.bad),
                 lambda: self.worker.notify.lines("STATUS")[-1])

    def command(self, name, count, component="db"):
        return self.sim.jobs_add(
            "run-command", count=count, input=artifact_of(self.box),
            configuration=run(component, name))

    def judge(self, jobs, state):
        for job in jobs[:10]:
            told = self.sim.job(job)
            assert told["state"] == state, told
            assert [r["accepted"] for r in told["results"]] == [True]

    def run(self, count):
        """Run one round of jobs and wait until all have ended."""
        sim, tenth = self.sim, count // 10
        bad = self.command("smoke test", tenth, "SANDBOX") + \
            self.command("no such command", tenth)
        good = sim.jobs_add("start-sandbox", count=tenth,
                            configuration=start()) + \
            [sim.job_add("end-sandbox", configuration={}, input=artifact_of(
                sim.sandbox_add())) for _ in range(tenth)]
        good += self.command("deploy", count - 4 * tenth - KILLED)
        self.good += len(good)
        self.bad += len(bad)
        self.ended()
        self.judge(good, "Succeeded")
        self.judge(bad, "Failed")
        self.killed()
        if JOBS > 1000:
            sim.ask("DELETE", "/requests")

    def killed(self):
        jobs = self.command("restart", KILLED)
        self.waited += KILLED
        # looked at: so each is known to the worker, and will be cancelled
        wait_for(lambda: len({
            n["target"] for n in self.sim.requests(
                "cloudshell", "GetExecution")} & {
                    "/api/v2/executions/" + e["id"]
                    for e in self.sim.executions()
                    if e["command"] == "restart" and
                    not e["cancelled"]}) == KILLED,
                 "commands that wait", self.worker.stderr)
        for pid in self.worker.wait_executors(KILLED):
            os.kill(pid, signal.SIGKILL)
        self.bad += KILLED
        self.ended()
        self.judge(jobs, "Failed")
        # one executor after the other may clean up
        wait_for(lambda: [
            e["cancelled"] for e in self.sim.executions()
            if e["command"] == "restart"] == [True] * self.waited,
            "clean-up", self.worker.stderr)

    def run_all(self, count):
        while count > 0:
            self.run(min(count, ROUND))
            count -= ROUND

    def idle(self):
        """Wait until all is at rest, then look."""
        self.worker.wait_executors(0)
        wait_for(lambda: not self.worker.ledger(
            "SELECT 1 FROM job WHERE state NOT IN ('done', 'dropped')"),
            "no job at work", self.worker.stderr)
        wait_for(lambda: not zombies(self.worker.pid), "no zombies",
                 lambda: zombies(self.worker.pid))
        return Figures(self.worker)


def pruned(worker):
    """Wait until the history is as short as it should be."""
    wait_for(lambda: worker.ledger("SELECT count(*) FROM job") == [(0,)],
             "an empty history", lambda: worker.ledger(
                 "SELECT state, count(*) FROM job GROUP BY state"))


def test_soak(sim, make_worker, capsys):
    """Descriptors, processes, zombies and memory are at the end what they were
    after the first and the second third; the ledger forgets, and needs no more
    pages then than an empty one."""
    worker = make_worker({
        "worker.max_jobs": str(SLOTS), "worker.log_level": "warning",
        "worker.poll_interval": "100ms", "worker.wait_first": "10ms",
        "worker.wait_max": "50ms", "worker.max_request_rate": "1000",
        "worker.history": "%ds" % HISTORY_S}).start()
    soak = Soak(sim, worker)
    sim.wait_requests("codepipeline", "PollForJobs", 12)
    looks = [soak.idle()]       # aws-credentials has ended
    began = time.monotonic()
    for _ in range(3):
        soak.run_all(JOBS // 3)
        looks.append(soak.idle())
    seconds = time.monotonic() - began
    pruned(worker)
    looks.append(soak.idle())
    with capsys.disabled():
        print()
        for look, when in zip(looks, (
                "at the start", "after a third", "after two thirds",
                "after %d jobs" % JOBS, "after the history")):
            look.show(when)
        print("%.0f jobs per second" % (JOBS / seconds))
    empty, third, two, after, last = looks
    for look in looks:
        assert look.pids == empty.pids and look.zombies == []
        assert look.fds == empty.fds
    assert last.used <= empty.used + USED_MAX
    if not sanitized(worker.program):
        for name in after.kib:
            assert after.own(name) - third.own(name) < GROWTH_KIB, name
            assert after.own(name) - two.own(name) < LATE_KIB, name
