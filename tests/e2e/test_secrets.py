"""No secret occurs anywhere but where it is used: the tests put a canary into
every secret field and look for it, in several forms, in all that the worker
writes, shows or sends, and in the memory of supervisor and zygote."""
import base64
import contextlib
import html
import json
import os
import re
import threading
import time
import urllib.parse

import pytest

from actions import artifact_of, members, run, start
from conftest import BUILD, program
from needles import Needles, plain_forms
from procs import Libexec, another_zygote, zygote
from sim import header_of, json_of, wait_for
from worker import alive, process

# Each has a middle that no escape changes, so that the search finds even half
# a secret, and around it what escapes do change.
PASSWORD = 'pa"ss\\w/o+r&d KxqPasswordCanary81 \u00e9<%41>='
AWS_SECRET = "wJalr/KxqAwsSecretCanary82+Fe/mi=="
AWS_TOKEN = "IQoJb3JpZ2lu/KxqAwsTokenCanary83+" + "a/B+" * 60 + "=="
PROPERTY = 'top "secret" KxqPropertyCanary84 \\ \u20ac + /'
INPUT = 'input/ KxqInputCanary85 +&="x"'
ARGUMENT = 'argument/ KxqArgumentCanary86 +&="x"'
OPERATORS = ("AWS secret", "AWS session token")    # in the environment

pytestmark = pytest.mark.bad_signatures     # the oracle knows other keys


# --- forms of a secret, and where they are looked for ---

def test_needles_are_found():
    """The search finds each form, anywhere, and across lines."""
    needles = Needles({"it": PASSWORD})
    text = PASSWORD.encode()
    for data in (text, b"x" * 7 + text, text[:20] + b"\n" + text[20:],
                 base64.b64encode(b"ci:" + text),
                 base64.b64encode(b"user:" + text + b"!"),
                 base64.urlsafe_b64encode(b"user:!" + text),
                 base64.encodebytes(b"x" * 70 + text),
                 json.dumps({"a": PASSWORD}).encode(),
                 json.dumps(json.dumps({"a": PASSWORD})).encode(),
                 urllib.parse.urlencode({"a": PASSWORD}).encode(),
                 b"KxqPasswordCanary81"):
        assert needles.found(data) == {"it"}, data
    assert needles.found(b"KxqAwsSecretCanary82 and Password") == set()


# --- looks at the processes while they run ---

def readable(path):
    """The file's bytes; b"" if it is gone, or if only root may read it and
    this is not root."""
    try:
        with open(path, "rb") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
    except PermissionError:
        if os.geteuid() == 0 or not path.startswith("/proc/"):
            raise
        return b""


class Observer(threading.Thread):
    """Collects arguments, environments and descriptors of a worker's
    processes all the time."""

    def __init__(self, worker):
        super().__init__(daemon=True)
        self.root = worker.pid
        self.ended = threading.Event()
        self.names = set()
        self.seen = set()       # (name, what, bytes)

    def look(self):
        below = {self.root}
        for entry in sorted(filter(str.isdigit, os.listdir("/proc")),
                            key=int):
            pid = int(entry)
            p = process(pid)
            if p and (pid in below or p[2] in below):
                below.add(pid)
                self.look_at(pid, p[0])

    def look_at(self, pid, name):
        self.names.add(name)
        for what in ("cmdline", "environ", "comm"):
            self.seen.add((name, what, readable("/proc/%d/%s" % (pid, what))))
        folder = "/proc/%d/fd" % pid
        with contextlib.suppress(OSError):
            for fd in os.listdir(folder):
                with contextlib.suppress(OSError):
                    self.seen.add((name, "fd", os.readlink(
                        os.path.join(folder, fd)).encode()))

    def run(self):
        while not self.ended.wait(0.002):
            self.look()

    def blind(self, *names):
        """What the observer never saw of these processes, though it should
        have."""
        whats = ["cmdline", "comm", "fd"]
        if os.geteuid() != 0:       # they are not dumpable
            whats.remove("fd")
        return [(name, what) for name in names for what in whats
                if not any(n == name and w == what and data
                           for n, w, data in self.seen)]

    def hits(self, needles):
        wrong = []
        for name, what, data in self.seen:
            # The operator put the AWS keys into the supervisor's environment,
            # where aws-credentials reads them.
            own = what == "environ" and name in ("quali-job-worke",
                                                 "aws-credentials")
            for secret in needles.found(data, OPERATORS if own else ()):
                wrong.append("%s: %s of %s" % (secret, what, name))
        return sorted(wrong)


