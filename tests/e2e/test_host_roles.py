"""The worker with the roles that a container's endpoint or EC2's metadata
service gives it."""
import time

import pytest

from actions import run_job, running_job
from sim import REGION, Relay, header_of, wait_for

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
SHORT_MS = 8000         # half of it passes before the worker renews


def environment(sim, origin):
    return dict(NO_KEYS, **(sim.container_env() if origin == "container" else
                            sim.imds_env()))


def signed_by(sim, key):
    """Whether CodePipeline took a poll that this key signed."""
    return any(n["status"] == 200 and "=%s/" % key in header_of(
        n, "authorization") for n in sim.requests("codepipeline",
                                                  "PollForJobs"))


def wait_sessions(sim, origin, count):
    """Until so many sets of keys were handed out, and the last one used."""
    return wait_for(
        lambda: (lambda s: s if len(s) >= count and signed_by(
            sim, s[-1]["accessKeyId"]) else None)(sim.sessions(origin)),
        "%d sets of keys in use" % count, lambda: sim.sessions(origin))


def end_of_life(sim):
    """Of the last keys of the metadata service, which live SHORT_MS."""
    return sim.requests("imds", "GetCredentials")[-1]["wall"] + \
        SHORT_MS / 1000


@pytest.mark.parametrize("origin,where", [
    ("container", "container endpoint 127.0.0.1:"),
    ("imds", "EC2 instance role sim-worker")])
def test_job(sim, make_worker, origin, where):
    worker = make_worker(env=environment(sim, origin)).start()
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    worker.wait_stderr("AWS credentials from %s.*, region %s" % (where,
                                                                 REGION))
    (session,) = sim.sessions(origin)
    assert signed_by(sim, session["accessKeyId"])


def test_region_of_the_instance(sim, make_worker):
    env = dict(environment(sim, "imds"), AWS_REGION=None)
    worker = make_worker(env=env).start()
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    worker.wait_stderr("EC2 instance role sim-worker, region " + REGION)
    assert sim.requests("imds", "GetRegion")


@pytest.mark.parametrize("origin", ["container", "imds"])
def test_keys_rotate_while_a_job_runs(sim, make_worker, origin):
    """Renewed ahead of their end, so that AWS never sees old ones."""
    sim.settings(**{origin: {"life_ms": SHORT_MS}})
    worker = make_worker(env=environment(sim, origin)).start()
    job, _ = running_job(sim, worker)
    sessions = wait_sessions(sim, origin, 3)
    sim.ask("POST", "/executions/" + sim.wait_execution()["id"], {
        "ms": 0, "status": "Completed"})
    sim.succeeded(job)
    assert all(signed_by(sim, s["accessKeyId"]) for s in sessions[:3])
    assert {n["status"] for n in sim.requests("codepipeline")} == {200}


@pytest.mark.parametrize("origin", ["container", "imds"])
def test_keys_that_aws_refuses(sim, make_worker, origin):
    """They are looked up again at once, whatever life they promised."""
    worker = make_worker(env=environment(sim, origin)).start()
    wait_sessions(sim, origin, 1)
    sim.expire_sessions(origin)
    wait_sessions(sim, origin, 2)
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    assert worker.running()


@pytest.mark.parametrize("away", ["refuses", "is silent", "fails"])
def test_metadata_service_is_away(sim, make_worker, away):
    """The worker goes on with what it has as long as AWS takes it, through
    the end of its life, and takes the new keys when there are some."""
    sim.settings(imds={"life_ms": SHORT_MS},
                 codepipeline={"session_grace_ms": 600000})
    relay = Relay(sim.urls["imds"])
    relay.open()
    try:
        worker = make_worker(env=dict(
            environment(sim, "imds"),
            AWS_EC2_METADATA_SERVICE_ENDPOINT=relay.url)).start()
        (first,) = wait_sessions(sim, "imds", 1)
        if away == "refuses":
            relay.close()
        elif away == "is silent":
            relay.mute(True)
        else:
            sim.fault("imds", "*", "status", {"status": 503}, count=-1)
        worker.wait_stderr("error: .*EC2 metadata service 127.0.0.1.*; using "
                           "the old credentials")
        wait_for(lambda: time.time() > end_of_life(sim), "their end")
        sim.succeeded(run_job(sim, sim.sandbox_add()))
        assert len(sim.sessions("imds")) == 1
        if away == "refuses":
            relay.ending = False
            relay.open()
        elif away == "is silent":
            relay.mute(False)
        else:
            sim.clear_faults()
        sessions = wait_sessions(sim, "imds", 2)
        assert sessions[0] == dict(first, expired=sessions[0]["expired"])
        sim.succeeded(run_job(sim, sim.sandbox_add("two")))
    finally:
        relay.close()


def test_metadata_service_comes_late(sim, make_worker):
    """A worker that starts before it: it says what it waits for, and works
    when it gets keys."""
    relay = Relay(sim.urls["imds"])
    try:
        worker = make_worker(env=dict(
            environment(sim, "imds"),
            AWS_EC2_METADATA_SERVICE_ENDPOINT=relay.url)).start(ready=False)
        worker.wait_stderr("error: .*EC2 metadata service 127.0.0.1.*could "
                           "not connect.*; not polling or reporting")
        relay.open()
        sim.succeeded(run_job(sim, sim.sandbox_add()))
    finally:
        relay.close()


def test_keys_that_are_old_already(sim, make_worker):
    """From an endpoint of somebody's own they do not replace good ones."""
    sim.settings(imds={"life_ms": SHORT_MS},
                 codepipeline={"session_grace_ms": 600000})
    worker = make_worker(env=environment(sim, "imds")).start()
    (first,) = wait_sessions(sim, "imds", 1)
    sim.settings(imds={"life_ms": -60000})
    worker.wait_stderr("sent credentials that expired at .*; using the old")
    before = len(sim.requests("codepipeline", "PollForJobs"))
    wait_for(lambda: len(sim.requests("codepipeline", "PollForJobs")) >
             before + 6, "more polls", worker.stderr)
    assert all("=%s/" % first["accessKeyId"] in header_of(
        n, "authorization") for n in sim.requests("codepipeline"))


def test_version_1(sim, make_worker):
    """Only by the setting."""
    sim.settings(imds={"v1": True, "token_status": 404})
    worker = make_worker(env=environment(sim, "imds")).start(ready=False)
    worker.wait_stderr("api/token: answered 404.*metadata_v1 = yes in .aws.")
    assert sim.requests("imds", "GetRole") == []
    worker.stop()
    make_worker({"aws.metadata_v1": "yes"},
                env=environment(sim, "imds")).start()
    sim.succeeded(run_job(sim, sim.sandbox_add()))
