"""Runs the supervisor as systemd would, and looks at it from outside."""
import ctypes
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from sim import PASSWORD, REGION, WORKER_KEY, WORKER_SECRET, PATIENCE_S, \
    wait_for

PR_SET_CHILD_SUBREAPER = 36
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior"
                       r"Sanitizer|ThreadSanitizer|runtime error:")


# --- processes ---

def adopt_orphans():
    """Make whatever outlives a worker a child of this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def process(pid):
    """(name, state, parent) or None."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8",
                  errors="replace") as f:
            text = f.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    name = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return name, rest[0], int(rest[1])


def children(parent):
    """pid -> name of the children that are not zombies."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            p = process(int(entry))
            if p and p[2] == parent and p[1] not in "ZX":
                found[int(entry)] = p[0]
    return found


def alive(pid):
    p = process(pid)
    return p is not None and p[1] not in "ZX"


def reap(pids):
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


class NotifySocket:
    """Plays systemd's end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.received = []      # when, by the monotonic clock
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while True:
            data = self.socket.recv(65536)
            if not data:
                return
            self.received.append(time.monotonic())
            self.messages.append(data.decode("utf-8", "replace"))

    def lines(self, name):
        """Values of NAME=value, oldest first."""
        return [line.partition("=")[2] for m in list(self.messages)
                for line in m.splitlines()
                if line.partition("=")[0] == name]

    def times(self, name):
        """When each of these values came."""
        return [at for at, m in zip(self.received, list(self.messages))
                for line in m.splitlines()
                if line.partition("=")[0] == name]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(self.path)
            s.send(b"")
        self.thread.join(PATIENCE_S)
        self.socket.close()