# --- a worker full of canaries ---

class Watched:
    """An observed worker with canaries; check() looks at all that it left."""

    def __init__(self, sim, make_worker, settings=None, env=None):
        self.sim = sim
        sim.settings(
            cloudshell={"password": PASSWORD},
            codepipeline={"worker_secret": AWS_SECRET,
                          "worker_token": AWS_TOKEN})
        self.worker = make_worker(settings, dict({
            "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
            "AWS_SESSION_TOKEN": AWS_TOKEN}, **(env or {})))
        self.worker.write_password(PASSWORD)
        self.observer = None

    def start(self):
        self.worker.start()
        self.observer = Observer(self.worker)
        self.observer.start()
        return self

    def secrets(self):
        """name -> secret: this file's, and what the simulator gave out."""
        found = {"password": PASSWORD, "AWS secret": AWS_SECRET,
                 "AWS session token": AWS_TOKEN, "property": PROPERTY,
                 "input": INPUT, "argument": ARGUMENT}
        for job in self.sim.jobs():
            told = self.sim.job(job["id"]).get("credentials") or []
            for n, keys in enumerate(told):
                for name in ("secretAccessKey", "sessionToken"):
                    found["%s %d of %.4s" % (name, n, job["id"])] = keys[name]
        for note in self.sim.requests("cloudshell"):
            token = (header_of(note, "authorization") or "").partition(" ")[2]
            if len(token) > 8:
                found["CloudShell token %.4s" % token] = token
        return found

    def files(self):
        for top in (self.worker.state_dir, self.worker.runtime_dir):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        yield path, readable(path)

    def results(self):
        for note in self.sim.requests("codepipeline"):
            if note["operation"].startswith("Put"):
                yield "a result", json.dumps(
                    json_of(note), ensure_ascii=False).encode()
                yield "a result", base64.b64decode(note["body"])

    def check(self, but=()):
        """but: secrets that may stand in logs and results, not elsewhere."""
        self.observer.ended.set()
        self.observer.join()
        secrets = self.secrets()
        assert {n.split()[0] for n in secrets} >= {
            "password", "AWS", "property", "CloudShell", "secretAccessKey"}
        needles = Needles(secrets)
        assert self.observer.blind("quali-job-worke", "quali-zygote") == []
        written = list(self.files())
        assert any(path.endswith("-wal") for path, _ in written)
        written += [("stderr", self.worker.stderr().encode()),
                    ("notify", "\n".join(
                        self.worker.notify.messages).encode())]
        wrong = self.observer.hits(needles)
        for where, data in written + list(self.results()):
            wrong += ["%s: %s" % (name, where)
                      for name in sorted(needles.found(data, but))]
        assert not wrong, "\n".join(wrong)


@pytest.fixture(name="watched")
def fixture_watched(sim, make_worker):
    return Watched(sim, make_worker).start()


def add_start(sim, **more):
    return sim.job_add("start-sandbox", secret={"Hidden": PROPERTY},
                       configuration=start(InputsJSON=json.dumps(
                           {"Build": INPUT, "Region": "x"})), **more)


def add_run(sim, box, command="deploy", **more):
    return sim.job_add(
        "run-command", secret={"Hidden": PROPERTY}, input=artifact_of(box),
        configuration=run("db", command, ArgumentsJSON=json.dumps(
            {"key": ARGUMENT})), **more)


# --- what is written and shown ---

@pytest.mark.parametrize("form", ["classic", "long"])
def test_all_goes_well(sim, watched, form):
    """A start, a command and an end, stopped and resumed in between, leave no
    secret anywhere."""
    sim.settings(cloudshell={"token_form": form, "setup": "never"})
    job = add_start(sim)
    box = sim.wait_sandbox()["id"]
    watched.worker.wait_stderr("waiting for the sandbox's setup")
    wait_for(lambda: "quali-executor" in watched.observer.names,
             "a look at the executor")
    assert watched.worker.stop() == 0
    watched.worker.start()
    watched.observer.root = watched.worker.pid
    sim.sandbox_set(box, state="Ready")
    sim.succeeded(job)
    sim.succeeded(add_run(sim, box, outputs=1))
    sim.succeeded(sim.job_add("end-sandbox", secret={"Hidden": PROPERTY},
                              input=artifact_of(box)))
    assert [p["value"] for s in sim.sandboxes() for p in s["params"]
            if p["name"] == "Build"] == [INPUT]
    watched.check()


