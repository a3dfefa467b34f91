"""CodePipeline that misbehaves: every job claimed gets exactly one result,
none runs twice."""
import http.client
import json
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from actions import artifact_of, run, run_job, start
from faults import FAST, Beside, Listener, let_go
from sim import REGION, WORKER_KEY, WORKER_SECRET, wait_for

GIB = 1 << 30
HTML_500 = {"status": 500, "type": "text/html", "body": "<html>Oops</html>"}
HTML_403 = dict(HTML_500, status=403)
HTML_302 = dict(HTML_500, status=302, headers={"Location": "http://x/"})
THROTTLED = {"code": "ThrottlingException", "message": "Rate exceeded",
             "status": 400}
NEVER = {"codepipeline": {"redeliver_ms": 3600000}}


@pytest.fixture(name="worker")
def fixture_worker(make_worker):
    return make_worker(FAST).start()


def peak(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 0


# --- PollForJobs ---

@pytest.mark.parametrize("fault, param", [
    ("status", HTML_500), ("error", THROTTLED), ("reset", None),
    ("hang", None), ("garbage", None), ("html", None), ("wrong-type", None),
    ("deep", {"depth": 1000000}), ("huge", {"bytes": GIB}),
    ("huge", {"bytes": GIB, "chunked": True}), ("cut", None),
    ("error", {"code": "ExpiredTokenException", "message": "old"}),
    ("body", {"body": {"jobs": None}}), ("body", {"body": {"jobs": {}}}),
    ("body", {"body": {"jobs": [None, 1, {}, {"id": "x"}]}})],
    ids=["500", "throttled", "reset", "hang", "garbage", "html",
         "wrong type", "deep", "huge", "chunked", "cut", "expired", "null",
         "object", "broken jobs"])
def test_poll(sim, worker, fault, param):
    """Whatever PollForJobs answers, running jobs go on and the worker finds
    work later."""
    with Beside(sim, worker):
        sim.fault("codepipeline", "PollForJobs", fault, param, count=3)
        sim.wait_fault_used()
        assert peak(worker.pid) < 256 << 20
    assert [j["deliveries"] for j in sim.jobs()] == [1, 1]


def test_poll_that_is_denied(sim, make_worker):
    """The log names a type that may not be polled, and the worker still polls
    the others."""
    sim.fault("codepipeline", "PollForJobs", "error", {
        "code": "AccessDeniedException", "message": "User ci is not "
        "authorized to perform: codepipeline:PollForJobs"}, count=-1,
        match="Quali-End-Sandbox")
    worker = make_worker(FAST).start()
    # two are polled at once: either version may be answered first
    worker.wait_stderr("Quali-End-Sandbox/(10|9).*AccessDenied.*PollForJobs")
    with Beside(sim, worker):
        pass


@pytest.mark.bad_signatures
def test_clock_that_is_off(sim, worker):
    """A refusal without a usable time does not undo the correction."""
    sim.settings(codepipeline={"clock_offset_s": 600})
    with Beside(sim, worker):
        worker.wait_stderr("differs from AWS's by (599|600|601) s")
        told_ = worker.stderr().count("differs from AWS's by")
        sim.fault("codepipeline", "PollForJobs", "status", {
            "status": 400, "headers": {"Date": "soon"},
            "body": {"__type": "RequestExpired", "message": "x"}})
        sim.wait_fault_used()
        worker.wait_stderr("does not send its own")
        sim.succeeded(run_job(sim, sim.sandbox_add()))
    assert worker.stderr().count("differs from AWS's by") == told_


@pytest.mark.parametrize("operation", ["PollForJobs", "AcknowledgeJob",
                                       "PutJobSuccessResult"])
@pytest.mark.parametrize("status", [302, 307])
def test_redirection(sim, make_worker, operation, status):
    """Signed requests do not follow a redirection to another host."""
    other = Listener(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    sim.settings(codepipeline={"redeliver_ms": 300})
    try:
        sim.fault("codepipeline", operation, "status", {
            "status": status, "body": "", "headers": {
                "Location": "http://localhost:%d/x" % other.port}})
        job = run_job(sim, sim.sandbox_add())
        worker = make_worker(FAST).start()
        sim.wait_fault_used()
        sim.succeeded(job)
        assert len(sim.executions()) == 1 and worker.running()
    finally:
        other.close()
    assert other.taken == []


# --- AcknowledgeJob ---

# How often in a row these occur; the others occur once.
AGAIN_AND_AGAIN = {"500": 3, "throttled": 3, "reset": 3, "close before": 3}

WITHOUT_EFFECT = {
    "500": ("status", HTML_500), "throttled": ("error", THROTTLED),
    "403 page": ("status", HTML_403), "302 page": ("status", HTML_302),
    "reset": ("reset", None), "hang": ("hang", None),
    "garbage": ("garbage", None), "html": ("html", None),
    "wrong type": ("wrong-type", None), "deep": ("deep", {"depth": 1000000}),
    "huge": ("huge", {"bytes": GIB}), "empty": ("body", {"body": {}}),
}
WITH_EFFECT = {
    "close": ("close", None), "hang": ("hang-after", None),
    "cut": ("cut", None), "500": ("after-status", HTML_500),
    "403 page": ("after-status", HTML_403),
}


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_acknowledge_without_effect(sim, worker, name):
    """The worker repeats the claim, and the job runs once."""
    sim.settings(**NEVER)
    with Beside(sim, worker) as beside:
        sim.fault("codepipeline", "AcknowledgeJob", *WITHOUT_EFFECT[name],
                  count=AGAIN_AND_AGAIN.get(name, 1))
        told_ = sim.succeeded(run_job(sim, sim.sandbox_add()))
        assert (told_["acknowledged"], len(told_["results"])) == (1, 1)
        assert beside.posts() == ["StartSandboxCommand"]
        assert sim.faults() == [] and peak(worker.pid) < 256 << 20


@pytest.mark.parametrize("choice", ["drop", "run"])
@pytest.mark.parametrize("name", sorted(WITH_EFFECT))
def test_acknowledge_without_an_answer(sim, make_worker, choice, name):
    """The claim may be ours: ambiguous_claim decides, and a record says so;
    either way nothing runs twice."""
    sim.settings(**NEVER)
    worker = make_worker(dict(FAST, **{"worker.ambiguous_claim":
                                       choice})).start()
    with Beside(sim, worker) as beside:
        sim.fault("codepipeline", "AcknowledgeJob", *WITH_EFFECT[name])
        job = run_job(sim, sim.sandbox_add())
        if choice == "run":
            assert len(sim.succeeded(job)["results"]) == 1
            assert beside.posts() == ["StartSandboxCommand"]
        else:
            worker.wait_ledger(job, "dropped")
            assert sim.job(job)["state"] == "InProgress"
            assert sim.job(job)["results"] == []
            assert beside.posts() == []
            worker.wait_stderr("ambiguous_claim|may be ours|InvalidNonce")
    acks = [n for n in sim.requests("codepipeline", "AcknowledgeJob")
            if n["job"] == job]
    assert len(acks) == 2
    assert {n["connection_request"] for n in acks} == {1}


@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "InvalidNonceException", "message": "x"}),
    ("body", {"body": {"status": "Succeeded"}}),
    ("body", {"body": {"status": "TimedOut"}}),
    ("error", {"code": "JobNotFoundException", "message": "x"})],
    ids=["nonce", "Succeeded", "TimedOut", "not found"])
