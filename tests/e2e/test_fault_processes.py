"""Processes that are killed, stopped or started in an unusual way: what
becomes of their jobs, and that nothing is left behind."""
import contextlib
import os
import re
import shlex
import signal
import subprocess

import pytest

from actions import artifact_of, run, run_job, running_job, start
from conftest import program
from faults import locked_ledger
from procs import (Libexec, another_zygote, descriptors, gone, sanitized,
                   stamp, tree, zombies, zygote, zygotes)
from sim import wait_for
from worker import alive, children, process

LONG = {"cloudshell": {"command": {"ms": 600000}}}
SETUP_ENDS = {"cloudshell": {"setup": "ready"}}


def waiting_jobs(sim, worker, count):
    """Starts whose executors wait for the setup: (jobs, pids)."""
    sim.settings(cloudshell={"setup": "never"})
    jobs = sim.jobs_add("start-sandbox", configuration=start(), count=count)
    wait_for(lambda: len({n["target"] for n in sim.requests(
        "cloudshell", "GetSandbox")}) == count, "looks at all sandboxes",
        worker.stderr)
    return jobs, worker.wait_executors(count)


# --- an executor killed at each step ---

class Step:
    """A job that an unanswered request holds in one step."""

    def __init__(self, action, service, operation, text, left, fault="hang",
                 **more):
        self.action, self.text, self.left = action, text, left
        self.service, self.operation, self.fault = service, operation, fault
        self.properties = more.pop("properties", {})
        self.settings = more.pop("settings", {})
        self.late = more.pop("late", False)
        self.job = more

    def hold(self, sim):
        """Queue the job and wait until the request is there: (job,
        sandbox)."""
        box = None
        sim.settings(**self.settings)
        more = dict(self.job)
        if self.action == "start-sandbox":
            more["configuration"] = start(SandboxName="victim",
                                          **self.properties)
        else:
            box = sim.sandbox_add()
            more["input"] = artifact_of(box)
            more["configuration"] = self.properties if \
                self.action == "end-sandbox" else run(**self.properties)
        if not self.late:
            self.ask(sim, box)
        job = sim.job_add(self.action, **more)
        if self.late:
            box = sim.wait_sandbox(
                lambda s: s["name"].startswith("victim"))["id"]
            self.ask(sim, box)
        wait_for(lambda: any(n["fault"] for n in sim.requests(
            self.service, self.operation)), "the request that hangs")
        return job, box

    def ask(self, sim, box):
        more = {"match": box} if self.operation == "GetSandbox" else {}
        sim.fault(self.service, self.operation, self.fault, **more)


def nothing_ran(sim, job, box, message):
    """Nothing was started, and the message does not say otherwise."""
    del job, box
    assert sim.executions() == [] and "The worker will" not in message
    assert "may have run" not in message


def may_have_run(count):
    """The author must look before a retry; it ran this many times."""
    def check(sim, job, box, message):
        del job, box
        assert message.startswith(
            "The command may have run: look in CloudShell before you retry.")
        assert message.count("may have run") == 1
        assert "retry the stage" not in message
        assert len(sim.executions()) == count
        assert len(sim.requests("cloudshell", "StartSandboxCommand")) == 1
    return check


def cancelled(sim, job, box, message):
    del job, box
    (execution,) = sim.executions()
    assert execution["cancelled"] and execution["id"] in message


def ran(sim, job, box, message):
    """The command had ended already; it is not run again, and nothing is left
    to cancel."""
    del job, box
    assert "The worker will" not in message and "may have run" not in message
    assert sim.requests("cloudshell", "CancelExecution") == []
    assert [e["cancelled"] for e in sim.executions()] == [False]


def none_started(sim, job, box, message):
    del job, box
    assert all(not s["name"].startswith("victim") for s in sim.sandboxes())
    assert "will end" not in message


def looked_up(sim, job, box, message):
    """The intent had no fact: a look-up by name, and nothing found."""
    del box
    assert 'look for sandbox "victim [%s]"' % job[:8] in message
    assert sim.requests("cloudshell", "ListSandboxes")
    assert all(not s["name"].startswith("victim") for s in sim.sandboxes())


