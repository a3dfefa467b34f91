"""Runs qualictl check, and makes hosts and servers that are wrong in one
way."""
import json
import os
import socket
import ssl
import subprocess
import threading

from conftest import BUILD, SRC, program
from sim import PATIENCE_S

GROUPS = {
    "local": ["environment", "configuration", "files",
              "cloudshell.password"],
    "aws": ["aws.credentials", "aws.region", "codepipeline.proxy",
            "codepipeline.dns", "codepipeline.tcp", "codepipeline.tls",
            "aws.identity", "clock", "permission.AcknowledgeJob",
            "permission.GetJobDetails", "permission.PutJobSuccessResult",
            "permission.PutJobFailureResult", "permission.PollForJobs",
            "permission.ListActionTypes", "actions"],
    "cloudshell": ["cloudshell.proxy", "cloudshell.dns", "cloudshell.tcp",
                   "cloudshell.tls", "cloudshell.login",
                   "cloudshell.blueprints"],
}
NAMES = [name for group in GROUPS.values() for name in group]
OF_BLUEPRINT = ["cloudshell.blueprint", "cloudshell.inputs"]
OPENSSL = {"PATH": "/usr/bin:/bin"}


# --- a run ---

def shape(data):
    """The JSON form is the same in every run."""
    assert list(data) == ["ok", "summary", "failed", "warnings", "skipped",
                          "checks", "blueprint", "error"], list(data)
    for line in data["checks"]:
        assert list(line) == ["name", "status", "text", "remedy"], line
        assert all(isinstance(v, str) for v in line.values()), line
        assert line["status"] in ("ok", "warning", "failed", "skipped"), line
        assert line["text"], line
        if line["status"] in ("ok", "skipped"):
            assert line["remedy"] == "", line
        assert "\n" not in line["text"], line
    names = {line["name"] for line in data["checks"]}
    assert set(NAMES) <= names, set(NAMES) - names
    assert names <= set(NAMES + OF_BLUEPRINT), names
    count = {s: sum(line["status"] == s for line in data["checks"])
             for s in ("failed", "warning", "skipped")}
    assert (data["failed"], data["warnings"], data["skipped"]) == (
        count["failed"], count["warning"], count["skipped"])
    assert data["ok"] is (count["failed"] == 0)
    assert data["error"] is None
    if data["blueprint"] is not None:
        shape_blueprint(data["blueprint"])


def shape_blueprint(data):
    assert set(data) == {"name", "id", "setup", "inputs", "inputs_json"}
    for item in data["inputs"]:
        assert set(item) == {"name", "type", "default", "required", "values"}
        assert isinstance(item["required"], bool)
        assert isinstance(item["values"], list)
    given = json.loads(data["inputs_json"])
    assert set(given) == {item["name"] for item in data["inputs"]}


class Report:
    def __init__(self, done):
        self.status = done.returncode
        self.output = done.stdout + done.stderr
        assert done.stderr == "", done.stderr
        self.data = json.loads(done.stdout)
        shape(self.data)

    @property
    def lines(self):
        return self.data["checks"]

    def of(self, name):
        return [line for line in self.lines if line["name"] == name]

    def one(self, name):
        (line,) = self.of(name)
        return line

    def wrong(self):
        return [line for line in self.lines
                if line["status"] in ("failed", "warning")]

    def states(self):
        return [(line["name"], line["status"]) for line in self.lines]


def run_check(worker, *args, text=False, installed=False, **how):
    command = [program("qualictl")]
    command += [] if installed else ["-f", worker.conf]
    command += [] if text else ["-j"]
    done = subprocess.run(command + ["check", *args], env=worker.env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_S, check=False, **how)
    return done if text else Report(done)


def text_states(text):
    """(name, status) of each line of the text form; commands stand between."""
    words = [line.split() for line in text.splitlines()]
    return [(w[1], w[0]) for w in words if len(w) > 2 and
            w[0] in ("ok", "warning", "failed", "skipped") and
            w[1] in NAMES + OF_BLUEPRINT]


# --- a host ---

