"""An S3 that misbehaves or refuses the job's credentials."""
import pytest

from actions import artifact_of, members, run, run_job, start
from faults import FAST, Beside, Listener, Peak, told
from sim import header_of

GIB = 1 << 30
HTML = {"status": 503, "type": "text/html", "body": "<html>no</html>"}


@pytest.fixture(name="worker")
def fixture_worker(make_worker):
    return make_worker(FAST).start()


def both_ways(sim, box):
    """A command with an input and an output artifact."""
    return sim.job_add("run-command", configuration=run(), outputs=1,
                       input=artifact_of(box))


def written(sim, job):
    """What a successful job wrote."""
    (output,) = sim.succeeded(job)["outputs"]
    return list(members(sim.object(output)).values())


# --- what passes ---

@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "SlowDown", "status": 503,
               "message": "Please reduce your request rate."}),
    ("error", {"code": "InternalError", "status": 500, "message": "x"}),
    ("error", {"code": "RequestTimeout", "status": 400, "message": "x"}),
    ("status", HTML), ("reset", None), ("close", None),
    ("close-before", None), ("cut", None),
    ("slow", {"bytes": 100, "ms": 10})],
    ids=["503", "500", "400", "html", "reset", "close", "close before",
         "cut", "slow"])
def test_fault_that_passes(sim, worker, fault, param):
    """The worker repeats reading and writing, but not the command."""
    times = 1 if fault in ("slow", "cut") else 3
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", fault, param, count=times)
        sim.fault("s3", "PutObject", fault, param, count=times)
        assert written(sim, both_ways(sim, sim.sandbox_add())) == [b"done"]
        assert sim.faults() == []
        assert beside.posts() == ["StartSandboxCommand"]


@pytest.mark.bad_signatures     # the oracle knows one region
def test_bucket_in_another_region(sim, worker):
    """From then on the worker uses the region that S3 names."""
    sim.settings(s3={"bucket_region": "eu-west-1"})
    box = sim.sandbox_add()
    assert written(sim, both_ways(sim, box)) == [b"done"]
    assert worker.running() and len(sim.executions()) == 1
    assert "/eu-west-1/s3/" in header_of(sim.requests(
        "s3", "PutObject")[-1], "authorization")


def test_bucket_that_is_nowhere(sim, worker):
    """If S3 sends the worker from one region to the next, it follows once."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": "PermanentRedirect", "status": 301,
            "message": "The bucket must be addressed elsewhere."}, count=-1)
        message = told(sim, run_job(sim, sim.sandbox_add()),
                       "SystemUnavailable", "input artifact s3://",
                       "PermanentRedirect", "Bucket sim-artifacts",
                       "region us-east-2", "AWS_ENDPOINT_URL_S3")
        assert "tried" not in message
        assert beside.posts() == []
        assert len(sim.requests("s3", "GetObject")) <= 2


@pytest.mark.bad_signatures
def test_region_that_changes_for_ever(sim, worker):
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "status", {
            "status": 301, "body": "",
            "headers": {"x-amz-bucket-region": "eu-west-1"}}, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
             "input artifact", "301")
        assert beside.posts() == []
        assert len(sim.requests("s3", "GetObject")) == 2


@pytest.mark.parametrize("status", [302, 307])
def test_redirection(sim, worker, status):
    """The session token does not follow a redirection to another host."""
    other = Listener(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    try:
        with Beside(sim, worker) as beside:
            sim.fault("s3", "GetObject", "status", {
                "status": status, "body": "", "headers": {
                    "Location": "http://localhost:%d/x" % other.port}},
                count=-1)
            told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
                 "input artifact", str(status))
            assert beside.posts() == []
    finally:
        other.close()
    assert other.taken == []


@pytest.mark.bad_signatures
@pytest.mark.parametrize("offset", [600, -600])
def test_clock_that_is_off(sim, worker, offset):
    """A clock that differs from that of S3 is corrected in signatures."""
    sim.settings(s3={"clock_offset_s": offset})
    assert written(sim, both_ways(sim, sim.sandbox_add())) == [b"done"]
    assert worker.running()


# --- credentials ---

def test_credentials_that_expire_in_the_wait(sim, worker):
    """The worker renews the credentials for the output artifact; the command
    runs once."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "PutObject", "error", {
            "code": "ExpiredToken", "status": 400,
            "message": "The provided token has expired."})
        job = both_ways(sim, sim.sandbox_add())
        assert written(sim, job) == [b"done"]
        assert sim.job(job)["details_calls"] == 1
        assert beside.posts() == ["StartSandboxCommand"]


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId",
                                  "InvalidToken"])
