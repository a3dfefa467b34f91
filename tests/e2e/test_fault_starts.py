"""Starts whose answer is lost while the sandbox appears late: the worker
forgets none."""
import threading
import time

import pytest

from actions import start
from faults import FAST, told
from sim import wait_for

BUSY = ("error", {"status": 400,
                  "message": "Blueprint has conflicting resources"})


def queued_start(sim, name="mine"):
    """A start that no worker polls for yet: its job and sandbox name."""
    job = sim.job_add("start-sandbox", configuration=start(SandboxName=name))
    return job, "%s [%s]" % (name, job[:8])


def starts(sim):
    return len(sim.requests("cloudshell", "StartSandbox"))


def looks(sim):
    return len(sim.requests("cloudshell", "ListSandboxes"))


class Late(threading.Thread):
    """Makes the sandbox of a lost start at a given time, like a server that
    goes on with a start after its connection broke."""

    def __init__(self, sim, name, when, count=1):
        super().__init__(daemon=True)
        self.sim, self.name, self.when = sim, name, when
        self.count, self.ids = count, []

    def run(self):
        wait_for(self.when, "the time for a late sandbox")
        for i in range(self.count):
            time.sleep(i)       # one later than the other
            self.ids.append(self.sim.sandbox_add(self.name))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join()


def ready(sim):
    return [b["id"] for b in sim.sandboxes() if b["stops"] == 0]


# --- lost, and found late ---

def test_late_sandbox_is_waited_for(sim, make_worker):
    """A start may take CloudShell four times http_timeout: the worker takes
    over a sandbox that appears after 16 s, and starts no other."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    job, name = queued_start(sim)
    worker = make_worker(dict(FAST, **{"worker.http_timeout": "5s"}))

    def after_16_s():
        first = sim.requests("cloudshell", "StartSandbox")
        return first and \
            time.monotonic() * 1000 > first[0]["time_ms"] + 16500

    with Late(sim, name, after_16_s) as late:
        worker.start()
        variables = sim.succeeded(job)["console"]["variables"]
    assert [variables["SandboxId"]] == late.ids
    assert (starts(sim), len(sim.sandboxes())) == (1, 1)


@pytest.mark.parametrize("count", [1, 2])
def test_late_sandbox_beside_the_second(sim, make_worker, count):
    """It appears after the second start was sent, which succeeds as well: one
    sandbox stays, the other is ended."""
    for _ in range(count):
        sim.fault("cloudshell", "StartSandbox", "close-before")
    job, name = queued_start(sim)
    with Late(sim, name, lambda: starts(sim) == 2, count) as late:
        make_worker(FAST).start()
        variables = sim.succeeded(job)["console"]["variables"]
    assert ready(sim) == [variables["SandboxId"]]
    assert len(sim.sandboxes()) == 2 and starts(sim) == 2
    assert (variables["SandboxId"] in late.ids) == (count == 2)


def test_second_sandbox_that_cannot_be_ended(sim, make_worker):
    """The action succeeds with its own sandbox; the text names the other."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    sim.fault("cloudshell", "StopSandbox", "status",
              {"status": 418, "body": "teapot"}, count=-1)
    job, name = queued_start(sim)
    with Late(sim, name, lambda: starts(sim) == 2) as late:
        make_worker(FAST).start()
        console = sim.succeeded(job)["console"]
    assert console["variables"]["SandboxId"] not in late.ids
    assert "second sandbox (%s)" % late.ids[0] in console["summary"]
    assert "end it in CloudShell" in console["summary"]


def test_second_start_refused_for_the_first(sim, make_worker):
    """The first sandbox holds the resources that the second start asks for:
    the worker takes it over."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    sim.fault("cloudshell", "StartSandbox", *BUSY)
    job, name = queued_start(sim)
    with Late(sim, name, lambda: starts(sim) == 2) as late:
        make_worker(FAST).start()
        variables = sim.succeeded(job)["console"]["variables"]
    assert [variables["SandboxId"]] == late.ids == ready(sim)
    assert starts(sim) == 2


def test_second_start_refused_for_others(sim, make_worker):
    """Somebody else holds the resources: the text gives the refusal and says
    that the first start left nothing."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    sim.fault("cloudshell", "StartSandbox", *BUSY)
    job, name = queued_start(sim)
    worker = make_worker(FAST).start()
    message = told(sim, job, "JobFailed", "conflicting resources",
                   "earlier start", name)
    assert "goes on" not in message
    worker.wait_ledger(job, "done")
    assert sim.sandboxes() == [] and starts(sim) == 2


def test_no_start_is_answered(sim, make_worker):
    """The worker sends two and looks for both; it says so and looks once
    more."""
    sim.fault("cloudshell", "StartSandbox", "close-before", count=-1)
    job, name = queued_start(sim)
    worker = make_worker(FAST).start()
    told(sim, job, "JobFailed", "did not answer", "sent twice",
         'will look for sandbox "%s"' % name)
    worker.wait_ledger(job, "done")
    assert sim.sandboxes() == [] and starts(sim) == 2