class Host:
    """A worker's settings and surroundings before it starts: all is well."""

    def __init__(self, sim, make_worker):
        self.sim = sim
        self.settings = {"worker.versions": "10"}
        self.worker = make_worker(self.settings, {
            "AWS_ENDPOINT_URL_STS": sim.urls["sts"]})
        self.env = self.worker.env
        sim.settings(codepipeline={"action_types": []})
        self.register()
        self.closing = []

    def register(self, *names):
        done = subprocess.run(
            [program("qualictl"), "-f", self.worker.conf, "actions",
             "install", *names], env=self.env, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def set(self, **changes):
        """Settings by section_name, as in cloudshell__url."""
        self.settings.update({k.replace("__", ".", 1): v
                              for k, v in changes.items()})
        self.worker.write_conf(self.worker.defaults(SRC), self.settings)

    def check(self, *args, **how):
        return run_check(self.worker, *args, **how)

    def keep(self, server):
        self.closing.append(server)
        return server

    def close(self):
        for server in self.closing:
            server.close()


def unused_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- servers ---

class Listener:
    """Accepts on loopback; serve(connection) runs in a thread for each."""

    def __init__(self, serve=None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.serve = serve
        self.open = []
        if serve:
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.guard, args=(connection,),
                             daemon=True).start()

    def guard(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass

    def close(self):
        for connection in self.open:
            connection.close()
        self.socket.close()


def old_tls(folder):
    """A server that speaks TLS 1.0 and 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"),
                            os.path.join(folder, "server.key"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1

    def serve(connection):
        context.wrap_socket(connection, server_side=True).close()
    return Listener(serve)


class Proxy(Listener):
    """An HTTP proxy: status 200 opens tunnels, another one refuses; None never
    answers. asked: what it was to connect to."""

    def __init__(self, status=200):
        super().__init__(self.tunnel)
        self.status = status
        self.asked = []

    def tunnel(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        method, target = head.split(b" ")[:2]
        self.asked.append((method + b" " + target).decode())
        if self.status is None:
            connection.recv(1)
            return
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" %
                           self.status)
        if self.status != 200:
            return
        host, _, port = target.decode().rpartition(":")
        other = socket.create_connection((host, int(port)))
        self.open.append(other)
        threading.Thread(target=self.pump, args=(other, connection),
                         daemon=True).start()
        self.pump(connection, other)

    @staticmethod
    def pump(source, target):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


# --- certificates ---

def certificate(ca, folder, begins, ends):
    """A folder for a simulator: signed by the CA for loopback, valid between
    two times of the form YYMMDDHHMMSSZ."""
    os.makedirs(folder)
    path = {name: os.path.join(folder, name) for name in (
        "ca.pem", "server.pem", "server.key", "csr", "index", "serial",
        "conf", "ext")}
    texts = {
        "index": "", "serial": "1000\n",
        "ca.pem": open(os.path.join(ca, "ca.pem"), encoding="ascii").read(),
        "ext": "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
               "basicConstraints=CA:FALSE\n",
        "conf": "[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=a\n"
                "[a]\ndatabase=%(index)s\nserial=%(serial)s\n"
                "new_certs_dir=%(folder)s\ndefault_md=sha256\npolicy=p\n"
                "[p]\ncommonName=supplied\n" % dict(path, folder=folder),
    }
    for name, text in texts.items():
        with open(path[name], "w", encoding="ascii") as f:
            f.write(text)
    for command in (
            ["req", "-config", path["conf"], "-new", "-newkey", "ec",
             "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             "/CN=localhost", "-keyout", path["server.key"], "-out",
             path["csr"]],
            ["ca", "-config", path["conf"], "-batch", "-notext", "-cert",
             os.path.join(ca, "ca.pem"), "-keyfile",
             os.path.join(ca, "ca.key"), "-in", path["csr"], "-out",
             path["server.pem"], "-startdate", begins, "-enddate", ends,
             "-extfile", path["ext"]]):
        subprocess.run(["openssl"] + command, check=True, env=OPENSSL,
                       stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=PATIENCE_S)
    return folder


def folder_of(ca, folder, name):
    """A folder for a simulator with another pair of tests/sim/make-ca."""
    os.makedirs(folder)
    for target, source in (("ca.pem", "ca.pem"), ("server.pem", name + ".pem"),
                           ("server.key", name + ".key")):
        with open(os.path.join(ca, source), "rb") as f, \
                open(os.path.join(folder, target), "wb") as to:
            to.write(f.read())
    return folder