def test_crashed_executor(sim, watched):
    """A crash in the middle leaves nothing either."""
    sim.settings(cloudshell={"setup": "never"})
    job = add_start(sim)
    sim.wait_sandbox()
    watched.worker.wait_stderr("waiting for the sandbox's setup")
    (pid,) = watched.worker.wait_executors(1)
    os.kill(pid, 11)
    assert "signal 11" in sim.failed(job)["message"]
    watched.worker.wait_ledger(job, "done")
    assert not alive(pid)
    watched.check()


# --- servers that repeat what they were sent ---

def echo(form):
    """The password as a careless server may repeat it."""
    return {
        "plain": lambda s: s,
        "twice": lambda s: s + " and again " + s,
        "html": html.escape,
        "json": lambda s: json.dumps({"password": s}),
        "url": lambda s: urllib.parse.quote(s, safe=""),
        "tag": lambda s: s[:9] + "<b>" + html.escape(s[9:25]) + "</b>" +
        html.escape(s[25:]),
        "base64": lambda s: "Basic " + base64.b64encode(
            b"ci:" + s.encode()).decode(),
    }[form]


@pytest.mark.parametrize("kind", ["error", "page"])
@pytest.mark.parametrize("form", ["plain", "twice", "html", "json", "url",
                                  "tag", "base64"])
def test_login_that_repeats_the_password(sim, watched, form, kind):
    """A refusal that quotes the password, in whatever form."""
    text = "Login failed for user ci with %s, sorry" % echo(form)(PASSWORD)
    if kind == "error":
        sim.fault("cloudshell", "Login", "error", {
            "status": 401, "message": text}, count=-1)
    else:
        sim.fault("cloudshell", "Login", "status", {
            "status": 401, "type": "text/html", "body":
            "<html><body><pre>%s</pre></body></html>" % text}, count=-1)
    assert "sorry" in sim.failed(add_start(sim))["message"]
    sim.clear_faults()
    sim.succeeded(add_start(sim))       # so that there is a token to look for
    watched.check()


@pytest.mark.parametrize("form", ["classic", "long"])
@pytest.mark.parametrize("answer", ["401", "403", "400", "200error"])
def test_token_repeated(sim, watched, form, answer):
    """The server quotes the tokens that it refuses."""
    sim.settings(cloudshell={"token_form": form, "token_life_ms": 0,
                             "expired_answer": answer})
    console = sim.failed(add_start(sim))
    assert "***" in console["message"], console
    watched.check()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_token_repeated_in_pieces(sim, watched, size):
    """The same when the answer comes in small pieces."""
    sim.settings(cloudshell={"token_life_ms": 0})
    sim.fault("cloudshell", "*", "slow", {"bytes": size, "ms": 0}, count=-1)
    assert "***" in sim.failed(add_start(sim))["message"]
    watched.check()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_password_repeated_in_pieces(sim, watched, size):
    """The password in a refusal that comes in small pieces."""
    sim.fault("cloudshell", "Login", "error", {
        "status": 401, "message": "Login failed for ci, %s, sorry" % PASSWORD,
        "bytes": size, "ms": 0}, count=-1)
    message = sim.failed(add_start(sim))["message"]
    assert "***, sorry" in message
    sim.clear_faults()
    sim.succeeded(add_start(sim))       # so that there is a token to look for
    watched.check()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_output_in_pieces(sim, watched, size):
    """The password in a command's output that comes in small pieces."""
    sim.settings(cloudshell={"command": {
        "status": "Failed", "output": "as ci, %s, end" % PASSWORD}})
    sim.fault("cloudshell", "GetExecution", "slow", {"bytes": size, "ms": 0},
              count=-1)
    message = sim.failed(add_run(sim, sim.sandbox_add()))["message"]
    assert "as ci, ***, end" in message
    watched.check()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_activity_in_pieces(sim, watched, size):
    """The password in an activity feed that comes in small pieces."""
    sim.settings(cloudshell={"setup": "error"})
    sim.fault("cloudshell", "GetActivity", "body", {
        "body": {"num_returned_events": 1, "more_pages": False,
                 "next_event_id": None, "events": [{
                     "id": 1, "event_type": "error", "output": "",
                     "event_text": "no login: ci, %s, end" % PASSWORD,
                     "time": "2026-01-01T00:00:00Z"}]},
        "bytes": size, "ms": 0}, count=-1)
    message = sim.failed(add_start(sim))["message"]
    assert "no login: ci, ***, end" in message
    watched.check()


