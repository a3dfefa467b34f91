"""Starts quali-sim for its own tests; signs by botocore."""
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import time
import urllib.parse

import botocore.config
import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HERE = os.path.dirname(os.path.abspath(__file__))
REGION = "us-east-2"
WORKER = Credentials("AKIASIMWORKER", "sim-worker-secret")
START = {"category": "Deploy", "owner": "Custom",
         "provider": "Quali-Start-Sandbox", "version": "10"}
RUN = {"category": "Test", "owner": "Custom",
       "provider": "Quali-Run-Command", "version": "10"}
END = {"category": "Deploy", "owner": "Custom",
       "provider": "Quali-End-Sandbox", "version": "10"}


def wait_for(check, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("timed out")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        assert "date" in self.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["__type"]


class Sim:
    def __init__(self, folder, tls=None, seed=1, cloudshell_tls=None):
        self.ports = os.path.join(folder, "ports")
        self.log = os.path.join(folder, "log")
        command = [os.environ["QUALI_SIM"], "--ports", self.ports,
                   "--log", self.log, "--seed", str(seed)]
        self.context = self.ca_file = None
        if tls:
            command += ["--tls", tls]
            self.ca_file = os.path.join(tls, "ca.pem")
            self.context = ssl.create_default_context(cafile=self.ca_file)
        if cloudshell_tls:
            command += ["--cloudshell-tls", cloudshell_tls]
        self.process = subprocess.Popen(
            command, env={k: v for k, v in os.environ.items()
                          if k == "PATH" or k.endswith("SAN_OPTIONS")})
        wait_for(lambda: os.path.exists(self.ports))
        with open(self.ports, encoding="utf-8") as f:
            self.urls = json.load(f)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0

    def connect(self, service, timeout=10):
        u = urllib.parse.urlsplit(self.urls[service])
        if u.scheme == "https":
            return http.client.HTTPSConnection(
                u.hostname, u.port, timeout=timeout, context=self.context)
        return http.client.HTTPConnection(u.hostname, u.port,
                                          timeout=timeout)

    def send(self, service, method, target, headers, body=None,
             connection=None, timeout=10):
        c = connection or self.connect(service, timeout)
        c.putrequest(method, target, skip_host=True,
                     skip_accept_encoding=True)
        for name, value in headers.items():
            c.putheader(name, value)
        if body is not None or method in ("PUT", "POST"):
            c.putheader("Content-Length", str(len(body or b"")))
        c.endheaders(body)
        answer = Answer(c.getresponse())
        if connection is None:
            c.close()
        return answer

    def host(self, service):
        return urllib.parse.urlsplit(self.urls[service]).netloc

    # --- admin ---

    def admin(self, method, path, body=None, status=200):
        data = None if body is None else (
            body if isinstance(body, bytes) else json.dumps(body).encode())
        a = self.send("admin", method, path, {"Host": "sim"}, data)
        assert a.status == status, a.body
        return a.json if a.headers["content-type"].startswith(
            "application/json") else a.body

    def job(self, action="start-sandbox", **kw):
        kw["action"] = action
        return self.admin("POST", "/jobs", kw)["jobs"][0]

    def fault(self, service, fault, operation="*", **kw):
        kw.update(service=service, fault=fault, operation=operation)
        return self.admin("POST", "/faults", kw)

    def settings(self, **kw):
        return self.admin("PUT", "/settings", kw)

    def requests(self, query=""):
        return self.admin("GET", "/requests" + query)["requests"]

    # --- CodePipeline ---

    def cp_headers(self, operation, body, creds=WORKER, **change):
        r = AWSRequest("POST", self.urls["codepipeline"] + "/", data=body,
                       headers={
                           "Host": self.host("codepipeline"),
                           "Content-Type": "application/x-amz-json-1.1",
                           "X-Amz-Target":
                           "CodePipeline_20150709." + operation})
        SigV4Auth(creds, change.get("service", "codepipeline"),
                  change.get("region", REGION)).add_auth(r)
        return dict(r.headers.items())

    def cp(self, operation, body, creds=WORKER, connection=None, timeout=10,
           **change):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = self.cp_headers(operation, data, creds, **change)
        headers.update(change.get("headers", {}))
        return self.send("codepipeline", "POST", "/", headers, data,
                         connection, timeout)

    def poll(self, kind=START, n=1, **kw):
        a = self.cp("PollForJobs", {"actionTypeId": kind, "maxBatchSize": n},
                    **kw)
        assert a.status == 200, a.body
        return a.json["jobs"]

    def ack(self, job):
        return self.cp("AcknowledgeJob",
                       {"jobId": job["id"], "nonce": job["nonce"]})

    def claim(self, kind=START):
        job = wait_for(lambda: self.poll(kind))[0]
        a = self.ack(job)
        assert (a.status, a.json) == (200, {"status": "InProgress"})
        return job

    # --- S3 ---

    def s3(self, method, bucket, key, job, body=None, creds=None,
           region=REGION, wire=None, **headers):
        if creds is None:
            c = job["data"]["artifactCredentials"]
            creds = Credentials(c["accessKeyId"], c["secretAccessKey"],
                                c["sessionToken"])
        path = "/" + bucket + "/" + urllib.parse.quote(key, safe="/~")
        r = AWSRequest(method, self.urls["s3"] + path, data=body or b"",
                       headers={"Host": self.host("s3")})
        for name, value in headers.items():
            r.headers[name.replace("_", "-")] = value
        # botocore signs UNSIGNED-PAYLOAD over TLS unless told otherwise
        r.context["payload_signing_enabled"] = True
        r.headers["x-amz-content-sha256"] = hashlib.sha256(
            body or b"").hexdigest()
        S3SigV4Auth(creds, "s3", region).add_auth(r)
        signed = dict(r.headers.items())
        return self.send("s3", method, wire or path, signed,
                         body if method == "PUT" else None)

    # --- CloudShell ---

    def login(self):
        a = self.send("cloudshell", "PUT", "/api/login",
                      {"Host": "x", "Content-Type": "application/json"},
                      json.dumps({"username": "ci", "domain": "Global",
                                  "password": "sim-password"}).encode())
        assert a.status == 200, a.body
        return a.json

    def cs(self, token, method, path, body=None, **headers):
        h = {"Host": "x", "Content-Type": "application/json",
             "Authorization": "Basic " + token}
        for name, value in headers.items():
            h[name.replace("_", "-")] = value
        h = {k: v for k, v in h.items() if v is not None}
        return self.send("cloudshell", method, "/api" + path, h,
                         None if body is None else
                         body if isinstance(body, bytes) else
                         json.dumps(body).encode())

    def start(self, token, name="box", blueprint="Demo%20Blueprint", **kw):
        body = {"name": name, "duration": "PT30M", "params": []}
        body.update(kw)
        a = self.cs(token, "POST", "/v2/blueprints/%s/start" % blueprint,
                    body)
        assert a.status == 200, a.body
        return a.json

    def state(self, token, sid):
        return self.cs(token, "GET", "/v2/sandboxes/" + sid).json["state"]

    # --- botocore's clients ---

    def client(self, service, key=WORKER.access_key, secret=WORKER.secret_key,
               token=None, region=REGION):
        return botocore.session.Session().create_client(
            service, region_name=region, endpoint_url=self.urls[service],
            aws_access_key_id=key, aws_secret_access_key=secret,
            aws_session_token=token, verify=self.ca_file,
            config=botocore.config.Config(retries={"max_attempts": 0}))