class Worker:
    """One configuration; start() may be called again after its end."""

    def __init__(self, sim, build, src, ca=None, settings=None, env=None):
        self.sim, self.build, self.ca = sim, build, ca
        self.folder = tempfile.mkdtemp(prefix="qjw-")
        self.state_dir = os.path.join(self.folder, "state")
        self.runtime_dir = os.path.join(self.folder, "run")
        os.mkdir(self.state_dir, 0o700)
        os.mkdir(self.runtime_dir, 0o700)
        self.program = os.path.join(build, "quali-job-worker")
        self.conf = os.path.join(self.folder, "worker.conf")
        self.process = None
        self.notify = None
        self.mine = []          # all processes of all starts
        self.stderr_path = os.path.join(self.folder, "stderr")
        self.env = self.environment(env or {})
        self.write_password(PASSWORD)
        self.write_conf(self.defaults(src), settings or {})

    # --- its surroundings ---

    def environment(self, changes):
        env = {
            "PATH": "/usr/bin:/bin", "HOME": self.folder,
            "AWS_ACCESS_KEY_ID": WORKER_KEY,
            "AWS_SECRET_ACCESS_KEY": WORKER_SECRET,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_CODEPIPELINE": self.sim.urls["codepipeline"],
            "AWS_ENDPOINT_URL_S3": self.sim.urls["s3"],
        }
        if self.ca:
            env["AWS_CA_BUNDLE"] = self.ca
        env.update(changes)
        return {k: v for k, v in env.items() if v is not None}

    def defaults(self, src):
        cloudshell = {
            "url": self.sim.urls["cloudshell"], "user": "ci",
            "domain": "Global", "password_file": self.password_path,
        }
        if self.ca:
            cloudshell["ca_file"] = self.ca
        return {
            "cloudshell": cloudshell,
            "worker": {
                "poll_interval": "200ms", "wait_first": "50ms",
                "wait_max": "200ms", "max_request_rate": "1000",
                "stop_grace": "0", "kill_grace": "5s",
                "http_timeout": "20s", "log_level": "debug",
                "state_dir": self.state_dir,
                "runtime_dir": self.runtime_dir,
                "data_dir": os.path.join(src, "src"),
                "actions_dir": os.path.join(self.folder, "actions"),
                "libexec_dir": self.build,
            },
        }

    @property
    def password_path(self):
        return os.path.join(self.folder, "password")

    def write_password(self, text):
        with open(self.password_path, "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text + "\n")

    def write_conf(self, sections, changes):
        """changes: {"section.name": value}; None leaves the line out."""
        for name, value in changes.items():
            section, _, name = name.partition(".")
            sections.setdefault(section, {})[name] = value
        with open(self.conf, "w", encoding="utf-8") as f:
            for section, lines in sections.items():
                f.write("[%s]\n" % section)
                f.writelines("%s = %s\n" % line for line in lines.items()
                             if line[1] is not None)

    # --- its life ---

    def run(self, *options):
        """Run to the end, for -n and -T."""
        return subprocess.run(
            [self.program, *options, "-f", self.conf], env=self.env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False)

    def listen(self):
        if self.notify is None:
            self.notify = NotifySocket(os.path.join(self.folder, "notify"))

    def start(self, ready=True):
        self.listen()
        before = len(self.notify.lines("READY"))
        with open(self.stderr_path, "ab") as err:
            self.process = subprocess.Popen(
                [self.program, "-f", self.conf],
                env=dict(self.env, NOTIFY_SOCKET=self.notify.path),
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        self.mine.append(self.process)
        if ready:
            wait_for(lambda: len(self.notify.lines("READY")) > before or
                     self.process.poll() is not None, "READY=1", self.stderr)
            assert self.process.poll() is None, self.stderr()
        return self

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Wait for its end; the exit status, negative for a signal."""
        wait_for(lambda: self.process.poll() is not None,
                 "the supervisor's end", self.stderr)
        return self.process.returncode

    def stop(self):
        self.terminate()
        return self.wait()

    def kill(self):
        self.process.kill()
        return self.wait()

    def crashed(self):
        """What to say about an unexpected end."""
        if self.process and self.process.poll() not in (
                None, 0, 1, os.EX_CONFIG, -signal.SIGKILL):
            return "the supervisor ended with %d:\n%s" % (
                self.process.returncode, self.stderr()[-2000:])
        return None

    # --- looks at it ---

    def stderr(self):
        try:
            with open(self.stderr_path, encoding="utf-8",
                      errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_stderr(self, pattern):
        return wait_for(lambda: re.search(pattern, self.stderr()),
                        "%r on stderr" % pattern, self.stderr)

    def executors(self):
        """Pids of the executors, without the zygote."""
        return {pid for pid, name in children(self.pid).items()
                if name == "quali-executor"}

    def wait_executors(self, count):
        return wait_for(
            lambda: (lambda e: e if len(e) == count else None)(
                self.executors()) if count else not self.executors(),
            "%d executors" % count, lambda: children(self.pid))

    def ledger(self, query, *args):
        path = "file:%s?mode=ro" % os.path.join(
            self.state_dir, "ledger.sqlite")
        db = sqlite3.connect(path, uri=True, timeout=PATIENCE_S)
        try:
            return db.execute(query, args).fetchall()
        finally:
            db.close()

    def ledger_state(self, job):
        rows = self.ledger("SELECT state FROM job WHERE id = ?", job)
        return rows[0][0] if rows else None

    def wait_ledger(self, job, state):
        wait_for(lambda: self.ledger_state(job) == state,
                 "state %s in the ledger" % state,
                 lambda: self.ledger("SELECT * FROM job"))

    def written(self):
        """All that the worker ever wrote: stderr, status texts, files."""
        yield "stderr", self.stderr().encode()
        yield "notify", "\n".join(self.notify.messages if self.notify
                                  else []).encode()
        for folder in (self.state_dir, self.runtime_dir):
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        yield path, f.read()

    # --- the end of a test ---

    def finish(self):
        """End what is left; returns the faults found, as texts."""
        wrong = []
        if self.running():
            self.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                wrong.append("SIGTERM did not end the supervisor")
                self.process.kill()
                self.process.wait()
        for p in self.mine:
            if p.returncode not in (0, -signal.SIGKILL, 1, os.EX_CONFIG):
                wrong.append("a supervisor ended with %d" % p.returncode)
        found = SANITIZER.search(self.stderr())
        if found:
            wrong.append("sanitizer report: " + found.group())
        if self.notify:
            self.notify.close()
        return wrong

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def leftovers(known):
    """Orphans of ended workers that do not end, except known ones."""
    def orphans():
        return {pid: name for pid, name in children(os.getpid()).items()
                if pid not in known}

    def gone():
        reap([int(e) for e in os.listdir("/proc") if e.isdigit() and
              int(e) not in known and
              (process(int(e)) or (0, 0, 0))[2] == os.getpid()])
        return not orphans()
    try:
        wait_for(gone, "the end of orphans", orphans)
    except AssertionError:
        left = orphans()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return ["left behind: %s" % left]
    return []