def test_redirection_with_the_password(sim, watched):
    """A Location header that repeats the password."""
    sim.fault("cloudshell", "Login", "redirect", {
        "location": "http://127.0.0.1/%s/login?p=%s" % (
            (urllib.parse.quote(PASSWORD, safe=""),) * 2)})
    assert "redirect" in sim.failed(add_start(sim))["message"]
    sim.succeeded(add_start(sim))
    watched.check()


@pytest.mark.parametrize("operation, secret", [
    ("StartSandbox", "input"), ("StartComponentCommand", "argument")])
def test_value_repeated(sim, watched, operation, secret):
    """A value that CloudShell refuses, and quotes: its words reach the author,
    who wrote the value (no property is secret, quali-actions(7)); with
    nothing else in them."""
    value = {"input": INPUT, "argument": ARGUMENT}[secret]
    sim.fault("cloudshell", operation, "error", {
        "status": 400, "message": "Value '%s' is not permitted for %s" % (
            value, PASSWORD)})
    job = add_start(sim) if secret == "input" else \
        add_run(sim, sim.sandbox_add())
    message = sim.failed(job)["message"]
    assert value in message and "not permitted for ***" in message
    watched.check(but=(secret,))


@pytest.mark.parametrize("status", ["Failed", "Completed"])
@pytest.mark.parametrize("form", ["plain", "html", "json", "url", "tag",
                                  "base64"])
def test_output_with_the_password(sim, make_worker, form, status):
    """A command's output contains the worker's password: it appears neither in
    the message of a failure nor in the variable and the artifact of a
    success."""
    watched = Watched(sim, make_worker, {
        "run-command.output_variable": "yes"}).start()
    sim.settings(cloudshell={"command": {
        "status": status,
        "output": "login as ci with %s\n" % echo(form)(PASSWORD)}})
    job = sim.job_add(
        "run-command", configuration=run(), secret={"Hidden": PROPERTY},
        input=artifact_of(sim.sandbox_add()), outputs=1)
    if status == "Failed":
        assert "login as ci" in sim.failed(job)["message"]
    else:
        told = sim.succeeded(job)
        output = told["console"]["variables"]["CommandOutput"]
        assert "login as ci with " in output and "***" in output
        (data,) = members(sim.object(told["outputs"][0])).values()
        assert data.decode() == output
    watched.check()


def test_s3_repeats_the_token(sim, watched):
    """S3 quotes the session token of artifact credentials (as its
    InvalidToken does) and, by a bug, their secret key."""
    sim.fault("codepipeline", "AcknowledgeJob", "error", {
        "code": "ThrottlingException", "message": "Rate exceeded"}, count=-1)
    job = add_run(sim, sim.sandbox_add())
    (keys,) = wait_for(lambda: sim.job(job).get("credentials"),
                       "credentials", watched.worker.stderr)
    sim.clear_faults()
    sim.fault("s3", "GetObject", "error", {
        "code": "AccessDenied", "status": 403, "message":
        "The provided token %s (%s) is malformed" % (
            keys["sessionToken"], keys["secretAccessKey"])}, count=-1)
    assert "malformed" in sim.failed(job)["message"]
    sim.clear_faults()
    sim.succeeded(add_start(sim))
    watched.check()


@pytest.mark.parametrize("operation, code, status", [
    ("PollForJobs", "ThrottlingException", 400),
    ("PollForJobs", "UnrecognizedClientException", 400),
    ("AcknowledgeJob", "ValidationException", 400),
    ("PutJobSuccessResult", "InternalFailure", 500),
    ("PutJobSuccessResult", "ValidationException", 400)])
