"""What the worker's processes keep from whoever looks: no core files, no
password in an environment, nothing of a job in the memory of those who have no
use for it, and no session left open."""
import base64
import contextlib
import json
import os
import resource
import socket
import struct
import subprocess
import sys

import pytest

from actions import artifact_of, run, run_job, running_job, start
from conftest import program
from procs import Libexec, descriptors, sanitized, zygote
from sim import PASSWORD, wait_for
from test_secrets import Memory, Needles, fixture_may_read_memory
from worker import process

__all__ = ["fixture_may_read_memory"]


def core_limits(pid):
    with open("/proc/%d/limits" % pid, encoding="utf-8") as f:
        (line,) = [text for text in f if text.startswith("Max core file")]
    return tuple(line.split()[4:6])


def needs_core_files():
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("core files are forbidden here anyway")


# --- core files ---

def test_no_core_files(sim, worker):
    """Supervisor, zygote and executor may leave none."""
    needs_core_files()
    _, pid = running_job(sim, worker)
    for looked_at in (worker.pid, zygote(worker), pid):
        assert core_limits(looked_at) == ("0", "0"), process(looked_at)


def test_no_core_file_of_a_look_up(tmp_path):
    """Nor may aws-credentials, however it is started: here it waits for the
    credentials file, which is a pipe."""
    needs_core_files()
    fifo = str(tmp_path / "credentials")
    os.mkfifo(fifo)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with subprocess.Popen(
            ["/bin/sh", "-c", "ulimit -S -c \"$1\"; exec \"$2\"", "sh",
             "unlimited" if hard == resource.RLIM_INFINITY else str(hard),
             program("aws-credentials")],
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                 "AWS_SHARED_CREDENTIALS_FILE": fifo},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as p:
        # this waits until it has opened the file
        with open(fifo, "w", encoding="utf-8") as f:
            limits = core_limits(p.pid)
            f.write("[default]\naws_access_key_id = AKIDFIFO\n"
                    "aws_secret_access_key = secret\n")
        out, err = p.communicate(timeout=60)
    assert b"AKIDFIFO" in out, err
    assert limits == ("0", "0")


# --- what an executor says ---

def test_no_standard_error(sim, worker):
    """An executor has none; the zygote keeps it for its own faults."""
    if sanitized(worker.program):
        pytest.skip("a sanitizer's reports need it")
    _, pid = running_job(sim, worker)
    assert descriptors(pid)[2] == "/dev/null"
    assert descriptors(zygote(worker))[2] == worker.stderr_path