def test_job_of_somebody_else(sim, worker, fault, param):
    """The worker drops the job: no run, no result, and the slot is free."""
    sim.settings(**NEVER)
    with Beside(sim, worker) as beside:
        sim.fault("codepipeline", "AcknowledgeJob", fault, param)
        job = run_job(sim, sim.sandbox_add())
        worker.wait_ledger(job, "dropped")
        assert beside.asked() == []
    assert sim.job(job)["results"] == []
    assert len([n for n in sim.requests("codepipeline", "AcknowledgeJob")
                if n["job"] == job]) == 1


# --- PutJobSuccessResult and PutJobFailureResult ---

RESULTS = {
    "500": ("status", HTML_500), "throttled": ("error", THROTTLED),
    "403 page": ("status", HTML_403),
    "403 page after": ("after-status", HTML_403),
    "reset": ("reset", None), "hang": ("hang", None),
    "close before": ("close-before", None), "close": ("close", None),
    "hang after": ("hang-after", None),
    "500 after": ("after-status", HTML_500), "redirect": ("redirect", None),
    "expired": ("error", {"code": "ExpiredTokenException", "message": "x"}),
    "html": ("html", None), "huge": ("huge", {"bytes": GIB}),
}


@pytest.mark.parametrize("operation, name", [
    ("PutJobSuccessResult", name) for name in sorted(RESULTS)] + [
    ("PutJobFailureResult", name) for name in ("500", "throttled", "reset",
                                               "hang", "close", "html")])
def test_result(sim, worker, operation, name):
    """CodePipeline takes exactly one result, the right one."""
    with Beside(sim, worker):
        sim.fault("codepipeline", operation, *RESULTS[name],
                  count=AGAIN_AND_AGAIN.get(name, 1))
        box = sim.sandbox_add()
        job = run_job(sim, box, "SANDBOX", "smoke test" if operation ==
                      "PutJobSuccessResult" else "no such command")
        sim.wait_fault_used()
        worker.wait_ledger(job, "done")
        told_ = sim.job(job)
        assert told_["state"] == ("Succeeded" if operation ==
                                  "PutJobSuccessResult" else "Failed")
        assert [r["accepted"] for r in told_["results"]].count(True) == 1
        assert {r["kind"] for r in told_["results"]} == {
            "success" if operation == "PutJobSuccessResult" else "failure"}
        assert {n["connection_request"] for n in sim.requests(
            "codepipeline", operation)} == {1}
        assert peak(worker.pid) < 256 << 20