def test_codepipeline_repeats_the_keys(sim, watched, operation, code, status):
    """CodePipeline quotes the worker's session token and, by a bug, its secret
    key."""
    sim.settings(codepipeline={"redeliver_ms": 200})
    sim.fault("codepipeline", operation, "error", {
        "code": code, "status": status, "message":
        "The security token %s (%s) included in the request is invalid" % (
            AWS_TOKEN, AWS_SECRET)})
    job = add_start(sim)
    sim.wait_fault_used()
    watched.worker.wait_stderr("included in the request is invalid")
    if operation == "AcknowledgeJob":
        job = add_start(sim)
    sim.succeeded(job)
    watched.check()


def test_details_refused_with_the_keys(sim, watched):
    """The author sees what GetJobDetails answers to a request for fresh
    credentials, but not the worker's keys."""
    sim.settings(codepipeline={"job_token_life_ms": 1})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 100})
    sim.fault("codepipeline", "GetJobDetails", "error", {
        "code": "AccessDeniedException", "message":
        "%s may not do that (%s)" % (AWS_TOKEN, AWS_SECRET)}, count=-1)
    assert "may not do that" in sim.failed(add_run(
        sim, sim.sandbox_add("one")))["message"]
    sim.clear_faults()
    sim.settings(codepipeline={"job_token_life_ms": 900000})
    sim.succeeded(add_start(sim))
    watched.check()


# --- environments ---

def test_environment_handed_over(sim, make_worker, tmp_path):
    """Zygote and executors get what they need and nothing else; the executor
    itself overwrites its environment with its title, so the test looks at
    another program in its place."""
    program("fakeexec")
    libexec = Libexec(BUILD, tmp_path)
    libexec.install("fakeexec")
    allowed = {"PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS",
               "LSAN_OPTIONS"}
    watched = Watched(sim, make_worker, libexec.settings, {
        "no_proxy": "127.0.0.1", "CLOUDSHELL_PASSWORD": PASSWORD,
        "LD_LIBRARY_PATH": "/nowhere", "LISTEN_FDS": "0"}).start()
    libexec.modes("hold")
    job = add_start(sim)
    watched.worker.wait_stderr("waiting for the sandbox's setup")
    (pid,) = watched.worker.wait_executors(1)
    for one in (zygote(watched.worker), pid):
        text = readable("/proc/%d/environ" % one)
        given = dict(entry.decode().partition("=")[::2]
                     for entry in text.rstrip(b"\0").split(b"\0"))
        assert {"PATH", "LANG", "no_proxy"} <= set(given) <= allowed | {
            "no_proxy"}, given
        assert given["no_proxy"] == "127.0.0.1"
        assert Needles(watched.secrets()).found(text) == set()
    libexec.release()
    sim.succeeded(job)


# --- memory ---

class Memory:
    """All memory of a process, whatever its protection."""

    STEP = 1 << 20
    HUGE = 1 << 29      # of sanitizers, not of programs

    def __init__(self, pid):
        self.pid = pid
        self.bytes = 0

    def areas(self):
        with open("/proc/%d/maps" % self.pid, encoding="utf-8") as f:
            for line in f:
                first, last = (int(n, 16) for n in
                               line.split()[0].split("-"))
                if last - first < self.HUGE and "[v" not in line:
                    yield first, last, line.split()[-1]

    def found(self, needles):
        """{(name, area)} of the secrets in it."""
        hits = set()
        with open("/proc/%d/mem" % self.pid, "rb", buffering=0) as mem:
            for first, last, what in self.areas():
                at = first
                while at < last:
                    # Overlapping, so that none is cut in two.
                    data = self.read(mem, at, min(
                        self.STEP + needles.longest, last - at))
                    self.bytes += min(len(data), self.STEP)
                    hits |= {(name, what) for name, form in needles.forms
                             if form in data}
                    at += self.STEP
        return hits

    @staticmethod
    def read(mem, at, size):
        with contextlib.suppress(OSError, OverflowError):
            return os.pread(mem.fileno(), size, at)
        return b""


@pytest.fixture(name="may_read_memory")
def fixture_may_read_memory():
    status = readable("/proc/self/status").decode()
    capabilities = int(re.search(r"CapEff:\s*(\w+)", status).group(1), 16)
    if not capabilities & 1 << 19:
        pytest.skip("reading memory needs CAP_SYS_PTRACE")