def found_and_ended(sim, job, box, message):
    """The intent had no fact: the sandbox is found by its name."""
    del box
    assert 'look for sandbox "victim [%s]"' % job[:8] in message
    (box,) = [s for s in sim.sandboxes() if s["name"].startswith("victim")]
    assert box["stops"] == 1


def ended(sim, job, box, message):
    del job, box
    (box,) = [s for s in sim.sandboxes() if s["name"].startswith("victim")]
    assert box["stops"] == 1
    assert "will end sandbox %s" % box["id"] in message


def stops(count):
    def check(sim, job, box, message):
        del job, message
        assert sim.sandbox(box)["stops"] == count
    return check


STEPS = {
    "run, artifact": Step(
        "run-command", "s3", "GetObject", "reading the input artifact",
        nothing_ran),
    "run, login": Step(
        "run-command", "cloudshell", "Login", "logging in to CloudShell",
        nothing_ran),
    "run, sandbox": Step(
        "run-command", "cloudshell", "GetSandbox", "looking up the sandbox",
        nothing_ran),
    "run, component": Step(
        "run-command", "cloudshell", "ListComponents",
        "looking up the component", nothing_ran,
        properties={"component": "db", "command": "deploy"}),
    "run, start without effect": Step(
        "run-command", "cloudshell", "StartSandboxCommand",
        "starting the command", may_have_run(0)),
    "run, start with effect": Step(
        "run-command", "cloudshell", "StartSandboxCommand",
        "starting the command", may_have_run(1), "hang-after",
        settings=LONG),
    "run, wait": Step(
        "run-command", "cloudshell", "GetExecution",
        "waiting for the command", cancelled, settings=LONG),
    "run, output": Step(
        "run-command", "s3", "PutObject", "writing the output artifact", ran,
        outputs=1),
    "start, login": Step(
        "start-sandbox", "cloudshell", "Login", "logging in to CloudShell",
        none_started),
    "start, blueprint": Step(
        "start-sandbox", "cloudshell", "GetBlueprint",
        "looking up the blueprint", none_started),
    "start, start without effect": Step(
        "start-sandbox", "cloudshell", "StartSandbox", "starting the sandbox",
        looked_up),
    "start, start with effect": Step(
        "start-sandbox", "cloudshell", "StartSandbox", "starting the sandbox",
        found_and_ended, "hang-after"),
    "start, setup": Step(
        "start-sandbox", "cloudshell", "GetSandbox",
        "waiting for the sandbox's setup", ended, late=True,
        settings={"cloudshell": {"setup": "never"}}),
    "start, reason of a setup error": Step(
        "start-sandbox", "cloudshell", "GetActivity",
        "waiting for the sandbox's setup", ended,
        settings={"cloudshell": {"setup": "error"}}),
    "start, output": Step(
        "start-sandbox", "s3", "PutObject", "writing the output artifact",
        ended, settings=SETUP_ENDS),
    "end, artifact": Step(
        "end-sandbox", "s3", "GetObject", "reading the input artifact",
        stops(0)),
    "end, login": Step(
        "end-sandbox", "cloudshell", "Login", "logging in to CloudShell",
        stops(0)),
    "end, stop without effect": Step(
        "end-sandbox", "cloudshell", "StopSandbox", "ending the sandbox",
        stops(0)),
    "end, stop with effect": Step(
        "end-sandbox", "cloudshell", "StopSandbox", "ending the sandbox",
        stops(1), "hang-after"),
    "end, teardown": Step(
        "end-sandbox", "cloudshell", "GetSandbox",
        "waiting for the sandbox's teardown", stops(1),
        properties={"WaitForTeardown": "true"}),
}


@pytest.mark.parametrize("name", STEPS)
def test_killed_at(sim, make_worker, name):
    """The job fails and names step and signal; what it had begun is undone;
    another job goes on undisturbed."""
    step = STEPS[name]
    # a lost start is looked for during four times this
    worker = make_worker({"worker.http_timeout": "5s"}).start()
    other, other_pid = running_job(sim, worker, "start-sandbox")
    (other_box,) = sim.sandboxes()
    before = zygote(worker)
    job, box = step.hold(sim)
    (pid,) = worker.executors() - {other_pid}
    os.kill(pid, signal.SIGKILL)
    console = sim.failed(job)
    message = console["message"]
    worker.wait_ledger(job, "done")
    worker.wait_executors(1)
    sim.sandbox_set(other_box["id"], state="Ready")
    sim.succeeded(other)
    assert zygote(worker) == before
    step.left(sim, job, box, message)
    assert console["type"] == "SystemUnavailable"
    assert "signal 9" in message and "worker's operator" in message
    assert "while %s" % step.text in message