@pytest.mark.parametrize("code", ["AccessDeniedException",
                                  "UnrecognizedClientException",
                                  "InvalidSignatureException"])
def test_result_that_is_forbidden_for_a_while(sim, worker, code):
    """A policy or key that is wrong for a while does not lose a result."""
    with Beside(sim, worker):
        sim.fault("codepipeline", "PutJobSuccessResult", "error", {
            "code": code, "message": "not authorized to perform: "
            "codepipeline:PutJobSuccessResult"}, count=2)
        sim.succeeded(run_job(sim, sim.sandbox_add()))


def test_result_without_a_taker_survives_a_restart(sim, make_worker):
    """500 for ever, then a restart: the next process sends the result, and the
    command does not run again."""
    worker = make_worker(FAST).start()
    sim.fault("codepipeline", "PutJobSuccessResult", "status", HTML_500,
              count=-1)
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, "result")
    sim.wait_requests("codepipeline", "PutJobSuccessResult", 2)
    assert worker.stop() == 0
    sim.clear_faults()
    worker.start()
    sim.succeeded(job)
    assert len(sim.executions()) == 1


@pytest.mark.parametrize("page", [HTML_403, HTML_302, dict(HTML_500,
                                                           status=520)],
                         ids=["403", "302", "520"])
def test_page_of_a_proxy_after_a_restart(sim, make_worker, page):
    """The page says nothing: the worker waits for the command all the same."""
    sim.settings(cloudshell={"command": {"ms": 1500}})
    worker = make_worker(FAST).start()
    job = run_job(sim, sim.sandbox_add())
    sim.wait_execution(lambda e: True)
    sim.wait_requests("cloudshell", "GetExecution", 1)
    assert worker.stop() == 0
    sim.fault("codepipeline", "GetJobDetails", "status", page, count=2)
    worker.start()
    sim.succeeded(job)
    assert sim.faults() == [] and len(sim.executions()) == 1


# --- the same job twice ---

def ask(sim, operation, body):
    """A call of CodePipeline by somebody with the worker's keys."""
    url = sim.urls["codepipeline"] + "/"
    request = AWSRequest("POST", url, {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "CodePipeline_20150709." + operation,
        "amz-sdk-invocation-id": "01234567-89ab-4cde-8123-456789abcdef",
        "amz-sdk-request": "attempt=1"},
        json.dumps(body).encode())
    SigV4Auth(Credentials(WORKER_KEY, WORKER_SECRET), "codepipeline",
              REGION).add_auth(request)
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    connection.request("POST", "/", request.body, dict(request.headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status == 200, content
    return json.loads(content or b"{}")


def take(sim, job):
    """Get the job offered, as PollForJobs describes it."""
    (offer,) = ask(sim, "PollForJobs", {"actionTypeId": {
        "category": "Test", "owner": "Custom",
        "provider": "Quali-Run-Command", "version": "10"},
        "maxBatchSize": 1})["jobs"]
    assert offer["id"] == job
    return offer


def offered(sim, *offers):
    """The next poll for commands answers this."""
    sim.fault("codepipeline", "PollForJobs", "body",
              {"body": {"jobs": list(offers)}}, match="Quali-Run-Command")


def acks_of(sim, job):
    return [n for n in sim.requests("codepipeline", "AcknowledgeJob")
            if n["job"] == job]


def test_job_twice_in_one_answer(sim, make_worker):
    """One claim, one run, one result."""
    sim.settings(**NEVER)
    job = run_job(sim, sim.sandbox_add())
    offer = take(sim, job)
    offered(sim, offer, offer)
    make_worker().start()
    told_ = sim.succeeded(job)
    assert len(told_["results"]) == 1 and len(sim.executions()) == 1
    assert len(acks_of(sim, job)) == 1


@pytest.mark.parametrize("state", ["claiming", "ours", "done"])
def test_job_that_is_offered_again(sim, make_worker, state):
    """While it is claimed, while it runs, and when it is done."""
    sim.settings(**NEVER)
    worker = make_worker(FAST)
    job = run_job(sim, sim.sandbox_add(), "db", "deploy")
    offer = take(sim, job)
    sim.settings(cloudshell={"command": {"ms": 600000}})
    if state == "claiming":
        sim.fault("codepipeline", "AcknowledgeJob", "hang-after")
    offered(sim, offer)
    worker.start()
    worker.wait_ledger(job, "claiming" if state == "claiming" else "ours")
    if state == "done":
        execution = sim.wait_execution()
        sim.ask("POST", "/executions/" + execution["id"], {"ms": 0})
        worker.wait_ledger(job, "done")
    offered(sim, offer)
    sim.wait_fault_used()
    if state == "claiming":
        worker.wait_ledger(job, "dropped")
        assert sim.executions() == []
        return
    execution = sim.wait_execution()
    sim.ask("POST", "/executions/" + execution["id"], {"ms": 0})
    told_ = sim.succeeded(job)
    assert len(told_["results"]) == 1 and told_["acknowledged"] == 1
    sim.settings(cloudshell={"command": {"ms": 1}})
    sim.succeeded(run_job(sim, sim.sandbox_add("two")))
    assert len(sim.executions()) == 2 and len(acks_of(sim, job)) == 1


def test_redelivery_while_the_claim_is_open(sim, make_worker):
    """The queue keeps offering the job, each time with a new nonce, until the
    slow acknowledge is through."""
    sim.settings(codepipeline={"redeliver_ms": 20})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 700})
    job = run_job(sim, sim.sandbox_add())
    make_worker(dict(FAST, **{"worker.http_timeout": "20s"})).start()
    told_ = sim.succeeded(job)
    assert told_["deliveries"] > 1
    assert (told_["acknowledged"], len(told_["results"])) == (1, 1)
    assert len(sim.executions()) == 1