def test_credentials_that_are_never_good(sim, worker, code):
    """The worker renews them once, then the job fails."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": code, "status": 403, "message": "Bad."}, count=-1)
        job = run_job(sim, sim.sandbox_add())
        told(sim, job, "PermissionError", "input artifact", code,
             "S3 twice refused the credentials", "clock")
        assert sim.job(job)["details_calls"] == 1
        assert len(sim.requests("s3", "GetObject")) == 2
        assert beside.posts() == []


@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "InternalFailure", "status": 500}), ("hang", None),
    ("html", None), ("status", dict(HTML, status=403))],
    ids=["500", "hang", "html", "403 page"])
def test_new_credentials_that_take_their_time(sim, worker, fault, param):
    """GetJobDetails is repeated until it answers."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": "ExpiredToken", "status": 400, "message": "x"})
        sim.fault("codepipeline", "GetJobDetails", fault, param)
        sim.succeeded(run_job(sim, sim.sandbox_add()))
        assert beside.posts() == ["StartSandboxCommand"]


def test_new_credentials_that_are_refused(sim, worker):
    """The text says what the worker may not do."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": "ExpiredToken", "status": 400, "message": "x"})
        sim.fault("codepipeline", "GetJobDetails", "error", {
            "code": "AccessDeniedException", "message": "not authorized to "
            "perform: codepipeline:GetJobDetails"}, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
             "credentials", "codepipeline:GetJobDetails")
        assert beside.posts() == []


# --- permissions ---

def test_key_that_may_not_encrypt(sim, worker):
    """A start whose artifact cannot be written fails, and its sandbox is
    ended; the text names the permission."""
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(s3={"kms_denied": True})
        job = sim.job_add("start-sandbox", configuration=start())
        told(sim, job, "PermissionError", "output artifact",
             "kms:GenerateDataKey", "The sandbox was ended")
        (box,) = beside.sandboxes()
        assert box["stops"] == 1
        assert beside.posts() == ["StartSandbox", "StopSandbox"]
        sim.settings(s3={"kms_denied": False})


def test_key_that_may_not_encrypt_after_a_command(sim, worker):
    """The text says that the command itself succeeded."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "PutObject", "error", {
            "code": "AccessDenied", "status": 403, "message":
                "not authorized to perform: kms:GenerateDataKey"}, count=-1)
        told(sim, both_ways(sim, sim.sandbox_add()), "PermissionError",
             "the command succeeded, but", "output artifact",
             "kms:GenerateDataKey")
        assert beside.posts() == ["StartSandboxCommand"]


@pytest.mark.parametrize("code, kind, word", [
    ("AccessDenied", "PermissionError", "kms:Decrypt"),
    ("KMS.DisabledException", "ConfigurationError", "encryption key"),
    ("KMS.NotFoundException", "ConfigurationError", "encryption key"),
    ("KMS.KMSInvalidStateException", "ConfigurationError",
     "encryption key")])
def test_key_that_does_not_decrypt(sim, worker, code, kind, word):
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": code, "status": 403 if code == "AccessDenied" else 400,
            "message": "arn:aws:kms:us-east-2:111122223333:key/1"},
            count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), kind, "input artifact",
             code, word)
        assert len(sim.requests("s3", "GetObject")) == 1
        assert beside.posts() == []


