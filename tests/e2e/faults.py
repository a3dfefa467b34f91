"""What the tests of faults share: a healthy job beside the faulty one, and
what a failure must look like."""
import contextlib
import os
import socket
import sqlite3
import threading
import time

from actions import run_job, start
from sim import json_of, wait_for
from worker import alive

# Two slots: the healthy job keeps one, so the other must become free.
FAST = {"worker.http_timeout": "1s", "worker.max_jobs": "2",
        "worker.poll_interval": "100ms", "worker.wait_first": "20ms",
        "worker.wait_max": "100ms"}
POSTS = ("StartSandbox", "StartSandboxCommand", "StartComponentCommand",
         "StopSandbox", "CancelExecution")


@contextlib.contextmanager
def locked_ledger(worker):
    """Makes the ledger unwritable, as a full disk does."""
    db = sqlite3.connect(os.path.join(worker.state_dir, "ledger.sqlite"),
                         isolation_level=None)
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")
    finally:
        db.close()


class Beside:
    """A healthy job that is under way while another one meets its fault, and
    then ends well. As a context manager it checks at the end that nothing of
    the other job still runs and that its slot is free."""

    def __init__(self, sim, worker, action="start-sandbox"):
        self.sim, self.worker, self.action = sim, worker, action
        sim.settings(cloudshell={"setup_ms": 50, "command": {"ms": 20}})
        before = worker.executors()
        if action == "start-sandbox":
            self.begin_start()
        else:
            self.begin_run()
        wait_for(lambda: any(self.what in n["target"] for n in sim.requests(
            "cloudshell", self.looks)), "the healthy job", worker.stderr)
        (self.pid,) = worker.executors() - before
        self.since = max(n["seq"] for n in sim.requests("cloudshell"))

    def begin_start(self):
        sim = self.sim
        sim.settings(cloudshell={"setup": "never"})
        self.job = sim.job_add("start-sandbox", configuration=start(
            SandboxName="beside"))
        self.box = sim.wait_sandbox(
            lambda s: s["name"].startswith("beside"))["id"]
        self.looks, self.what = "GetSandbox", self.box
        sim.settings(cloudshell={"setup": "ready"})

    def begin_run(self):
        sim = self.sim
        self.box = sim.sandbox_add("beside")
        sim.settings(cloudshell={"commands": {"deploy": {"ms": 600000}}})
        self.job = run_job(sim, self.box, "db", "deploy")
        self.looks = "GetExecution"
        self.what = sim.wait_execution(
            lambda e: e["sandbox"] == self.box)["id"]
        sim.settings(cloudshell={"commands": {}})

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.check()

    # --- what the other job did ---

    def posts(self, *operations):
        """(operation, target) of the other job's requests that change
        CloudShell, or of some of them, oldest first."""
        return [n["operation"] for n in self.sim.requests("cloudshell")
                if n["seq"] > self.since and
                n["operation"] in (operations or POSTS)]

    def sandboxes(self):
        return [b for b in self.sim.sandboxes() if b["id"] != self.box]

    def executions(self):
        return [e for e in self.sim.executions()
                if e["sandbox"] != self.box]

    def asked(self):
        """Operations that the other job sent to CloudShell."""
        return [n["operation"] for n in self.sim.requests("cloudshell")
                if n["seq"] > self.since and self.what not in n["target"]]

    # --- the end ---

    def check(self):
        sim, worker = self.sim, self.worker
        sim.clear_faults()
        wait_for(lambda: worker.executors() == {self.pid},
                 "the end of the other executor", worker.stderr)
        assert alive(self.pid) and worker.running()
        assert sim.job(self.job)["state"] == "InProgress"
        sim.succeeded(run_job(sim, sim.sandbox_add("next"), "db", "deploy"))
        if self.action == "start-sandbox":
            sim.sandbox_set(self.box, state="Ready")
        else:
            sim.ask("POST", "/executions/" + self.what, {"ms": 0})
        told = sim.succeeded(self.job)
        assert (told["acknowledged"], len(told["results"])) == (1, 1)
        for note in sim.requests("cloudshell"):
            if self.what in note["target"]:
                assert note["method"] == "GET", note["target"]


def told(sim, job, kind, *words):
    """The message of a job that fails with that type and these words; also
    checks that there is one accepted result and that the text is readable."""
    console = sim.failed(job)
    message = console["message"]
    print("TEXT %s: %s" % (console["type"], message))
    assert console["type"] == kind, console
    for word in words:      # a text's first letter may become a capital
        assert word.lower() in message.lower(), (word, message)
    assert "(null)" not in message and "  " not in message
    assert message == message.strip() and len(message) < 5000
    assert all(c >= " " or c == "\n" for c in message)
    results = sim.job(job)["results"]
    assert [r["accepted"] for r in results].count(True) == 1
    return message


def once(sim, *operations):
    """The only request of these operations, on a connection of its own: on a
    used one libcurl would send it again by itself."""
    (note,) = [n for n in sim.requests() if n["operation"] in operations]
    assert note["connection_request"] == 1
    return note


def body(note):
    return json_of(note)


def let_go(sim, workers, claims):
    """When each worker has a job, end the commands that hang, and let later
    ones end at once. Delay so many claims of the remaining jobs that all
    workers see these jobs meanwhile and want them, too."""
    wait_for(lambda: all(w.executors() for w in workers),
             "a job for each worker",
             lambda: [w.stderr()[-500:] for w in workers])
    sim.settings(cloudshell={"command": {"ms": 20}})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 1000},
              count=claims)
    for execution in sim.executions():
        sim.ask("POST", "/executions/" + execution["id"], {"ms": 0})


class Peak(threading.Thread):
    """The most memory that any executor was seen to use, in bytes."""

    def __init__(self, worker):
        super().__init__(daemon=True)
        self.worker, self.bytes, self.going = worker, 0, True

    def run(self):
        while self.going:
            for pid in self.worker.executors():
                try:
                    with open("/proc/%d/status" % pid,
                              encoding="utf-8") as f:
                        for line in f:
                            if line.startswith("VmHWM:"):
                                self.bytes = max(self.bytes, 1024 * int(
                                    line.split()[1]))
                except OSError:
                    pass
            time.sleep(0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.join()


class Listener:
    """A port that accepts connections and keeps what it receives; it only says
    what it is asked to say."""

    def __init__(self, answer=None):
        self.answer = answer
        self.taken = []         # bytes of each connection
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(s)
            self.taken.append(b"")
            threading.Thread(target=self.take, daemon=True,
                             args=(s, len(self.taken) - 1)).start()

    def take(self, s, i):
        try:
            while data := s.recv(65536):
                self.taken[i] += data
                if self.answer is not None and b"\r\n\r\n" in self.taken[i]:
                    s.sendall(self.answer)
                    s.close()
                    return
        except OSError:
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for s in self.open:
            s.close()
