"""Starts quali-sim and speaks its admin interface (tests/sim/README)."""
import base64
import http.client
import json
import os
import select
import socket
import subprocess
import threading
import time
import urllib.parse

WORKER_KEY = "AKIASIMWORKER"
WORKER_SECRET = "sim-worker-secret"
PASSWORD = "sim-password"
ROLE = "arn:aws:iam::111122223333:role/"
WEB_TOKEN = "sim-web-identity-token"
CONTAINER_TOKEN = "sim-container-token"
REGION = "us-east-2"
# Ends a test that hangs; never what makes one pass.
PATIENCE_S = int(os.environ.get("QUALI_PATIENCE_S", "60"))


crash_checks = []       # each gives a text when a program has crashed


def wait_for(check, what, state=lambda: ""):
    """The first true value of check(); fails with the last state seen."""
    end = time.monotonic() + PATIENCE_S
    while True:
        value = check()
        if value:
            return value
        for crashed in crash_checks:
            assert not crashed(), "waiting for %s: %s" % (what, crashed())
        if time.monotonic() >= end:
            raise AssertionError("waited in vain for %s; last state: %s" %
                                 (what, state()))
        time.sleep(0.01)


def body_of(note):
    return base64.b64decode(note["body"])


def json_of(note):
    return json.loads(body_of(note))


def header_of(note, name):
    for key, value in note["headers"]:
        if key.lower() == name:
            return value
    return None


