"""Zygotes and executors that break the rules: fakeexec in the place of
executor. Another job always goes on undisturbed."""
import os
import re
import signal

import pytest

from actions import run_job, start
from conftest import BUILD, program
from procs import (Libexec, another_zygote, descriptors, gone, stamp, tree,
                   zombies, zygote)
from sim import PASSWORD, wait_for
from worker import alive

# Deadlines that come soon.
IMPATIENT = {"run-command.timeout": "2s", "worker.kill_grace": "300ms"}


class Fakes:
    """A worker with fakeexec, and one job that holds."""

    def __init__(self, sim, make_worker, folder):
        self.sim = sim
        self.make_worker = make_worker
        self.libexec = Libexec(BUILD, folder)
        self.box = self.worker = self.held = self.held_pid = None

    def start(self, settings=None, held=True):
        program("fakeexec")
        self.libexec.install("fakeexec")
        self.box = self.sim.sandbox_add()
        self.worker = self.make_worker(
            dict(self.libexec.settings, **(settings or {}))).start()
        if held:
            self.libexec.modes("hold")
            # Of another action, which has another deadline.
            self.held = self.sim.job_add("start-sandbox",
                                         configuration=start())
            (self.held_pid,) = self.worker.wait_executors(1)
            self.worker.wait_stderr("waiting for the sandbox's setup")
        return self

    def job(self, *modes):
        """A job whose executors behave like this, one after another."""
        self.libexec.modes(*modes)
        return run_job(self.sim, self.box)

    def failed(self, job):
        """The job's message; checks that the executor is gone and the next job
        succeeds."""
        console = self.sim.failed(job)
        self.worker.wait_ledger(job, "done")
        wait_for(lambda: self.worker.executors() <= {self.held_pid},
                 "the executor's end", self.worker.stderr)
        self.sim.succeeded(self.job())
        assert "worker's operator" in console["message"]
        return console["type"], console["message"]

    def undisturbed(self):
        """Check that the holding job held all the time and ends as usual."""
        assert alive(self.held_pid)
        assert self.sim.job(self.held)["state"] == "InProgress"
        self.libexec.release()
        self.sim.succeeded(self.held)
        self.worker.wait_executors(0)
        wait_for(lambda: not zombies(self.worker.pid), "no zombies",
                 lambda: zombies(self.worker.pid))


@pytest.fixture(name="fakes")
def fixture_fakes(sim, make_worker, tmp_path):
    return Fakes(sim, make_worker, tmp_path)


# --- before the hello ---

def test_no_hello(fakes):
    """An executor that says nothing is killed after the time for a hello, and
    another one does the job."""
    fakes.start()
    job = fakes.job("no-hello")
    told = fakes.sim.succeeded(job)
    assert fakes.libexec.modes_left() == [] and told["acknowledged"] == 1
    fakes.worker.wait_stderr("not say hello in time")
    fakes.undisturbed()


def test_dies_before_its_hello(fakes):
    """If an executor dies before its hello, the worker tries another."""
    fakes.start()
    fakes.sim.succeeded(fakes.job("die", "die"))
    assert fakes.libexec.modes_left() == []
    fakes.undisturbed()


def test_all_die_before_their_hello(fakes):
    """If all do so, the job fails at its deadline, with a text for people."""
    fakes.start(IMPATIENT)
    kind, message = fakes.failed(fakes.job(*["die"] * 99))
    assert kind == "SystemUnavailable"
    assert "after 2 s before the worker could start it" in message
    fakes.undisturbed()


def test_wrong_version(fakes):
    """A hello of another version: the supervisor parks what runs and exits
    with status 3, to be started again; nothing is lost."""
    fakes.start()
    job = fakes.job("version")
    status = fakes.worker.wait()
    fakes.worker.mine.remove(fakes.worker.process)
    assert status == 3, fakes.worker.stderr()
    fakes.worker.wait_stderr(r"speaks protocol \d+, this supervisor \d+")
    assert not alive(fakes.held_pid)
    for j in (job, fakes.held):
        assert fakes.sim.job(j)["state"] == "InProgress"
    fakes.worker.start()
    for j in (job, fakes.held):
        told = fakes.sim.succeeded(j)
        assert told["acknowledged"] == 1 and len(told["results"]) == 1


def test_stranger(fakes):
    """The worker refuses a hello with the number of another process and leaves
    that process alone; another executor does the job."""
    fakes.start()
    fakes.sim.succeeded(fakes.job("stranger"))
    fakes.worker.wait_stderr("process 1")
    assert alive(1)
    fakes.undisturbed()