def test_key_that_may_not_be_used(sim, worker):
    """The simulator's own refusal of the pipeline's key."""
    with Beside(sim, worker) as beside:
        sim.settings(s3={"kms_denied": True})
        told(sim, run_job(sim, sim.sandbox_add()), "PermissionError",
             "kms:Decrypt")
        assert beside.posts() == []
        sim.settings(s3={"kms_denied": False})


def test_bucket_that_is_gone(sim, worker):
    """There is no place for the output: the worker ends the sandbox."""
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("s3", "PutObject", "error", {
            "code": "NoSuchBucket", "status": 404,
            "message": "The specified bucket does not exist"}, count=-1)
        job = sim.job_add("start-sandbox", configuration=start())
        told(sim, job, "ConfigurationError", "output artifact",
             "NoSuchBucket", "s3://sim-artifacts/", "The sandbox was ended")
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


@pytest.mark.parametrize("page", [
    dict(HTML, status=403), dict(HTML, status=404)], ids=["403", "404"])
def test_page_of_a_proxy(sim, worker, page):
    """The page says nothing about permissions or the artifact."""
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "status", page, count=-1)
        message = told(sim, run_job(sim, sim.sandbox_add()),
                       "SystemUnavailable", "input artifact s3://", "proxy")
        assert "s3:GetObject" not in message
        assert beside.posts() == []


def test_artifact_that_expired(sim, worker):
    with Beside(sim, worker) as beside:
        sim.fault("s3", "GetObject", "error", {
            "code": "NoSuchKey", "status": 404,
            "message": "The specified key does not exist."}, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "RevisionUnavailable",
             "input artifact s3://", "not exist. The artifact was deleted",
             "lifecycle rules", "release the change again")
        assert beside.posts() == []


# --- what does not pass ---

def test_writing_is_given_up(sim, worker):
    """500 for ever: the worker tries some times, then reports it and ends the
    sandbox."""
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("s3", "PutObject", "error", {
            "code": "InternalError", "status": 500, "message": "x"},
            count=-1)
        job = sim.job_add("start-sandbox", configuration=start())
        told(sim, job, "SystemUnavailable", "output artifact",
             "InternalError", "tried 8 times", "if it happens again, tell the "
             "worker's operator. The sandbox was ended.")
        assert len(sim.requests("s3", "PutObject")) == 8
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


@pytest.mark.parametrize("operation, posts", [
    ("GetObject", []), ("PutObject", ["StartSandboxCommand"])])
def test_transfer_that_hangs(sim, make_worker, operation, posts):
    """The deadline ends it; the text says what hung."""
    worker = make_worker(dict(FAST, **{"run-command.timeout": "3s"})).start()
    with Beside(sim, worker) as beside:
        sim.fault("s3", operation, "hang", count=-1)
        job = both_ways(sim, sim.sandbox_add())
        told(sim, job, "JobFailed", "Timed out after 3 s",
             "reading the input artifact" if operation == "GetObject" else
             "writing the output artifact",
             "S3 (127.0.0.1:", "did not answer the last request in time")
        assert beside.posts() == posts


@pytest.mark.parametrize("fault, param, word", [
    ("huge", {"bytes": GIB}, "larger than 64 MiB"),
    ("huge", {"bytes": GIB, "chunked": True}, "larger than 64 MiB"),
    ("deep", {"depth": 1000000}, "more than 200000 values"),
    ("html", None, "neither a ZIP archive nor JSON"),
    ("garbage", None, "neither a ZIP archive nor JSON")],
    ids=["huge", "chunked", "deep", "html", "garbage"])
def test_object_that_is_nonsense(sim, make_worker, fault, param, word):
    # 64 MiB take longer than a second on a busy machine
    worker = make_worker(dict(FAST, **{"worker.http_timeout": "50s"})).start()
    with Beside(sim, worker) as beside, Peak(worker) as peak:
        sim.fault("s3", "GetObject", fault, param, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "ConfigurationError",
             "input artifact", word, "Quali-Start-Sandbox")
        assert len(sim.requests("s3", "GetObject")) == 1
        assert beside.posts() == []
    assert 0 < peak.bytes < 384 << 20