@pytest.mark.parametrize("action", ["run-command", "start-sandbox"])
def test_killed_in_its_stop(sim, make_worker, action):
    """Killed at the deadline, while it undoes its work: that is undone all the
    same, and the text names the deadline."""
    worker = make_worker({action + ".timeout": "5s",
                          "worker.kill_grace": "1h"}).start()
    other, _ = running_job(sim, worker, "start-sandbox"
                           if action == "run-command" else "run-command")
    operation = {"run-command": "CancelExecution",
                 "start-sandbox": "StopSandbox"}[action]
    sim.fault("cloudshell", operation, "hang")
    job, pid = running_job(sim, worker, action)
    (note,) = sim.wait_requests("cloudshell", operation)
    os.kill(pid, signal.SIGKILL)
    console = sim.failed(job)
    worker.wait_ledger(job, "done")
    assert console["type"] == "JobFailed"
    assert "Timed out after 5 s while waiting for the" in console["message"]
    notes = sim.requests("cloudshell", operation)
    assert [n["target"] for n in notes] == [note["target"]] * 2
    if action == "run-command":
        (execution,) = sim.executions()
        assert execution["cancelled"]
        assert "will cancel execution " + execution["id"] in \
            console["message"]
        sim.sandbox_set(sim.wait_sandbox(lambda s: s["name"] != "there")
                        ["id"], state="Ready")
    else:
        box = sim.wait_sandbox(lambda s: s["stops"] == 1)
        assert "will end sandbox " + box["id"] in console["message"]
        sim.ask("POST", "/executions/" + sim.executions()[0]["id"],
                {"ms": 0})
    sim.succeeded(other)


def sleeps(pid):
    p = process(pid)
    return p is not None and p[1] == "S"


def test_killed_before_its_intent_is_on_disk(sim, worker):
    """Killed while it waits for `recorded`: nothing had started, and nothing
    does."""
    other, other_pid = running_job(sim, worker, "start-sandbox")
    box = sim.sandbox_add("two")
    sim.fault("cloudshell", "GetSandbox", "hang", match=box)
    job = run_job(sim, box)
    sim.wait_fault_used()
    (pid,) = worker.executors() - {other_pid}
    with locked_ledger(worker):
        sim.clear_faults()      # which closes the connection that hangs
        worker.wait_stderr("starting the command: smoke test")
        # the intent follows, and there is nothing else to wait for
        wait_for(lambda: sleeps(pid), "an executor that waits")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), "the executor's end")
    console = sim.failed(job)
    worker.wait_ledger(job, "done")
    assert console["type"] == "SystemUnavailable"
    assert "while starting the command" in console["message"]
    assert "signal 9" in console["message"]
    assert sim.requests("cloudshell", "StartSandboxCommand") == []
    print("TEXT", console["message"])
    for one in sim.sandboxes():
        if one["id"] != box:
            sim.sandbox_set(one["id"], state="Ready")
    sim.succeeded(other)


def test_killed_after_its_result(sim, worker):
    """Killed while it logs out, after its result: the job ends as reported,
    and there is nothing to clean up."""
    other, other_pid = running_job(sim, worker, "start-sandbox")
    sim.fault("cloudshell", "Logout", "hang", count=-1)
    job = run_job(sim, sim.sandbox_add("two"))
    sim.wait_requests("cloudshell", "Logout")
    for pid in worker.executors() - {other_pid}:
        # it does not wait long for the answer
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    told = sim.succeeded(job)
    worker.wait_ledger(job, "done")
    assert len(told["results"]) == 1
    assert [e["cancelled"] for e in sim.executions()] == [False]
    assert "cleaning up" not in worker.stderr()
    sim.sandbox_set(sim.wait_sandbox(lambda s: s["name"] not in (
        "there", "two"))["id"], state="Ready")
    sim.succeeded(other)