class Simulator:
    pids = set()        # of all simulators of this run

    def __init__(self, program, folder, tls=None, cloudshell_tls=None):
        """tls: folder of make-ca; cloudshell_tls: that and a name in it."""
        self.tls = tls
        self.faulty = False     # a fault was asked for in this test
        self.secrets = {}       # name -> secret, of jobs
        self.keys = {}          # encryption keys, by job
        self.pipelines = {}     # number -> its actions
        ports = os.path.join(folder, "ports.json")
        command = [program, "--ports", ports]
        if tls:
            command += ["--tls", tls]
        if cloudshell_tls:
            command += ["--cloudshell-tls", cloudshell_tls]
        self.process = subprocess.Popen(
            command, env={"PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL)
        Simulator.pids.add(self.process.pid)
        wait_for(lambda: os.path.exists(ports) or
                 self.process.poll() is not None, "the simulator's ports")
        assert self.process.poll() is None, "quali-sim ended at once"
        with open(ports, encoding="utf-8") as f:
            self.urls = json.load(f)

    def stop(self):
        """Stop it; returns its exit status: not 0 if a sanitizer found
        something."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    # --- the admin interface ---

    def ask(self, method, path, body=None):
        where = urllib.parse.urlsplit(self.urls["admin"])
        connection = http.client.HTTPConnection(
            where.hostname, where.port, timeout=PATIENCE_S)
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
        connection.request(method, path, data)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, (method, path, answer.status, content)
        if answer.getheader("Content-Type", "").startswith(
                "application/json"):
            return json.loads(content)
        return content

    def settings(self, **knobs):
        return self.ask("PUT", "/settings", knobs)

    def fault(self, service, operation, fault, param=None, **more):
        self.faulty = True
        more.update(service=service, operation=operation, fault=fault)
        if param is not None:
            more["param"] = param
        return self.ask("POST", "/faults", more)["id"]

    def faults(self):
        return self.ask("GET", "/faults")["faults"]

    def clear_faults(self):
        self.ask("DELETE", "/faults")

    def wait_fault_used(self):
        """Wait until each fault asked for has met all of its requests."""
        wait_for(lambda: not self.faults(), "a request that meets the fault",
                 self.faults)

    def requests(self, service="", operation=""):
        query = "&".join("%s=%s" % item for item in (
            ("service", service), ("operation", operation)) if item[1])
        return self.ask("GET", "/requests?" + query)["requests"]

    def wait_requests(self, service, operation, count=1):
        return wait_for(
            lambda: (lambda r: r if len(r) >= count else None)(
                self.requests(service, operation)),
            "%d %s" % (count, operation))

    # --- STS, metadata service, container ---

    def sessions(self, origin=None):
        """Credentials handed out by STS, the metadata service and the
        container endpoint, oldest first."""
        return [s for s in self.ask("GET", "/sessions")["sessions"]
                if origin in (None, s["origin"])]

    def expire_sessions(self, origin=None):
        """CodePipeline and STS answer that they have expired."""
        asked = {"expire": True}
        if origin:
            asked["origin"] = origin
        self.ask("POST", "/sessions", asked)

    def deny(self, *actions):
        """Refuse these, as "codepipeline:PollForJobs", and none else; an
        action may be followed by a blank and one resource's ARN."""
        self.settings(codepipeline={"denied": list(actions)})

    def container_env(self, path="/v1/credentials", token=CONTAINER_TOKEN):
        """Environment of a program in a container."""
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI":
               self.urls["container"] + path}
        if token:
            env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
        return env

    def imds_env(self):
        """Environment of a program on an EC2 instance."""
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.urls["imds"],
                "AWS_EC2_METADATA_DISABLED": "false"}

    def sts_env(self):
        return {"AWS_ENDPOINT_URL_STS": self.urls["sts"]}

    # --- jobs and pipelines ---

    def jobs_add(self, action, **more):
        jobs = self.ask("POST", "/jobs", dict(more, action=action))["jobs"]
        self.secrets.update(more.get("secret", {}))
        self.keys.update(dict.fromkeys(jobs, more.get("encryption_key")))
        return jobs

    def job_add(self, action, **more):
        return self.jobs_add(action, **more)[0]

    def job(self, job):
        return self.ask("GET", "/jobs/" + job)

    def jobs(self):
        return self.ask("GET", "/jobs")["jobs"]

    def job_set(self, job, state):
        self.ask("POST", "/jobs/" + job, {"state": state})

    def wait_job(self, job, *states):
        states = states or ("Succeeded", "Failed")
        return wait_for(
            lambda: (lambda j: j if j["state"] in states else None)(
                self.job(job)),
            "job %s to be %s" % (job, " or ".join(states)),
            lambda: self.job(job))

    def succeeded(self, job):
        told = self.wait_job(job)
        assert told["state"] == "Succeeded", told["console"]
        return told

    def failed(self, job):
        """The console of a job that must fail."""
        told = self.wait_job(job)
        assert told["state"] == "Failed", told["console"]
        return told["console"]

    def pipeline_add(self, *actions, name="P"):
        number = self.ask("POST", "/pipelines",
                          {"name": name, "actions": list(actions)})["id"]
        self.pipelines[number] = actions
        return number

    def encryption_key(self, job):
        for number, actions in self.pipelines.items():
            told = self.ask("GET", "/pipelines/%d" % number)["actions"]
            for asked, action in zip(actions, told):
                if action.get("job") == job:
                    return asked.get("encryption_key")
        return self.keys.get(job)

    def wait_pipeline(self, pipeline):
        def ended():
            told = self.ask("GET", "/pipelines/%d" % pipeline)
            return told if told["state"] != "InProgress" else None
        return wait_for(ended, "the pipeline's end", lambda: self.ask(
            "GET", "/pipelines/%d" % pipeline))

    # --- CloudShell and S3 ---

    def sandboxes(self):
        return self.ask("GET", "/sandboxes")["sandboxes"]

    def sandbox(self, sandbox):
        return [s for s in self.sandboxes() if s["id"] == sandbox][0]

    def sandbox_add(self, name="there", blueprint="Demo Blueprint"):
        return self.ask("POST", "/sandboxes", {
            "name": name, "blueprint": blueprint, "state": "Ready"})["id"]

    def sandbox_set(self, sandbox, **change):
        self.ask("POST", "/sandboxes/" + sandbox, change)

    def wait_sandbox(self, check=lambda s: True):
        """The first sandbox for which check is true."""
        return wait_for(lambda: next(filter(check, self.sandboxes()), None),
                        "a sandbox", self.sandboxes)

    def executions(self):
        return self.ask("GET", "/executions")["executions"]

    def wait_execution(self, check=lambda e: True):
        return wait_for(lambda: next(filter(check, self.executions()), None),
                        "an execution", self.executions)

    def object(self, artifact):
        return self.ask("GET", "/objects/%s/%s" % (
            artifact["bucket"], artifact["key"]))

    def object_info(self, artifact):
        return [o for o in self.ask("GET", "/objects")["objects"]
                if (o["bucket"], o["key"]) ==
                (artifact["bucket"], artifact["key"])][0]


class Relay:
    """A loopback port that refuses, or passes on to the simulator."""

    def __init__(self, url):
        self.to = urllib.parse.urlsplit(url)
        self.listener = None
        self.thread = None
        self.ending = self.silent = False
        self.muted = 0          # connections taken while it was silent
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port

    def open(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def mute(self, silent):
        """Accept new connections and say nothing to them, or pass them on."""
        self.silent = silent

    def serve(self):
        peers, mute = {}, []
        while not self.ending:
            ready, _, _ = select.select([self.listener, *peers], [], [], 0.1)
            for s in ready:
                if s is self.listener:
                    near, _ = s.accept()
                    if self.silent:
                        self.muted += 1
                        mute.append(near)
                        continue
                    far = socket.create_connection(
                        (self.to.hostname, self.to.port))
                    peers[near], peers[far] = far, near
                elif s in peers:
                    self.pass_on(s, peers)
        for s in (*peers, *mute):
            s.close()

    @staticmethod
    def pass_on(s, peers):
        try:
            data = s.recv(65536)
            if data:
                peers[s].sendall(data)
                return
        except OSError:
            pass
        other = peers.pop(s)
        peers.pop(other)
        s.close()
        other.close()

    def close(self):
        self.ending = True
        if self.thread:
            self.thread.join()
            self.listener.close()