@contextlib.contextmanager
def own_executor():
    """An executor of a zygote of this test's own: (file to write its order
    to, file to read its reports from, function that waits for its end)."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order, report = os.pipe(), os.pipe()
    with subprocess.Popen(
            [sys.executable, "-c", "import os, sys; "
             "os.dup2(int(sys.argv[2]), 3); os.execv(sys.argv[1], ['zygote'])",
             program("executor"), str(its.fileno())],
            env={"PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL, pass_fds=[its.fileno()]) as zygote_:
        its.close()
        (number,) = struct.unpack_from("=I", ours.recv(64))
        assert number == 0
        with open(os.devnull, "rb") as lock:
            socket.send_fds(ours, [struct.pack("=I", 7)],
                            [order[0], report[1], lock.fileno()])
        number, pid = struct.unpack_from("=Ii", ours.recv(64))
        assert number == 7 and pid > 0
        os.close(order[0])
        os.close(report[1])

        def end():
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with open(order[1], "wb") as write, open(report[0], "rb") as read:
            yield write, read, end
        ours.close()
        assert zygote_.wait(60) == 0


def test_words_come_over_the_pipe():
    """What an executor has to say about a broken order is among its reports,
    where the supervisor logs it with the job."""
    with own_executor() as (order, report, end):
        order.write(b'{"type": "order", "version": 1, "kind": "walk"}\n')
        order.flush()
        hello, words = (json.loads(line) for line in report)
        assert end() == 11
    assert hello["type"] == "hello"
    assert words["type"] == "progress" and words["step"] == "order"
    assert "order: member " in words["text"]


# --- the environment ---

# What libraries would take orders from: keys of TLS written down, modules and
# settings loaded.
ORDERS = {
    "SSLKEYLOGFILE": "keys", "OPENSSL_CONF": "openssl.cnf",
    "OPENSSL_MODULES": "modules", "OPENSSL_ENGINES": "engines",
    "CURL_HOME": "curl", "GCONV_PATH": "gconv", "LD_LIBRARY_PATH": "lib",
    "MALLOC_TRACE": "trace", "NLSPATH": "texts", "HOSTALIASES": "aliases",
    "RESOLV_HOST_CONF": "host.conf", "SQLITE_TMPDIR": "sqlite",
}


@pytest.mark.tls
def test_environment_gives_no_orders(sim, make_worker, tmp_path):
    """Neither supervisor nor executor writes keys of TLS down, and nothing that
    is started is handed what libraries obey."""
    folder, seen = tmp_path / "libexec", tmp_path / "seen"
    folder.mkdir()
    libexec = Libexec(os.path.dirname(program("executor")), folder)
    libexec.install("executor")
    look_up = folder / "aws-credentials"
    look_up.unlink()
    look_up.write_text("#!/bin/sh\nenv >%s\nexec %s \"$@\"\n" % (
        seen, program("aws-credentials")))
    look_up.chmod(0o700)
    orders = {name: str(tmp_path / value) for name, value in ORDERS.items()}
    worker = make_worker(libexec.settings, orders).start()
    _, pid = running_job(sim, worker)
    assert sorted(os.listdir(tmp_path)) == ["libexec", "seen"]
    environ = seen.read_text()
    assert "AWS_REGION=" in environ
    for looked_at in (worker.pid, zygote(worker), pid):
        with open("/proc/%d/environ" % looked_at, "rb") as f:
            environ += f.read().decode(errors="replace")
    assert not [name for name in orders if name in environ]


# --- the password of the environment ---

def test_password_of_the_environment(sim, make_worker):
    """CLOUDSHELL_PASSWORD is used, and from then on stands in no
    environment."""
    worker = make_worker({"cloudshell.password_file": None},
                         {"CLOUDSHELL_PASSWORD": PASSWORD}).start()
    _, pid = running_job(sim, worker)
    for looked_at in (worker.pid, zygote(worker), pid):
        with open("/proc/%d/environ" % looked_at, "rb") as f:
            environ = f.read()
        assert PASSWORD.encode() not in environ, process(looked_at)


# --- memory ---

@pytest.mark.usefixtures("may_read_memory")
def test_job_that_was_never_handed_over(sim, make_worker):
    """Of a job that fails before an executor has it, the supervisor keeps no
    secret while its result waits to be taken."""
    canary = "KxqNeverHandedOver" + base64.b16encode(os.urandom(8)).decode()
    worker = make_worker().start()
    sim.fault("codepipeline", "PutJobFailureResult", "status",
              {"status": 503, "body": ""}, count=-1)
    job = sim.job_add("run-command", configuration=run(),
                      secret={"Hidden": canary}, continuationToken="broken",
                      input=artifact_of(sim.sandbox_add()))
    worker.wait_ledger(job, "result")
    sim.wait_requests("codepipeline", "PutJobFailureResult", 2)
    memory = Memory(worker.pid)
    found = memory.found(Needles({"property": canary}))
    assert memory.bytes > 1 << 20 and found == set()
    sim.clear_faults()
    assert sim.failed(job)["type"] == "ConfigurationError"


@pytest.mark.usefixtures("may_read_memory")
def test_executor_does_not_know_the_nonce(sim, worker):
    """What claims a job is none of an executor's business."""
    job, pid = running_job(sim, worker)
    nonce = sim.job(job)["nonce"]
    assert len(nonce) > 8
    assert Memory(pid).found(Needles({"nonce": nonce})) == set()
    assert Memory(pid).found(Needles({"id": job})) != set()


# --- the session at CloudShell ---

@pytest.mark.parametrize("action", ["start-sandbox", "run-command"])
def test_logs_out(sim, worker, action):
    """An executor gives its token back, whether its job succeeds or fails.
    (A token with a slash may be refused, as servers do with one in a path.)"""
    assert worker.running()
    sim.settings(cloudshell={"token_form": "long"})
    if action == "run-command":
        sim.settings(cloudshell={"command": {"status": "Failed"}})
        sim.failed(run_job(sim, sim.sandbox_add()))
    else:
        sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
    (note,) = sim.wait_requests("cloudshell", "Logout")
    assert note["status"] == 200, note["why"]
    wait_for(lambda: not worker.executors(), "the executor's end",
             worker.stderr)
