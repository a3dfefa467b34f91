"""The worker with credentials of each kind of profile, from files that change
while it runs, and from sources that fail for a while."""
import datetime
import json
import os

import pytest

from actions import run_job, running_job
from resolver import OLD_S, SESSION, TOKEN, ini
from sim import REGION, WORKER_KEY, WORKER_SECRET, header_of, wait_for

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
KEYS = {"aws_access_key_id": WORKER_KEY,
        "aws_secret_access_key": WORKER_SECRET}
ROLES = "arn:aws:iam::111122223333:role/"
ROLE = {"role_arn": ROLES + "sim-worker", "source_profile": "s"}
CHAIN = {"role_arn": ROLES + "sim-chained", "source_profile": "default"}
WEB = {"role_arn": ROLES + "sim-web"}
SHORT_MS = 8000         # half of it passes before the worker renews
OTHER = ("AKIAOTHER", "o/ther-secret")


class Files:
    """The worker's ~/.aws, a token and what a process prints."""

    def __init__(self, worker):
        self.folder = os.path.join(worker.folder, ".aws")
        os.mkdir(self.folder, 0o700)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, old=True):
        """Rename a new file into place."""
        with open(self.path("new"), "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        if old:
            os.utime(self.path("new"), (OLD_S, OLD_S))
        os.rename(self.path("new"), self.path(name))

    def config(self, sections):
        self.write("config", ini(sections, True))

    def printed(self, keys=(WORKER_KEY, WORKER_SECRET), life_s=None):
        answer = {"Version": 1, "AccessKeyId": keys[0],
                  "SecretAccessKey": keys[1]}
        if life_s is not None:
            until = datetime.datetime.utcnow() + datetime.timedelta(
                seconds=life_s)
            answer["Expiration"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.write("printed", json.dumps(answer))

    def process(self):
        return {"credential_process": "/bin/cat '%s'" % self.path("printed")}


@pytest.fixture(name="make")
def fixture_make(sim, make_worker):
    """make(env): (worker, its files), not started."""
    def make(env=None):
        worker = make_worker(env=dict(
            NO_KEYS, AWS_ENDPOINT_URL_STS=sim.urls["sts"], **(env or {})))
        return worker, Files(worker)
    return make


def signers(sim):
    """Keys with which polls were signed and taken, oldest first."""
    found = []
    for n in sim.requests("codepipeline", "PollForJobs"):
        key = header_of(n, "authorization").partition(
            "Credential=")[2].partition("/")[0]
        if n["status"] == 200 and key not in found:
            found.append(key)
    return found


def wait_signers(sim, count):
    return wait_for(lambda: (lambda s: s if len(s) >= count else None)(
        signers(sim)), "%d keys in use" % count, lambda: signers(sim))


def do_job(sim, name="one"):
    sim.succeeded(run_job(sim, sim.sandbox_add(name)))


# --- one for each source ---

def test_environment(sim, make):
    worker, _ = make({"AWS_ACCESS_KEY_ID": WORKER_KEY,
                      "AWS_SECRET_ACCESS_KEY": WORKER_SECRET,
                      "AWS_ACCOUNT_ID": "111122223333"})
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from environment, account "
                       "111122223333, region " + REGION)


def test_profile(sim, make):
    worker, files = make({"AWS_PROFILE": "p"})
    files.config({"p": KEYS})
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from profile p of .*config, region")


@pytest.mark.parametrize("config,arn", [
    ({"default": ROLE, "s": KEYS}, "sim-worker"),
    ({"c": CHAIN, "default": ROLE, "s": KEYS}, "sim-chained")])
def test_role(sim, make, config, arn):
    worker, files = make({"AWS_PROFILE": list(config)[0]})
    files.config(config)
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from role %s%s, assumed by profile .*,"
                       " account 111122223333, region" % (ROLES, arn))
    session = sim.sessions("sts")[-1]
    assert session["arn"].endswith("/%s/%s" % (arn, SESSION))
    assert signers(sim) == [session["accessKeyId"]]


@pytest.mark.parametrize("by", ["profile", "environment"])
def test_web_identity(sim, make, by):
    worker, files = make()
    files.write("token", TOKEN + "\n")
    if by == "profile":
        files.config({"default": dict(
            WEB, web_identity_token_file=files.path("token"))})
    else:
        worker.env.update(AWS_WEB_IDENTITY_TOKEN_FILE=files.path("token"),
                          AWS_ROLE_ARN=WEB["role_arn"])
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from role .*sim-web, assumed by a web "
                       "identity of (the environment|profile default)")
    assert signers(sim) == [s["accessKeyId"] for s in sim.sessions("sts")]


def test_process(sim, make):
    worker, files = make()
    files.printed()
    files.config({"default": files.process()})
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from process /bin/cat by profile "
                       "default of")
    assert "printed" not in worker.stderr()     # an argument


@pytest.mark.tls
def test_role_over_tls(sim, make_worker):
    """ca_file of [aws] reaches the question to STS."""
    ca = os.path.join(sim.tls, "ca.pem")
    worker = make_worker({"aws.ca_file": ca}, env=dict(
        NO_KEYS, AWS_ENDPOINT_URL_STS=sim.urls["sts"], AWS_CA_BUNDLE=None))
    Files(worker).config({"default": ROLE, "s": KEYS})
    worker.start()
    do_job(sim)
    worker.wait_stderr("AWS credentials from role")