def in_memory(watched, when):
    """Secrets of jobs in the memory of supervisor and zygote, as texts."""
    needles = Needles({n: s for n, s in watched.secrets().items()
                       if n not in OPERATORS}, plain_forms)
    wrong = []
    for name, pid in (("supervisor", watched.worker.pid),
                      ("zygote", zygote(watched.worker))):
        memory = Memory(pid)
        hits = memory.found(needles)
        print("%s, %s: %d KiB, %d hits" % (
            when, name, memory.bytes >> 10, len(hits)))
        assert memory.bytes > 1 << 19
        wrong += ["%s: %s in %s of the %s" % ((when,) + hit + (name,))
                  for hit in sorted(hits)]
    return wrong


@pytest.mark.usefixtures("may_read_memory")
def test_memory_after_a_crash(sim, watched):
    """The same when an executor crashed with its order."""
    worker = watched.worker
    sim.settings(cloudshell={"setup": "never"})
    job = add_start(sim)
    sim.wait_sandbox()
    worker.wait_stderr("waiting for the sandbox's setup")
    (pid,) = worker.wait_executors(1)
    old = zygote(worker)
    os.kill(pid, 11)
    assert "signal 11" in sim.failed(job)["message"]
    worker.wait_ledger(job, "done")
    another_zygote(worker, old)
    assert in_memory(watched, "after a crash") == []
    watched.check()


@pytest.mark.usefixtures("may_read_memory")
@pytest.mark.parametrize("mode", ["echo", "garbage", "cut-echo"])
def test_memory_after_an_echo(sim, make_worker, tmp_path, mode):
    """Nor does the supervisor keep what an executor sends back: the whole
    order, as a report, as something that is not JSON, as a line that never
    ends."""
    program("fakeexec")
    libexec = Libexec(BUILD, tmp_path)
    libexec.install("fakeexec")
    watched = Watched(sim, make_worker, libexec.settings).start()
    libexec.modes(mode)
    job = add_start(sim)
    message = sim.failed(job)["message"]
    assert ("broke the protocol" if mode != "cut-echo" else
            "ended without a result") in message
    watched.worker.wait_ledger(job, "done")
    watched.worker.wait_executors(0)
    assert in_memory(watched, "after " + mode) == []
    found = Needles(watched.secrets())
    assert found.found(watched.worker.stderr().encode()) == set()
    assert found.found(message.encode()) == set()


@pytest.mark.tls
@pytest.mark.usefixtures("may_read_memory")
def test_memory(sim, make_worker):
    """After the hand-over neither supervisor nor zygote holds a job's secret
    in memory: while executors wait, after a resume, after fresh credentials,
    after the end. Executors do, so the search works."""
    watched = Watched(sim, make_worker).start()
    worker = watched.worker
    sim.settings(cloudshell={"setup": "never",
                             "commands": {"deploy": {"ms": 600000}}})
    box = sim.sandbox_add()

    def needles():
        return Needles({n: s for n, s in watched.secrets().items()
                        if n not in OPERATORS}, plain_forms)

    jobs = [add_start(sim), add_run(sim, box), add_start(sim)]
    wait_for(lambda: len(sim.requests("cloudshell", "GetSandbox")) > 3 and
             sim.requests("cloudshell", "GetExecution"), "looks at all",
             worker.stderr)
    wrong = in_memory(watched, "waiting")
    for pid in worker.wait_executors(3):
        hits = {name for name, _ in Memory(pid).found(needles())}
        assert "property" in hits and "password" in hits, hits
    worker.stop()
    worker.start()
    watched.observer.root = worker.pid
    worker.wait_executors(3)
    sim.wait_requests("codepipeline", "GetJobDetails", 3)
    resumed = time.monotonic()
    before = len(sim.requests("cloudshell", "GetSandbox"))
    sim.wait_requests("cloudshell", "GetSandbox", before + 6)
    wrong += in_memory(watched, "resumed")
    # Those of the resume are too old now, fresh ones are not.
    wait_for(lambda: time.monotonic() > resumed + 2, "old credentials")
    sim.settings(codepipeline={"job_token_life_ms": 2000})
    for one in sim.sandboxes():
        sim.sandbox_set(one["id"], state="Ready")
    for job in (jobs[0], jobs[2]):
        sim.succeeded(job)
        assert sim.job(job)["details_calls"] == 2
    worker.wait_ledger(jobs[2], "done")
    wrong += in_memory(watched, "after the end")
    assert not wrong, "\n".join(wrong)
    watched.check()
