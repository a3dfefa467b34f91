"""When calls to AWS are repeated: as often as max_attempts says, no more than
the quota allows, and at the pauses that AWS asks for; and how each attempt
introduces itself."""
import collections
import re

from actions import artifact_of, members, run, run_job
from faults import FAST, told
from sim import header_of, wait_for

THROTTLED = {"code": "ThrottlingException", "status": 400,
             "message": "Rate exceeded"}
BUSY = {"code": "InternalFailure", "status": 500, "message": "x"}
EXPIRED = {"code": "ExpiredToken", "status": 400, "message": "x"}
AGENT = re.compile(
    r"quali-job-worker/[0-9.]+ ua/2\.1 os/linux#[^ ]+ md/arch#[^ ]+ lang/c "
    r"md/curl#[0-9.]+[^ ]*(?: exec-env/([^ ]+))?(?: app/([^ ]+))?")


def attempts(notes):
    """Lists of (attempt, max), by the ids of their calls, oldest first."""
    found = collections.OrderedDict()
    for note in notes:
        signed = re.search(r"SignedHeaders=([^,]+)",
                           header_of(note, "authorization"))[1].split(";")
        assert {"amz-sdk-invocation-id", "amz-sdk-request"} <= set(signed)
        told_by = re.fullmatch(r"attempt=(\d+); max=(\d+)",
                               header_of(note, "amz-sdk-request"))
        found.setdefault(header_of(note, "amz-sdk-invocation-id"), []).append(
            (int(told_by[1]), int(told_by[2])))
    return list(found.values())


def both_ways(sim):
    return sim.job_add("run-command", configuration=run(), outputs=1,
                       input=artifact_of(sim.sandbox_add()))


def pauses(worker):
    return [float(s) for s in re.findall(r"next try in ([0-9.]+) s",
                                         worker.stderr())]


# --- polls ---

def test_throttled_polls_back_off(sim, make_worker):
    """The next poll is the retry: each is a call of its own, and the pauses
    between them double."""
    worker = make_worker({"worker.poll_interval": "200ms",
                          "worker.max_jobs": "1"})
    sim.fault("codepipeline", "PollForJobs", "error", THROTTLED, count=-1)
    worker.start()
    wait_for(lambda: len(pauses(worker)) >= 3, "three pauses", worker.stderr)
    for i, pause in enumerate(pauses(worker)[:3]):
        # rounded to a tenth
        assert 0.1 * 2 ** i - 0.05 <= pause <= 0.2 * 2 ** i + 0.05
    polls = attempts(sim.requests("codepipeline", "PollForJobs"))
    assert len(polls) >= 3 and all(p == [(1, 1)] for p in polls)
    sim.clear_faults()
    sim.succeeded(run_job(sim, sim.sandbox_add()))


def test_polls_obey_retry_after(sim, make_worker):
    """In seconds or, under AWS's own name, in milliseconds, also beyond what
    the back-off would be."""
    for headers, wanted in (({"Retry-After": "170"}, "170.0"),
                            ({"x-amz-retry-after": "123400"}, "123.4")):
        sim.fault("codepipeline", "PollForJobs", "status", {
            "status": 400, "body": '{"__type": "ThrottlingException"}',
            "type": "application/x-amz-json-1.1", "headers": headers},
            count=-1)
        worker = make_worker({"worker.max_jobs": "1"}).start()
        worker.wait_stderr(r"ThrottlingException.*; next try in %s s" %
                           re.escape(wanted))
        worker.stop()
        sim.clear_faults()


# --- calls of a job ---

def test_details_are_repeated(sim, make_worker):
    """One call has as many attempts as AWS_MAX_ATTEMPTS says; then the job
    waits longer and calls anew, since it must not be lost."""
    make_worker(FAST, {"AWS_MAX_ATTEMPTS": "4"}).start()
    sim.fault("s3", "GetObject", "error", EXPIRED)
    sim.fault("codepipeline", "GetJobDetails", "error", BUSY, count=4)
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    assert attempts(sim.requests("codepipeline", "GetJobDetails")) == [
        [(1, 4), (2, 4), (3, 4), (4, 4)], [(1, 4)]]


def test_details_three_times_by_default(sim, make_worker):
    """A refusal for good is not repeated."""
    make_worker(FAST).start()
    sim.fault("s3", "GetObject", "error", EXPIRED)
    sim.fault("codepipeline", "GetJobDetails", "error", THROTTLED, count=1)
    sim.fault("codepipeline", "GetJobDetails", "error", {
        "code": "JobNotFoundException", "status": 400, "message": "x"})
    told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
         "JobNotFoundException")
    assert attempts(sim.requests("codepipeline", "GetJobDetails")) == [
        [(1, 3), (2, 3)]]