def test_broken_job_beside_a_good_one(sim, make_worker):
    """A job that nobody can claim does not affect the other."""
    sim.settings(**NEVER)
    job = run_job(sim, sim.sandbox_add())
    offer = take(sim, job)
    broken = [dict(offer, id="x" * 5000), dict(offer, id=None),
              dict(offer, nonce="n" * 5000), {"id": offer["id"]}]
    offered(sim, *broken, offer)
    worker = make_worker().start()
    assert len(sim.succeeded(job)["results"]) == 1
    assert len(sim.executions()) == 1
    worker.wait_stderr("left out 4 jobs")


# --- three supervisors ---

@pytest.mark.parametrize("fault", ["close", "500"])
def test_three_supervisors(sim, make_worker, fault):
    """Each with its own ledger, on one queue that offers every job to all:
    each job has exactly one result, and none runs twice. None of the three
    has slots for all, so that each gets some."""
    sim.settings(codepipeline={"redeliver_ms": 10},
                 cloudshell={"command": {"ms": 600000}, "setup_ms": 20})
    settings = {"worker.poll_interval": "100ms", "worker.max_jobs": "6"}
    workers = [make_worker(settings).start() for _ in range(3)]
    box = sim.sandbox_add()
    commands = [run_job(sim, box, ArgumentsJSON='{"n": %d}' % n)
                for n in range(24)]
    starts = [sim.job_add("start-sandbox", configuration=start(
        SandboxName="s%d" % n)) for n in range(6)]
    ends = [sim.job_add("end-sandbox", configuration={}, input=artifact_of(
        sim.sandbox_add("e%d" % n))) for n in range(6)]
    bad = [sim.job_add("run-command", configuration=run("SANDBOX", "none"),
                       input=artifact_of(box)) for _ in range(4)]
    if fault == "500":      # nothing happened: the claim is repeated
        sim.fault("codepipeline", "AcknowledgeJob", "status", HTML_500,
                  count=8, after=4)
        sim.fault("codepipeline", "PutJobSuccessResult", "after-status",
                  HTML_500, count=8, after=4)
    if fault == "close":
        sim.fault("codepipeline", "PutJobSuccessResult", "close", count=8)
        sim.fault("codepipeline", "PutJobFailureResult", "close", count=2)
    assert len({w.state_dir for w in workers}) == 3
    let_go(sim, workers, 30)
    for job in commands + starts + ends + bad:
        told_ = sim.wait_job(job)
        assert told_["state"] == ("Failed" if job in bad else "Succeeded")
    for job in sim.jobs():
        assert job["acknowledged"] == 1
        assert [r["accepted"] for r in job["results"]].count(True) == 1
    assert sorted(int(e["params"][0]["value"])
                  for e in sim.executions()) == list(range(24))
    names = sorted(b["name"][:2] for b in sim.sandboxes())
    assert names == sorted(["th"] + ["e%d" % n for n in range(6)] +
                           ["s%d" % n for n in range(6)])
    for worker in workers:
        worker.wait_executors(0)
        wait_for(lambda w=worker: not w.ledger(
            "SELECT 1 FROM job WHERE state NOT IN ('done', 'dropped')"),
            "all done", worker.stderr)
    done = [w.ledger("SELECT count(*) FROM job WHERE state = 'done'")[0][0]
            for w in workers]
    assert min(done) > 0 and sum(done) == 40, done
    assert sum(j["refused_acks"] for j in sim.jobs()) > 0