def test_killed_twice(sim, worker):
    """If a clean-up executor is killed, too, another one follows."""
    job, pid = running_job(sim, worker, "start-sandbox")
    sim.fault("cloudshell", "StopSandbox", "hang")
    os.kill(pid, signal.SIGKILL)
    sim.wait_requests("cloudshell", "StopSandbox")
    (second,) = worker.wait_executors(1)
    os.kill(second, signal.SIGKILL)
    assert "signal 9" in sim.failed(job)["message"]
    sim.wait_sandbox(lambda s: s["stops"] == 1)
    worker.wait_ledger(job, "done")


# --- the zygote ---

def test_killed_zygote_with_many_jobs(sim, worker):
    """The zygote is killed while jobs run: those finish, new ones start."""
    jobs, pids = waiting_jobs(sim, worker, 8)
    old = zygote(worker)
    os.kill(old, signal.SIGKILL)
    new = another_zygote(worker, old)
    for box in sim.sandboxes():
        sim.sandbox_set(box["id"], state="Ready")
    for job in jobs:
        sim.succeeded(job)
    worker.wait_executors(0)
    assert not any(map(alive, pids))
    sim.settings(**SETUP_ENDS)
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
    assert zygote(worker) == new and zombies(worker.pid) == []
    assert len(sim.sandboxes()) == 9


def test_stopped_zygote(sim, worker):
    """A stopped zygote (SIGSTOP) is replaced when an executor's hello is
    overdue; the running job goes on, and the waiting one runs."""
    other, other_pid = running_job(sim, worker, "start-sandbox")
    (box,) = sim.sandboxes()
    old = zygote(worker)
    os.kill(old, signal.SIGSTOP)
    job = run_job(sim, sim.sandbox_add("two"), "db", "deploy")
    sim.succeeded(job)
    assert alive(other_pid) and not alive(old)
    assert "hello" in worker.stderr()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(other)
    assert len(sim.executions()) == 1
    assert zombies(worker.pid) == []


def test_stopped_and_continued_zygote(sim, worker):
    """A zygote that continues in time costs nothing but time."""
    old = zygote(worker)
    os.kill(old, signal.SIGSTOP)
    job = run_job(sim, sim.sandbox_add())
    sim.wait_job(job, "InProgress")
    os.kill(old, signal.SIGCONT)
    sim.succeeded(job)
    assert zygote(worker) == old and len(sim.executions()) == 1


# --- the supervisor ---

def test_no_process_survives_the_supervisor(sim, make_worker):
    """kill -9 of the supervisor ends zygote and executors, whatever they do:
    waiting, in a call, stopped, told to stop. All jobs go on after the
    restart."""
    worker = make_worker({"worker.kill_grace": "1h"}).start()
    jobs, pids = waiting_jobs(sim, worker, 3)
    box = sim.sandboxes()[0]["id"]
    sim.fault("cloudshell", "GetSandbox", "hang", match=box)
    wait_for(lambda: any(n["fault"] for n in sim.requests(
        "cloudshell", "GetSandbox")), "a look that hangs")
    os.kill(min(pids), signal.SIGSTOP)
    all_of_it = [stamp(p) for p in tree(worker.pid)]
    assert len(all_of_it) == 5 and None not in all_of_it
    worker.kill()
    gone(all_of_it, "the end of all processes", lambda: all_of_it)
    worker.start()
    for box in sim.sandboxes():
        sim.sandbox_set(box["id"], state="Ready")
    for job in jobs:
        sim.succeeded(job)
    assert len(sim.requests("cloudshell", "StartSandbox")) == 3