def test_claims_and_results_are_sent_once(sim, make_worker):
    """Whatever max_attempts says: each attempt is a call of its own, about
    whose outcome the job's life decides."""
    worker = make_worker(FAST, {"AWS_MAX_ATTEMPTS": "9"})
    sim.fault("codepipeline", "AcknowledgeJob", "error", THROTTLED)
    sim.fault("codepipeline", "PutJobSuccessResult", "error", BUSY)
    worker.start()
    sim.succeeded(run_job(sim, sim.sandbox_add()))
    for operation in ("AcknowledgeJob", "PutJobSuccessResult"):
        assert attempts(sim.requests("codepipeline", operation)) == [
            [(1, 1)], [(1, 1)]]


def test_quota_ends_repeats(sim, make_worker):
    """All calls of the supervisor share the quota: 35 repeats of passing
    faults. When it is spent each call is sent once; the jobs wait, and none
    is lost."""
    make_worker(dict(FAST, **{"worker.max_jobs": "10"})).start()
    sim.fault("s3", "GetObject", "error", EXPIRED, count=10)
    sim.fault("codepipeline", "GetJobDetails", "error", BUSY, count=-1)
    box = sim.sandbox_add()
    jobs = sim.jobs_add("run-command", count=10, configuration=run(),
                        input=artifact_of(box))

    def calls():
        return attempts(sim.requests("codepipeline", "GetJobDetails"))
    # no poll succeeds meanwhile: all slots are taken
    wait_for(lambda: len(calls()) >= 30 and
             all(len(c) == 1 for c in calls()[-5:-1]), "single attempts",
             lambda: [len(c) for c in calls()])
    repeats = sum(len(c) - 1 for c in calls())
    assert 35 <= repeats <= 36
    sim.clear_faults()
    for job in jobs:
        sim.succeeded(job)


# --- S3 ---

def test_transfers_are_repeated(sim, make_worker):
    """As often as max_attempts of the profile says, here told in the
    order."""
    worker = make_worker(FAST, {"AWS_MAX_ATTEMPTS": "4"}).start()
    sim.fault("s3", "GetObject", "error", dict(BUSY, code="InternalError"),
              count=3)
    sim.fault("s3", "PutObject", "status", {"status": 503, "body": ""},
              count=-1)
    message = told(sim, both_ways(sim), "SystemUnavailable",
                   "output artifact", "tried 4 times: S3 answered HTTP 503")
    assert "(attempt 4," in worker.stderr()
    assert "tried 5" not in message
    assert attempts(sim.requests("s3", "GetObject")) == [
        [(1, 4), (2, 4), (3, 4), (4, 4)]]
    assert attempts(sim.requests("s3", "PutObject")) == [
        [(1, 4), (2, 4), (3, 4), (4, 4)]]


def test_correction_is_an_attempt_more(sim, make_worker):
    """Even where nothing is repeated, the credentials are renewed once."""
    make_worker(FAST, {"AWS_MAX_ATTEMPTS": "1"}).start()
    sim.fault("s3", "GetObject", "error", EXPIRED)
    sim.fault("s3", "PutObject", "error", dict(BUSY, code="InternalError"),
              count=-1)
    message = told(sim, both_ways(sim), "SystemUnavailable",
                   "output artifact", "S3 answered InternalError")
    assert "tried" not in message
    assert attempts(sim.requests("s3", "GetObject")) == [[(1, 1), (2, 2)]]
    assert attempts(sim.requests("s3", "PutObject")) == [[(1, 1)]]


# --- who is asking ---

def test_user_agent(sim, make_worker):
    """To CodePipeline and S3 in the form of the SDKs, with the application id
    of the profile; CloudShell gets to know the program alone."""
    make_worker(env={"AWS_SDK_UA_APP_ID": "lab 7/x",
                     "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}).start()
    (output,) = sim.succeeded(both_ways(sim))["outputs"]
    assert members(sim.object(output)) != {}
    # the first look-up tells the id, so all requests have it
    for note in sim.requests("codepipeline") + sim.requests("s3"):
        agent = AGENT.fullmatch(header_of(note, "user-agent"))
        assert agent.groups() == ("AWS_ECS_FARGATE", "lab-7-x")
        assert "user-agent" not in header_of(note, "authorization")
    assert {header_of(n, "user-agent").partition("/")[0]
            for n in sim.requests("cloudshell")} == {"quali-job-worker"}
    assert not any(" " in header_of(n, "user-agent")
                   for n in sim.requests("cloudshell"))
