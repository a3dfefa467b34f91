"""Fixtures of the end-to-end tests: a simulator and workers for each test,
and checks after each test of what must always hold.

QUALI_BUILD: folder of the programs; QUALI_SRC: root of the source tree.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from ctl import Ctl                                             # noqa: E402
from oracle import Oracle                                       # noqa: E402
from sim import (CONTAINER_TOKEN, PASSWORD, WEB_TOKEN,           # noqa: E402
                 WORKER_KEY, WORKER_SECRET, Simulator, crash_checks,
                 header_of, json_of)
from worker import Worker, adopt_orphans, leftovers             # noqa: E402

BUILD = os.environ.get("QUALI_BUILD", "")
SRC = os.environ.get("QUALI_SRC", os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))


def pytest_configure(config):
    config.addinivalue_line("markers", "tls: the simulator speaks TLS")
    config.addinivalue_line("markers", "cloudshell_tls(name): CloudShell "
                            "also speaks TLS, with a certificate of make-ca")
    config.addinivalue_line("markers", "bad_signatures: the simulator may "
                            "refuse signatures in this test")
    adopt_orphans()


def program(name):
    path = os.path.join(BUILD, name)
    assert BUILD and os.access(path, os.X_OK), \
        "no program %r: set QUALI_BUILD to the build folder" % path
    return path


@pytest.fixture(scope="session", name="ca")
def fixture_ca():
    """A folder of tests/sim/make-ca."""
    folder = tempfile.mkdtemp(prefix="qjw-ca-")
    subprocess.run([os.path.join(SRC, "tests", "sim", "make-ca"), folder],
                   check=True, env={"PATH": "/usr/bin:/bin"}, timeout=60)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(name="sim")
def fixture_sim(request):
    """A simulator; at the end the oracle judges all requests of ours."""
    tls = None
    if request.node.get_closest_marker("tls"):
        tls = request.getfixturevalue("ca")
    own = request.node.get_closest_marker("cloudshell_tls")
    if own:
        own = os.path.join(request.getfixturevalue("ca"), *own.args)
    folder = tempfile.mkdtemp(prefix="qjw-sim-")
    sim = Simulator(program("quali-sim"), folder, tls, own)
    wrong = []
    yield sim
    try:
        wrong += judge_requests(
            sim, bool(request.node.get_closest_marker("bad_signatures")))
        wrong += judge_jobs(sim)
    finally:
        if sim.stop() != 0:
            wrong.append("quali-sim ended with %d" % sim.process.returncode)
        shutil.rmtree(folder)
    assert not wrong, "\n".join(wrong)


@pytest.fixture(name="make_sim")
def fixture_make_sim():
    """make_sim(tls folder, cloudshell_tls): another simulator, which nobody
    judges."""
    made = []

    def make(tls=None, cloudshell_tls=None):
        folder = tempfile.mkdtemp(prefix="qjw-sim-")
        made.append((Simulator(program("quali-sim"), folder, tls,
                               cloudshell_tls), folder))
        return made[-1][0]

    yield make
    for sim, folder in made:
        sim.stop()
        shutil.rmtree(folder)


@pytest.fixture(name="make_session_sim", scope="session")
def fixture_make_session_sim():
    """make_sim for fixtures that outlive a test."""
    made = []

    def make():
        folder = tempfile.mkdtemp(prefix="qjw-sim-")
        made.append((Simulator(program("quali-sim"), folder), folder))
        return made[-1][0]

    yield make
    for sim, folder in made:
        sim.stop()
        shutil.rmtree(folder)


@pytest.fixture(name="make_worker")
def fixture_make_worker(sim, make_sim):
    """make_worker(settings={"section.name": value}, env={}): not started.
    The end of the test ends it and looks for what no test allows."""
    del make_sim        # only for the order: workers end before simulators
    made = []

    def make(settings=None, env=None, ca=None):
        if sim.tls and ca is None:
            ca = os.path.join(sim.tls, "ca.pem")
        program("quali-job-worker")
        made.append(Worker(sim, BUILD, SRC, ca, settings, env))
        crash_checks.append(made[-1].crashed)
        return made[-1]

    yield make
    crash_checks.clear()
    wrong = []
    for worker in made:
        wrong += worker.finish()
    wrong += leftovers(Simulator.pids)
    secrets = known_secrets(sim)
    for worker in made:
        wrong += leaks(worker, secrets)
        print("--- stderr of %s\n%s" % (worker.folder,
                                        worker.stderr()[-20000:]))
        worker.remove()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(name="make_ctl")
def fixture_make_ctl(sim):
    """make_ctl(settings={"section.name": value}, env={}): a person who calls
    qualictl, in an account without action types."""
    made = []

    def make(settings=None, env=None):
        program("qualictl")
        made.append(Ctl(sim, BUILD, SRC, settings, env))
        return made[-1]

    sim.settings(codepipeline={"action_types": []})
    yield make
    wrong = [leak for ctl in made for leak in ctl.leaks()]
    for ctl in made:
        ctl.remove()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(name="ctl")
def fixture_ctl(make_ctl):
    return make_ctl()


@pytest.fixture(name="worker")
def fixture_worker(make_worker):
    """A worker with the usual settings, READY."""
    return make_worker().start()


# --- what holds in every test ---

def judge_requests(sim, bad_signatures):
    def credentials(job):
        told = sim.job(job).get("credentials") if job else None
        return None if told is None else [
            (c["accessKeyId"], c["secretAccessKey"], c["sessionToken"])
            for c in told]

    knobs = sim.ask("GET", "/settings")
    region = knobs["codepipeline"]["region"]
    sts = knobs["sts"]["region"] or region
    s3 = knobs["s3"]["bucket_region"] or region
    oracle = Oracle(worker_keys(sim, knobs["codepipeline"]), region,
                    tls=bool(sim.tls), job_credentials=credentials,
                    encryption_key=sim.encryption_key,
                    regions={"sts": sts, "s3": s3})
    wrong = []
    for note in sim.requests():
        if note["signature"] in ("bad", "none") and not bad_signatures:
            wrong.append("request %d %s: signature %s: %s" % (
                note["seq"], note["operation"], note["signature"],
                note["why"]))
        agent = header_of(note, "user-agent") or ""
        if not bad_signatures and not agent.startswith("aws-cli/"):
            wrong += oracle.faults(note)
    return wrong


def worker_keys(sim, knobs):
    """All with which the worker may sign for CodePipeline and STS."""
    sets = [(WORKER_KEY, WORKER_SECRET, None)]
    sets.append((knobs["worker_key"], knobs["worker_secret"],
                 knobs["worker_token"] or "sim-worker-token"))
    sets += [(key, secret, None)
             for key, secret in knobs["extra_workers"].items()]
    return sets + [(s["accessKeyId"], s["secretAccessKey"],
                    s["sessionToken"]) for s in sim.sessions()]


def judge_jobs(sim):
    """At most one result for each job, and only for those claimed."""
    wrong = []
    for job in sim.jobs():
        results = job["results"]
        if sum(r["accepted"] for r in results) > 1 or \
                (len(results) > 1 and not sim.faulty):
            wrong.append("job %s: %d results" % (job["id"], len(results)))
        if results and not job["acknowledged"]:
            wrong.append("job %s: a result without a claim" % job["id"])
    return wrong


def known_secrets(sim):
    """name -> secret: what went over the wire and may occur nowhere else."""
    found = {"password": PASSWORD, "AWS secret": WORKER_SECRET,
             "container's token": CONTAINER_TOKEN, "web token": WEB_TOKEN}
    for session in sim.sessions():
        key = session["accessKeyId"]
        found["secret of " + key] = session["secretAccessKey"]
        if session["sessionToken"]:
            found["session token of " + key] = session["sessionToken"]
    for note in sim.requests():
        token = header_of(note, "x-aws-ec2-metadata-token")
        if token:
            found["metadata token " + token[:4]] = token
        token = header_of(note, "x-amz-security-token")
        if token:
            found["session token " + token[:4]] = token
        if note["service"] == "cloudshell" and note["operation"] != "Login":
            token = (header_of(note, "authorization") or "").partition(" ")[2]
            if token:
                found["CloudShell token " + token[:4]] = token
                found["in a path " + token[:4]] = urllib.parse.quote(
                    token, safe="")
    found.update(sim.secrets)
    return found


def leaks(worker, secrets):
    wrong = []
    texts = list(worker.written())
    for note in worker.sim.requests("codepipeline"):
        if note["operation"].startswith("Put"):
            texts.append(("a result", json_text(note)))
    for where, text in texts:
        for name, secret in secrets.items():
            if secret.encode() in text:
                wrong.append("%s in %s" % (name, where))
    return wrong


def json_text(note):
    """The text without escapes, so that no secret hides behind them."""
    try:
        return repr(json_of(note)).encode()
    except ValueError:
        return b""