# --- what changes while it runs ---

def test_keys_of_a_file_change(sim, make):
    """AWS refuses the old ones; the file, rewritten in place, has others."""
    sim.settings(codepipeline={"extra_workers": {OTHER[0]: OTHER[1]}})
    worker, files = make()
    files.write("credentials", ini({"default": KEYS}, False))
    worker.start()
    assert wait_signers(sim, 1) == [WORKER_KEY]
    with open(files.path("credentials"), "w", encoding="utf-8") as f:
        f.write(ini({"default": {"aws_access_key_id": OTHER[0],
                                 "aws_secret_access_key": OTHER[1]}}, False))
    sim.fault("codepipeline", "*", "error", {
        "code": "UnrecognizedClientException", "message": "old"}, count=1)
    assert wait_signers(sim, 2) == [WORKER_KEY, OTHER[0]]
    do_job(sim)


def test_role_is_renewed_while_a_job_runs(sim, make):
    """Ahead of its end, so that AWS never sees old keys."""
    sim.settings(sts={"life_ms": SHORT_MS})
    worker, files = make()
    files.config({"default": ROLE, "s": KEYS})
    worker.start()
    job, _ = running_job(sim, worker)
    wait_signers(sim, 3)
    sim.ask("POST", "/executions/" + sim.wait_execution()["id"], {
        "ms": 0, "status": "Completed"})
    sim.succeeded(job)
    assert {n["status"] for n in sim.requests("codepipeline")} == {200}


def test_token_of_a_web_identity_changes(sim, make):
    sim.settings(sts={"life_ms": SHORT_MS})
    worker, files = make()
    files.write("token", TOKEN)
    files.config({"default": dict(
        WEB, web_identity_token_file=files.path("token"))})
    worker.start()
    wait_signers(sim, 1)
    files.write("token", "another-token")
    sim.settings(sts={"web_token": "another-token"})
    wait_signers(sim, 2)
    do_job(sim)


def test_process_prints_others(sim, make):
    sim.settings(codepipeline={"extra_workers": {OTHER[0]: OTHER[1]}})
    worker, files = make()
    files.printed(life_s=SHORT_MS // 1000)
    files.config({"default": files.process()})
    worker.start()
    assert wait_signers(sim, 1) == [WORKER_KEY]
    files.printed(OTHER)
    assert wait_signers(sim, 2) == [WORKER_KEY, OTHER[0]]
    do_job(sim)


# --- what fails for a while ---

def test_process_fails_for_a_while(sim, make):
    sim.settings(codepipeline={"extra_workers": {OTHER[0]: OTHER[1]}})
    worker, files = make()
    files.printed(life_s=SHORT_MS // 1000)
    files.config({"default": files.process()})
    worker.start()
    wait_signers(sim, 1)
    os.unlink(files.path("printed"))
    worker.wait_stderr("error: .*credential_process of profile default of .*: "
                       "/bin/cat ended with status 1.*; using the old")
    do_job(sim)
    files.printed(OTHER)
    wait_signers(sim, 2)
    do_job(sim, "two")


def test_sts_is_away_for_a_while(sim, make):
    sim.settings(sts={"life_ms": SHORT_MS},
                 codepipeline={"session_grace_ms": 600000})
    worker, files = make()
    files.config({"default": ROLE, "s": KEYS})
    worker.start()
    wait_signers(sim, 1)
    sim.fault("sts", "*", "status", {"status": 503}, count=-1)
    worker.wait_stderr("error: .*role .*sim-worker, assumed by profile default "
                       "of .*: AssumeRole: HTTP 503.*; using the old")
    do_job(sim)
    sim.clear_faults()
    wait_signers(sim, 2)
    do_job(sim, "two")


def test_role_may_be_assumed_later(sim, make):
    """A worker that starts without credentials begins when there are some."""
    sim.fault("sts", "AssumeRole", "error", {
        "code": "AccessDenied", "message": "not yet", "status": 403},
        count=-1)
    worker, files = make()
    files.config({"default": ROLE, "s": KEYS})
    worker.start()
    worker.wait_stderr("error: .*role .*: AssumeRole: AccessDenied: not yet .*"
                       "trust policy.*; not polling or reporting")
    sim.wait_requests("sts", "AssumeRole", 3)
    # with another request's id each time, but said once
    assert worker.stderr().count("AccessDenied") == 1
    assert not sim.requests("codepipeline")
    sim.clear_faults()
    do_job(sim)


def test_warnings_are_told_once(sim, make):
    sim.settings(sts={"life_ms": SHORT_MS})
    worker, files = make()
    files.config({"default": dict(KEYS, **ROLE), "s": KEYS})
    worker.start()
    wait_signers(sim, 3)
    told = [line for line in worker.stderr().splitlines()
            if "holds several kinds of credentials" in line]
    assert len(told) == 1 and "warning: " in told[0]