def test_no_start_is_taken(sim, make_worker):
    """The text gives what CloudShell said to the last one."""
    sim.fault("cloudshell", "StartSandbox", "error", {
        "status": 500, "message": "The licence pool is exhausted"}, count=-1)
    job, name = queued_start(sim)
    make_worker(FAST).start()
    message = told(sim, job, "JobFailed", "HTTP 500",
                   "The licence pool is exhausted", "sent twice", name)
    assert "did not answer" not in message and starts(sim) == 2


def test_no_third_start_after_a_crash(sim, make_worker):
    """The worker dies while the second hangs."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    sim.fault("cloudshell", "StartSandbox", "hang")
    job, name = queued_start(sim)
    worker = make_worker(FAST).start()
    wait_for(lambda: starts(sim) == 2, "two starts", worker.stderr)
    worker.kill()
    worker.start()
    told(sim, job, "JobFailed", "sent twice", name)
    assert starts(sim) == 2


# --- lost, and found late by the clean-up ---

@pytest.mark.parametrize("refused", [0, 3])
def test_late_second_sandbox_after_a_failed_setup(sim, make_worker, refused):
    """Of two lost starts the worker takes over one sandbox and ends it, since
    its setup failed; the other one appears later, and the worker asks for its
    end until CloudShell agrees."""
    for _ in range(2):
        sim.fault("cloudshell", "StartSandbox", "close-before")
    job, name = queued_start(sim)
    worker = make_worker(dict(FAST, **{"worker.http_timeout": "3s"})).start()
    wait_for(lambda: starts(sim) == 2, "two starts", worker.stderr)
    first = sim.ask("POST", "/sandboxes", {
        "name": name, "blueprint": "Demo Blueprint", "state": "Error"})["id"]
    told(sim, job, "JobFailed", "The sandbox was ended. The worker will "
         'look for a second sandbox "%s" and end it.' % name)
    worker.wait_stderr("clean-up: .*a second one")
    if refused:
        sim.fault("cloudshell", "StopSandbox", "status",
                  {"status": 418, "body": "teapot"}, count=refused)
    second = sim.sandbox_add(name)
    worker.wait_ledger(job, "done")
    assert sim.sandbox(first)["state"] != "Error"
    assert sim.sandbox(second)["state"] != "Ready"
    assert ("could not end it" in worker.stderr()) == bool(refused)

@pytest.mark.parametrize("count", [1, 2])
def test_late_sandbox_after_the_deadline(sim, make_worker, count):
    """The deadline falls into the start, and the first clean-up finds nothing:
    the worker repeats it until no start can still be going on."""
    sim.fault("cloudshell", "StartSandbox", "hang")
    job, name = queued_start(sim)
    worker = make_worker(dict(FAST, **{
        "worker.http_timeout": "5s", "start-sandbox.timeout": "2s",
        "worker.kill_grace": "2s"})).start()
    told(sim, job, "JobFailed", "Timed out", "has not appeared yet",
         'will look for sandbox "%s" and end it' % name)
    worker.wait_stderr("clean-up: .*has not appeared yet")
    others = [sim.sandbox_add(name) for _ in range(count)]
    worker.wait_ledger(job, "done")
    boxes = [sim.sandbox(other) for other in others]
    if count == 1:
        assert [b["stops"] for b in boxes] == [1]
    else:           # nobody can tell which is ours: reported, and left alone
        assert [b["stops"] for b in boxes] == [0, 0]
        (line,) = [s for s in worker.stderr().splitlines()
                   if "several sandboxes" in s]
        assert all(b["id"] in line for b in boxes)
    assert worker.running()


def test_clean_up_ends_at_last(sim, make_worker):
    """When a start cannot go on any more, nothing found means nothing
    left."""
    sim.fault("cloudshell", "StartSandbox", "hang")
    job, _ = queued_start(sim)
    worker = make_worker(dict(FAST, **{
        "start-sandbox.timeout": "2s", "worker.kill_grace": "1s"})).start()
    told(sim, job, "JobFailed", "Timed out")
    worker.wait_stderr("clean-up: .*has not appeared yet")
    worker.wait_ledger(job, "done")
    worker.wait_stderr("clean-up: Nothing was left")


def test_restart_between_two_starts(sim, make_worker):
    """A worker stopped while it looks for a lost start goes on looking."""
    sim.fault("cloudshell", "StartSandbox", "close-before")
    job, name = queued_start(sim)
    worker = make_worker(dict(FAST, **{"worker.http_timeout": "10s"})).start()
    wait_for(lambda: looks(sim) >= 2, "looks", worker.stderr)
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "InProgress"
    worker.start()
    before = looks(sim)
    wait_for(lambda: looks(sim) >= before + 2, "looks", worker.stderr)
    box = sim.sandbox_add(name)
    variables = sim.succeeded(job)["console"]["variables"]
    assert variables["SandboxId"] == box and starts(sim) == 1