def test_intent_before_the_order(fakes):
    """An executor that begins before it has an order is killed at once, and
    another one does the job."""
    fakes.start()
    fakes.sim.succeeded(fakes.job("early"))
    fakes.worker.wait_stderr("report 1 came out of turn")
    wait_for(lambda: fakes.worker.executors() <= {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    fakes.undisturbed()


def test_answer_for_a_job_that_waits_no_more(fakes):
    """The same when the zygote's answer comes too late to know whom to kill:
    the executor is not left running."""
    fakes.start()
    job = fakes.job("late-answer")
    fakes.worker.wait_stderr("report 1 came out of turn")
    fakes.sim.succeeded(job)
    wait_for(lambda: fakes.worker.executors() <= {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    fakes.undisturbed()


# --- the zygote ---

def test_zygote_dies_of_the_request(fakes):
    """Killed before the clone: the job waits for the next zygote."""
    fakes.start()
    old = zygote(fakes.worker)
    fakes.sim.succeeded(fakes.job("zygote-asked"))
    assert another_zygote(fakes.worker, old) != old
    fakes.undisturbed()


def test_zygote_dies_between_clone_and_answer(fakes):
    """Killed between clone and answer: the executor is known by its hello, and
    does the job."""
    fakes.start()
    old = zygote(fakes.worker)
    job = fakes.job("zygote-cloned")
    fakes.sim.succeeded(job)
    another_zygote(fakes.worker, old)
    assert len(re.findall("job %s.* begins" % job[:8],
                          fakes.worker.stderr())) == 1
    fakes.undisturbed()


def test_zygote_dies_with_its_executor(fakes):
    """Killed between clone and answer, the executor before its hello: it is
    nobody's zombie, is reaped, and another one does the job."""
    fakes.start()
    old = zygote(fakes.worker)
    fakes.sim.succeeded(fakes.job("zygote-and-it"))
    old = another_zygote(fakes.worker, old)
    os.kill(old, signal.SIGKILL)        # which has zombies reaped
    another_zygote(fakes.worker, old)
    fakes.undisturbed()


def test_zygote_that_dies_again_and_again(fakes):
    """Zygotes that die of each request end the job at its deadline, not the
    supervisor; they are started again in pauses that grow."""
    fakes.start(IMPATIENT)
    kind, message = fakes.failed(fakes.job(*["zygote-asked"] * 99))
    assert kind == "SystemUnavailable"
    assert "after 2 s before the worker could start it" in message
    assert 2 <= fakes.worker.stderr().count("ended (signal 9)") < 20
    fakes.undisturbed()


def test_zygote_that_refuses(fakes):
    """A zygote that cannot clone says why; the job waits and then runs."""
    fakes.start()
    fakes.sim.succeeded(fakes.job("refuse", "refuse"))
    fakes.undisturbed()


def test_zygote_that_lies(fakes):
    """An answer with the number of another process does that one no harm;
    another executor does the job."""
    fakes.start()
    told = fakes.sim.succeeded(fakes.job("lie"))
    assert told["acknowledged"] == 1 and fakes.libexec.modes_left() == []
    assert alive(1)
    assert fakes.worker.stderr().count(" begins") == 2  # held, and the good
    wait_for(lambda: fakes.worker.executors() == {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    os.kill(zygote(fakes.worker), signal.SIGKILL)   # which has zombies reaped
    fakes.undisturbed()


def test_zygote_that_lies_after_the_hello(fakes):
    """If the executor named itself before, one of the two is wrong: the worker
    kills it, and the job fails."""
    fakes.start()
    kind, message = fakes.failed(fakes.job("late-lie"))
    assert kind == "SystemUnavailable"
    assert "broke the protocol" in message
    assert "it calls itself process 1 but is " in message
    assert alive(1)
    fakes.undisturbed()


# --- reports out of turn, and what is none ---

@pytest.mark.parametrize("mode, words", [
    ("unknown", "unknown type"), ("endless", "too long"),
    ("chatter", "out of turn"), ("echo", "type"), ("garbage", "report")])
def test_broken_reports(fakes, mode, words):
    """The worker kills an executor that breaks the protocol; its job fails and
    says how, without quoting the order."""
    fakes.start()
    before = zygote(fakes.worker)
    kind, message = fakes.failed(fakes.job(mode))
    assert kind == "SystemUnavailable"
    assert "broke the protocol" in message and words in message
    assert "retry the stage" in message
    assert PASSWORD not in fakes.worker.stderr() + message
    assert zygote(fakes.worker) == before
    fakes.undisturbed()


def test_result_twice(fakes):
    """The first result counts; the worker kills an executor that sends another
    one, and reports once to CodePipeline."""
    fakes.start()
    told = fakes.sim.succeeded(fakes.job("twice"))
    assert len(told["results"]) == 1
    fakes.worker.wait_stderr("out of turn")
    wait_for(lambda: fakes.worker.executors() == {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    fakes.undisturbed()


def test_lingers_after_its_result(fakes):
    """The worker kills an executor that does not end after its result; it
    reports the result all the same."""
    fakes.start()
    job = fakes.job("linger")
    assert len(fakes.sim.succeeded(job)["results"]) == 1
    wait_for(lambda: fakes.worker.executors() == {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    fakes.undisturbed()


# --- ends without a result ---

@pytest.mark.parametrize("mode, words", [
    ("empty", "ended without a result"), ("cut", "ended without a result"),
    ("crash", "signal 6")])
def test_ends_without_a_result(fakes, mode, words):
    """Status 0, half a report or a crash: the job fails and says so. After a
    crash the zygote is a new one."""
    fakes.start()
    before = zygote(fakes.worker)
    kind, message = fakes.failed(fakes.job(mode))
    assert kind == "SystemUnavailable" and words in message
    assert "retry the stage" in message
    if mode == "crash":
        assert another_zygote(fakes.worker, before) != before
        assert "waiting for the sandbox's setup" in message
    else:
        assert zygote(fakes.worker) == before
    fakes.undisturbed()


@pytest.mark.parametrize("mode", ["grandchild", "noise"])
def test_grandchild_with_the_pipe(fakes, mode):
    """A grandchild that holds the report pipe, or goes on writing to it, does
    not keep the job from ending, and no descriptor stays open."""
    fakes.start()
    before = len(descriptors(fakes.worker.pid))
    assert len(fakes.sim.succeeded(fakes.job(mode))["results"]) == 1
    wait_for(lambda: len([t for t in descriptors(
        fakes.worker.pid).values() if t.startswith("pipe:")]) <= 2,
        "closed pipes", lambda: (before, descriptors(fakes.worker.pid)))
    fakes.undisturbed()


# --- deadlines ---

def timed_out(fakes, mode):
    """A job that does nothing: what the log says about its end, in order."""
    job = fakes.job(mode)
    console = fakes.sim.failed(job)
    assert console["type"] == "JobFailed"
    assert "Timed out after 2 s while waiting for the sandbox's setup" in \
        console["message"]
    assert "killed" in console["message"]
    wait_for(lambda: fakes.worker.executors() == {fakes.held_pid},
             "the executor's end", fakes.worker.stderr)
    fakes.sim.succeeded(fakes.job())
    return re.findall("job %s.*: (.*telling it to stop|the stop's SIGTERM .*|"
                      "the executor was .*)" % job[:8],
                      fakes.worker.stderr())


def test_silent_until_its_deadline(fakes):
    """One that does nothing is told to stop at its deadline, by a signal that
    it could have obeyed in order: SIGKILL would be an hour away."""
    fakes.start(dict(IMPATIENT, **{"worker.kill_grace": "1h"}))
    stop, end = timed_out(fakes, "silent")
    assert "telling it to stop" in stop
    assert end == "the stop's SIGTERM ended the executor"
    fakes.undisturbed()


def test_deaf_at_its_deadline(fakes):
    """One that does not stop is killed after kill_grace."""
    fakes.start(IMPATIENT)
    stop, end = timed_out(fakes, "deaf")
    assert "telling it to stop" in stop and end == "the executor was killed"
    fakes.undisturbed()


def test_deaf_for_a_park(fakes):
    """One that does not park is killed after kill_grace; its job goes on with
    the next start, as those that parked do."""
    fakes.start({"worker.kill_grace": "300ms"})
    job = fakes.job("deaf")
    wait_for(lambda: fakes.worker.stderr().count(" begins") == 2,
             "two executors at work", fakes.worker.stderr)
    assert fakes.worker.stop() == 0
    for j in (job, fakes.held):
        assert fakes.sim.job(j)["state"] == "InProgress"
    fakes.worker.start()
    for j in (job, fakes.held):
        fakes.sim.succeeded(j)


def test_supervisor_killed_with_odd_executors(fakes):
    """kill -9 of the supervisor also ends executors that say no hello, are
    deaf or are stopped."""
    fakes.start({"worker.kill_grace": "1h"})
    for mode in ("no-hello", "deaf", "silent"):
        count = len(fakes.worker.executors())
        fakes.job(mode)
        pids = fakes.worker.wait_executors(count + 1)
    os.kill(min(pids), signal.SIGSTOP)
    all_of_it = [stamp(p) for p in tree(fakes.worker.pid)]
    assert len(all_of_it) == 6 and None not in all_of_it
    fakes.worker.kill()
    gone(all_of_it, "the end of all processes", lambda: all_of_it)