def test_killed_in_a_look_up_of_credentials(make_worker, tmp_path):
    """kill -9 while aws-credentials hangs (on a pipe without a writer): it
    does not stay behind."""
    os.mkfifo(tmp_path / "credentials")
    worker = make_worker(env={
        "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
        ).start(ready=False)
    wait_for(lambda: "aws-credentials" in tree(worker.pid).values(),
             "the look-up", lambda: tree(worker.pid))
    all_of_it = [stamp(p) for p in tree(worker.pid)]
    worker.kill()
    gone(all_of_it, "the end of all processes",
         lambda: [s for s in all_of_it if stamp(s[0]) == s])


def wrapped(worker, command):
    """Have the supervisor started by a shell script."""
    path = os.path.join(worker.folder, "start")
    with open(path, "w", encoding="utf-8",
              opener=lambda p, f: os.open(p, f, 0o755)) as f:
        f.write("#!/bin/sh\n%s %s \"$@\"\n" % (
            command, shlex.quote(worker.program)))
    worker.program = path
    return worker


# A shell's trap does not ignore SIGCHLD: dash handles it itself.
IGNORING = ("exec /usr/bin/python3 -c 'import os, signal, sys; "
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
            "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "os.execv(sys.argv[1], sys.argv[1:])'")


def test_sigchld_ignored(sim, make_worker):
    """A supervisor started with SIGCHLD ignored still learns how its children
    end."""
    worker = wrapped(make_worker(), IGNORING).start()
    with open("/proc/%d/status" % worker.pid, encoding="utf-8") as f:
        ignored = int(re.search(r"SigIgn:\s*(\w+)", f.read()).group(1), 16)
    assert not ignored & 1 << (signal.SIGCHLD - 1)
    job, pid = running_job(sim, worker, "start-sandbox")
    os.kill(pid, signal.SIGKILL)
    assert "signal 9" in sim.failed(job)["message"]
    old = zygote(worker)
    os.kill(old, signal.SIGKILL)
    another_zygote(worker, old)
    sim.settings(**SETUP_ENDS)
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    worker.wait_ledger(job, "done")
    worker.wait_executors(0)
    assert zombies(worker.pid) == []
    assert worker.stop() == 0


def test_signals_blocked(sim, make_worker):
    """An inherited signal mask does not keep it from ending, or its executors
    from being stopped."""
    worker = wrapped(
        make_worker({"run-command.timeout": "1s"}),
        "exec /usr/bin/python3 -c 'import os, signal, sys; "
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); "
        "os.execv(sys.argv[1], sys.argv[1:])'").start()
    sim.settings(**LONG)
    console = sim.failed(run_job(sim, sim.sandbox_add()))
    assert "Timed out after 1 s while waiting for the command" in \
        console["message"]
    assert "killed" not in console["message"]
    assert [e["cancelled"] for e in sim.executions()] == [True]
    assert worker.stop() == 0


@pytest.fixture(name="unshare")
def fixture_unshare():
    command = ["unshare", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    tried = subprocess.run(command + ["true"], capture_output=True,
                           check=False, timeout=60)
    if tried.returncode != 0:
        pytest.skip("no PID namespaces here: %s" % tried.stderr.decode())
    return " ".join(command)


def test_as_process_1(sim, make_worker, unshare):
    """As PID 1 of a namespace it works, learns how executors end, and obeys
    SIGTERM."""
    worker = wrapped(make_worker(), "exec " + unshare).start()
    (inner,) = [p for p, n in children(worker.pid).items() if n != "unshare"]
    try:
        sim.settings(cloudshell={"setup": "never"})
        job = sim.job_add("start-sandbox", configuration=start())
        sim.wait_sandbox()
        (pid,) = {p for p, n in children(inner).items()
                  if n == "quali-executor"}
        os.kill(pid, signal.SIGKILL)
        assert "signal 9" in sim.failed(job)["message"]
        sim.wait_sandbox(lambda s: s["stops"] == 1)
        (old,) = zygotes(inner)
        os.kill(old, signal.SIGKILL)
        sim.settings(**SETUP_ENDS)
        sim.succeeded(run_job(sim, sim.sandbox_add()))
        assert zombies(inner) == []
        os.kill(inner, signal.SIGTERM)
        assert worker.wait() == 0
    finally:
        if alive(inner):
            os.kill(inner, signal.SIGKILL)


def test_orphans_of_process_1(sim, make_worker, unshare, tmp_path):
    """As PID 1 it gets the orphans of its namespace, and reaps them."""
    libexec = Libexec(os.path.dirname(program("fakeexec")), tmp_path)
    libexec.install("fakeexec")
    worker = wrapped(make_worker(libexec.settings), "exec " + unshare).start()
    (inner,) = [p for p, n in children(worker.pid).items() if n != "unshare"]
    try:
        libexec.modes("grandchild")
        sim.succeeded(run_job(sim, sim.sandbox_add()))
        wait_for(lambda: not {p for p, n in children(inner).items()
                              if n == "quali-executor"},
                 "the grandchild's end", lambda: children(inner))
        (old,) = zygotes(inner)
        os.kill(old, signal.SIGKILL)        # which makes it look around
        wait_for(lambda: zygotes(inner) - {old}, "another zygote")
        wait_for(lambda: not zombies(inner), "no zombies",
                 lambda: zombies(inner))
        os.kill(inner, signal.SIGTERM)
        assert worker.wait() == 0
    finally:
        if alive(inner):
            os.kill(inner, signal.SIGKILL)


def test_second_supervisor_waits_and_takes_over(sim, make_worker):
    """While the first lives, a second one on its ledger says that it waits,
    and does nothing; when the first is killed, it goes on with the jobs.
    (test_supervisor: it gives up after a while.)"""
    first = make_worker().start()
    job, pid = running_job(sim, first, "start-sandbox")
    second = make_worker({"worker.state_dir": first.state_dir})
    second.start(ready=False)
    second.wait_stderr("lock is locked")
    assert second.notify.lines("READY") == [] and second.running()
    assert sim.job(job)["details_calls"] == 0
    os.kill(pid, signal.SIGSTOP)        # it holds the lock, too
    first.kill()
    wait_for(lambda: second.notify.lines("READY"), "READY=1", second.stderr)
    assert not alive(pid)
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1


def test_sigterm_twice(sim, make_worker):
    """The first SIGTERM lets jobs finish within stop_grace, the second parks
    them at once."""
    worker = make_worker({"worker.stop_grace": "1h"}).start()
    job, pid = running_job(sim, worker, "start-sandbox")
    worker.terminate()
    wait_for(lambda: worker.notify.lines("STOPPING"), "STOPPING=1",
             worker.stderr)
    sim.wait_requests("cloudshell", "GetSandbox", 5)
    assert worker.running() and alive(pid)
    worker.terminate()
    assert worker.wait() == 0
    assert not alive(pid) and sim.job(job)["state"] == "InProgress"
    (box,) = sim.sandboxes()
    assert box["stops"] == 0
    worker.start()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)


# --- upgrades ---

def inode(pid):
    found = os.stat("/proc/%d/exe" % pid)
    return found.st_dev, found.st_ino


def test_executor_replaced_on_disk(sim, make_worker, tmp_path):
    """A running supervisor keeps the executor that it began with, even for new
    zygotes, after the file was replaced by one of another protocol and after
    it was deleted; the next start says what is missing."""
    libexec = Libexec(os.path.dirname(program("fakeexec")), tmp_path)
    libexec.install("executor")
    worker = make_worker(libexec.settings).start()
    old = zygote(worker)
    pinned = inode(old)
    box = sim.sandbox_add()
    libexec.install("fakeexec")
    libexec.modes(*["version"] * 10)
    for change in (lambda: None, lambda: os.unlink(libexec.executor)):
        change()
        sim.succeeded(run_job(sim, box))
        os.kill(old, signal.SIGKILL)
        old = another_zygote(worker, old)
        assert inode(old) == pinned
        sim.succeeded(run_job(sim, box))
    assert worker.running() and libexec.modes_left() == ["version"] * 10
    assert worker.stop() == 0
    worker.start(ready=False)
    assert worker.wait() == os.EX_CONFIG
    worker.wait_stderr(re.escape(libexec.executor) + ": No such file")


def test_descriptors_of_an_executor(sim, worker):
    """An executor holds its pipes, the lock and connections of its own; none
    of another job, of the zygote or of the supervisor."""
    _, (first, second) = waiting_jobs(sim, worker, 2)
    pipes = [{t for t in descriptors(p).values() if t.startswith("pipe:")}
             for p in (first, second)]
    assert [len(p) for p in pipes] == [2, 2] and not pipes[0] & pipes[1]
    files = {fd: t for fd, t in descriptors(first).items()
             if t.startswith("/") and t != "/dev/null"}
    if sanitized(worker.program):     # whose reports go to standard error
        assert files.pop(2) == worker.stderr_path
    assert list(files.values()) == [os.path.join(worker.state_dir, "lock")]
    supervisors = set(descriptors(worker.pid).values())
    assert not {t for t in descriptors(first).values()
                if t.startswith("socket:")} & supervisors
    held = [t for t in descriptors(zygote(worker)).values()
            if t.startswith(("pipe:", "/")) and
            t not in ("/dev/null", worker.stderr_path)]
    assert held == []
