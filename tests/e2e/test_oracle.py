"""The oracle can fail: good requests pass, each kind of bad one is refused.

All requests here are signed by botocore.
"""
import base64
import hashlib
import http.client
import json
import urllib.parse

import botocore.session
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from oracle import Oracle
from sim import REGION, ROLE, WORKER_KEY, WORKER_SECRET

JOB = "01234567-89ab-cdef-0123-456789abcdef"
WORKER = (WORKER_KEY, WORKER_SECRET, None)
ARTIFACTS = ("ASIAJOB", "job-secret", "job-token")
TYPE = {"category": "Deploy", "owner": "Custom",
        "provider": "Quali-Start-Sandbox", "version": "10"}
KMS = {"x-amz-server-side-encryption": "aws:kms"}
KEY = "arn:aws:kms:us-east-2:111122223333:key/abc"
ATTEMPT = {"amz-sdk-invocation-id": "01234567-89ab-4cde-8123-456789abcdef",
           "amz-sdk-request": "attempt=1; max=3"}


def note_of(service, operation, method, url, headers, body):
    path = urllib.parse.urlsplit(url)
    return {"seq": 1, "service": service, "operation": operation,
            "method": method, "target": path.path +
            ("?" + path.query if path.query else ""),
            "headers": [[k, v] for k, v in headers.items()],
            "body": base64.b64encode(body).decode(), "body_cut": False,
            "body_bytes": len(body), "job": JOB}


def call(operation, body, known=WORKER, region=REGION,
         content_type="application/x-amz-json-1.1", method="POST", path="/",
         prefix="CodePipeline_20150709.", **extra):
    """A CodePipeline request, as quali-sim would note it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    aws = AWSRequest(method, "http://127.0.0.1:1234" + path, data=data,
                     headers={"Host": "127.0.0.1:1234",
                              "Content-Type": content_type,
                              "X-Amz-Target": prefix + operation, **ATTEMPT,
                              **extra})
    SigV4Auth(Credentials(*known), "codepipeline", region).add_auth(aws)
    return note_of("codepipeline", operation, method, aws.url,
                   dict(aws.headers.items()), data)


def put(key="P/A/x1", body=b"zip", known=ARTIFACTS, method="PUT", digest=None,
        headers=None):
    """An S3 request; headers None: those of a good upload."""
    url = "http://127.0.0.1:1234/bucket/" + urllib.parse.quote(key,
                                                               safe="/~")
    if headers is None:
        headers = KMS
    aws = AWSRequest(method, url, data=body,
                     headers={"Host": "127.0.0.1:1234", **ATTEMPT,
                              **headers})
    if method == "PUT":
        aws.headers["Content-Length"] = str(len(body))
    aws.headers["x-amz-content-sha256"] = digest or hashlib.sha256(
        body).hexdigest()
    S3SigV4Auth(Credentials(*known), "s3", REGION).add_auth(aws)
    if digest:
        aws.headers.replace_header("x-amz-content-sha256", digest)
    return note_of("s3", "PutObject", method, url,
                   dict(aws.headers.items()), body)


def change(note, name, value):
    """The same note with one header changed; None: left out."""
    kept = [h for h in note["headers"] if h[0].lower() != name.lower()]
    return dict(note, headers=kept + ([[name, value]] if value else []))


@pytest.fixture(name="oracle")
def fixture_oracle():
    return Oracle([WORKER], REGION, job_credentials=lambda job: [ARTIFACTS],
                  encryption_key=lambda job: None)


# --- good ones ---

@pytest.mark.parametrize("operation, body", [
    ("PollForJobs", {"actionTypeId": TYPE}),
    ("PollForJobs", {"actionTypeId": TYPE, "maxBatchSize": 3}),
    ("AcknowledgeJob", {"jobId": JOB, "nonce": "3"}),
    ("GetJobDetails", {"jobId": JOB}),
    ("PutJobSuccessResult", {"jobId": JOB}),
    ("PutJobSuccessResult", {
        "jobId": JOB, "executionDetails": {
            "summary": "\u00e9" * 2048, "externalExecutionId": "x",
            "percentComplete": 100}, "outputVariables": {"A-b": ""}}),
    ("PutJobFailureResult", {"jobId": JOB, "failureDetails": {
        "type": "JobFailed", "message": "m" * 5000}}),
])
def test_good_calls_pass(oracle, operation, body):
    """A request that AWS's model allows and botocore signed has no fault."""
    assert oracle.faults(call(operation, body)) == []


def test_good_call_with_session_token_passes():
    """The worker's own session token is checked as part of its set."""
    known = ("AKIAX", "s", "session")
    oracle = Oracle([known], REGION)
    assert oracle.faults(call("GetJobDetails", {"jobId": JOB}, known)) == []
    other = Oracle([("AKIAX", "s", "other")], REGION)
    assert other.faults(call("GetJobDetails", {"jobId": JOB}, known))


@pytest.mark.parametrize("key", [
    "P/A/x1", "a b/../%41+\u00e9//x~(1).zip", "/lead"])
def test_good_objects_pass(oracle, key):
    """Uploads and downloads pass, also with odd keys."""
    assert oracle.faults(put(key)) == []
    assert oracle.faults(put(key, b"", method="GET", headers={})) == []


def test_good_upload_with_key_and_checksum_passes():
    """The job's encryption key must be exactly right."""
    oracle = Oracle([WORKER], REGION, job_credentials=lambda job: [ARTIFACTS],
                    encryption_key=lambda job: KEY)
    name = "x-amz-server-side-encryption-aws-kms-key-id"
    digest = base64.b64encode(hashlib.sha256(b"zip").digest()).decode()
    good = put(headers={**KMS, name: KEY, "x-amz-checksum-sha256": digest})
    assert oracle.faults(good) == []
    assert oracle.faults(put())
    assert oracle.faults(put(headers={**KMS, name: KEY + "x"}))


# --- bad contents, rightly signed ---

@pytest.mark.parametrize("operation, body, word", [
    ("PollForJobs", {}, "missing"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, owner="AWS")}, "owner"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, owner="Quali")}, "none of"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, category="X")}, "none of"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, provider="a b")}, "pattern"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, version="1" * 10)}, "above"),
    ("PollForJobs", {"actionTypeId": dict(TYPE, version="")}, "below"),
    ("PollForJobs", {"actionTypeId": TYPE, "maxBatchSize": 0}, "below"),
    ("PollForJobs", {"actionTypeId": TYPE, "maxBatchSize": "1"}, "number"),
    ("PollForJobs", {"actionTypeId": TYPE, "maxBatchSize": True}, "number"),
    ("PollForJobs", {"actionTypeId": TYPE, "queryParam": None}, "no map"),
    ("PollForJobs", {"actionTypeId": TYPE, "surplus": 1}, "unknown"),
    ("PollForJobs", {"actionTypeId": TYPE,
                     "queryParam": {"a": "b", "c": "d"}}, "above"),
    ("AcknowledgeJob", {"jobId": JOB}, "missing"),
    ("AcknowledgeJob", {"jobId": JOB, "nonce": "x" * 51}, "above"),
    ("AcknowledgeJob", {"jobId": JOB.upper(), "nonce": "1"}, "pattern"),
    ("GetJobDetails", {"jobId": 1}, "no text"),
    ("GetJobDetails", b"[]", "no object"),
    ("GetJobDetails", b"{", "body"),
    ("GetJobDetails", b'{"jobId":"%s","jobId":"%s"}' % (
        JOB.encode(), JOB.encode()), "twice"),
    ("PutJobSuccessResult", {"jobId": JOB, "executionDetails": {
        "summary": ""}}, "below"),
    ("PutJobSuccessResult", {"jobId": JOB, "executionDetails": {
        "summary": "x" * 2049}}, "above"),
    ("PutJobSuccessResult", {"jobId": JOB, "executionDetails": {
        "percentComplete": 101}}, "above"),
    ("PutJobSuccessResult", {"jobId": JOB, "outputVariables": {
        "a b": "c"}}, "pattern"),
    ("PutJobSuccessResult", {"jobId": JOB, "outputVariables": {
        "a": "c" * 122880}}, "too large"),
    ("PutJobSuccessResult", {"jobId": JOB, "outputVariables": {"a": "b"},
                             "continuationToken": "t"}, "beside"),
    ("PutJobFailureResult", {"jobId": JOB, "failureDetails": {
        "type": "PermissionsError", "message": "m"}}, "none of"),
    ("PutJobFailureResult", {"jobId": JOB, "failureDetails": {
        "type": "JobFailed", "message": "m" * 5001}}, "above"),
    ("PutJobFailureResult", {"jobId": JOB, "failureDetails": {
        "type": "JobFailed"}}, "missing"),
    ("Nothing", {}, "no operation"),
])
def test_bad_bodies_are_refused(oracle, operation, body, word):
    """The oracle can refuse by each constraint of the model."""
    faults = oracle.faults(call(operation, body))
    assert faults and word in " ".join(faults)
    assert "signs otherwise" not in " ".join(faults)


@pytest.mark.parametrize("how, word", [
    ({"method": "GET"}, "method"), ({"path": "/x"}, "target"),
    ({"content_type": "application/json"}, "Content-Type"),
    ({"prefix": "CodePipeline."}, "X-Amz-Target")])
def test_bad_forms_are_refused(oracle, how, word):
    """Method, path, content type and target are those of the protocol."""
    faults = oracle.faults(call("GetJobDetails", {"jobId": JOB}, **how))
    assert len(faults) == 1 and word in faults[0]


# --- the number of an attempt ---

@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_attempts_of_botocore_pass(oracle, mode):
    """What botocore itself sends, at first and again, in each of its modes."""
    session = botocore.session.Session()
    session.set_config_variable("credentials_file", "/dev/null")
    session.set_config_variable("config_file", "/dev/null")
    client = session.create_client(
        "codepipeline", region_name=REGION, aws_access_key_id=WORKER_KEY,
        aws_secret_access_key=WORKER_SECRET,
        endpoint_url="http://127.0.0.1:1234",
        config=Config(retries={"mode": mode, "max_attempts": 2}))
    notes = []

    def send(request, **_):
        headers = {k: v.decode() if isinstance(v, bytes) else v
                   for k, v in request.headers.items()}
        notes.append(note_of("codepipeline", "GetJobDetails", "POST",
                             request.url, headers, request.body))

        class Raw:
            @staticmethod
            def stream(*_args, **_kwargs):
                yield b"{}"
        return AWSResponse(request.url, 500, {
            "Date": "Sat, 28 Nov 2026 22:00:00 GMT"}, Raw())
    client.meta.events.register("before-send.codepipeline", send)
    with pytest.raises(ClientError):
        client.get_job_details(jobId=JOB)
    assert len(notes) >= 2
    for note in notes:
        assert oracle.faults(note) == []
    assert len({h[1] for n in notes for h in n["headers"]
                if h[0] == "amz-sdk-invocation-id"}) == 1


@pytest.mark.parametrize("name, value", [
    ("amz-sdk-invocation-id", None), ("amz-sdk-invocation-id", "x"),
    ("amz-sdk-request", None), ("amz-sdk-request", "attempt=0; max=3"),
    ("amz-sdk-request", "attempt=4; max=3"),
    ("amz-sdk-request", "attempt=1;max=3"), ("amz-sdk-request", "max=3")])
def test_bad_attempts_are_refused(oracle, name, value):
    note = change(call("GetJobDetails", {"jobId": JOB}), name, value)
    assert any(text.split(": ", 1)[1].startswith(name)
               for text in oracle.faults(note))


# --- bad signatures ---

@pytest.mark.parametrize("how, word", [
    ({"known": (WORKER_KEY, "wrong", None)}, "signs otherwise"),
    ({"known": ("AKIAOTHER", WORKER_SECRET, None)}, "somebody else"),
    ({"known": (WORKER_KEY, WORKER_SECRET, "t")}, "security token"),
    ({"region": "eu-west-1"}, "region")])
def test_bad_signers_are_refused(oracle, how, word):
    """Key, secret, token and region must be the worker's."""
    faults = oracle.faults(call("GetJobDetails", {"jobId": JOB}, **how))
    assert word in " ".join(faults)


@pytest.mark.parametrize("name, value, word", [
    ("X-Amz-Date", "20200101T000000Z", "x-amz-date"),
    ("X-Amz-Date", None, "x-amz-date"),
    ("Host", "elsewhere", "signs otherwise"),
    ("X-Amz-Surplus", "1", "not signed"),
    ("Authorization", None, "no Authorization"),
    ("Authorization", "AWS4-HMAC-SHA256 x", "no Authorization")])
def test_changed_headers_are_refused(oracle, name, value, word):
    """Nobody can change what is signed, or add anything."""
    note = change(call("GetJobDetails", {"jobId": JOB}), name, value)
    assert word in " ".join(oracle.faults(note))


def test_changed_body_is_refused(oracle):
    """One byte more than was signed shows."""
    for note, body in ((call("GetJobDetails", {"jobId": JOB}),
                        b'{"jobId": "%s"} ' % JOB.encode()),
                       (put(), b"zap")):
        assert oracle.faults(note) == []
        note["body"] = base64.b64encode(body).decode()
        note["body_bytes"] = len(body)
        assert oracle.faults(note)


def test_signature_of_the_wrong_service_is_refused(oracle):
    """A CodePipeline request signed for S3 does not pass."""
    note = call("GetJobDetails", {"jobId": JOB})
    for header in note["headers"]:
        header[1] = header[1].replace("/codepipeline/", "/s3/")
    assert "service s3" in " ".join(oracle.faults(note))


# --- S3 ---

@pytest.mark.parametrize("how, word", [
    ({"headers": {}}, "encryption"),
    ({"headers": {"x-amz-server-side-encryption": "AES256"}}, "encryption"),
    ({"headers": {"x-amz-server-side-encryption": "kms"}}, "none of"),
    ({"headers": {**KMS, "x-amz-acl": "private"}}, "ACL"),
    ({"headers": {**KMS, "x-amz-checksum-sha256": "AAAA"}}, "checksum"),
    ({"headers": {**KMS, "Transfer-Encoding": "chunked"}}, "chunked"),
    ({"headers": KMS, "method": "GET"}, "with a GET"),
    ({"method": "DELETE"}, "method"),
    ({"digest": "UNSIGNED-PAYLOAD"}, "UNSIGNED-PAYLOAD"),
    ({"digest": "0" * 64}, "not that of the body"),
    ({"known": ("ASIAJOB", "wrong", "job-token")}, "signs otherwise"),
    ({"known": ("ASIAJOB", "job-secret", None)}, "security token"),
    ({"known": WORKER}, "somebody else")])
def test_bad_uploads_are_refused(oracle, how, word):
    """Encryption headers, payload hash and credentials of S3 requests."""
    assert word in " ".join(oracle.faults(put(**how)))


def test_bad_paths_are_refused(oracle):
    """A path that is encoded twice, or not at all, is refused."""
    note = put("a b")
    assert oracle.faults(note) == []
    for target in ("/bucket/a+b(", "/bucket/a%2Fb%zz", "/bucket/a%20b?acl"):
        assert oracle.faults(dict(note, target=target))


# --- STS ---

ASSUME = {"Action": "AssumeRole", "Version": "2011-06-15",
          "RoleArn": "arn:aws:iam::111122223333:role/sim-worker",
          "RoleSessionName": "a=b,c", "DurationSeconds": "900"}
WEB = dict(ASSUME, Action="AssumeRoleWithWebIdentity",
           WebIdentityToken="sim-web-identity-token")
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def query(form, known=WORKER, region=REGION, content_type=FORM,
          method="POST", path="/"):
    """An STS request, as quali-sim would note it; known None: unsigned."""
    data = form if isinstance(form, bytes) else urllib.parse.urlencode(
        {k: v for k, v in form.items() if v is not None}).encode()
    aws = AWSRequest(method, "http://127.0.0.1:1234" + path, data=data,
                     headers={"Host": "127.0.0.1:1234",
                              "Content-Type": content_type})
    if known:
        SigV4Auth(Credentials(*known), "sts", region).add_auth(aws)
    name = form["Action"] if isinstance(form, dict) else "Unknown"
    return note_of("sts", name, method, aws.url, dict(aws.headers.items()),
                   data)


def test_good_queries_pass(oracle):
    """What botocore would send, signed where it must be."""
    for note in (query(ASSUME), query(dict(ASSUME, ExternalId="x:/y")),
                 query(WEB, None), query(ASSUME, content_type=FORM[:33]),
                 query({"Action": "GetCallerIdentity",
                        "Version": "2011-06-15"})):
        assert oracle.faults(note) == []


@pytest.mark.parametrize("change_of, word", [
    ({"RoleArn": None}, "missing"),
    ({"RoleArn": "x" * 19}, "below"),
    ({"RoleSessionName": "x" * 65}, "above"),
    ({"RoleSessionName": "a b"}, "pattern"),
    ({"DurationSeconds": "899"}, "below"),
    ({"DurationSeconds": "43201"}, "above"),
    ({"DurationSeconds": "1h"}, "number"),
    ({"ExternalId": "a b"}, "pattern"),
    ({"Version": "2010-05-08"}, "Version"),
    ({"Version": None}, "Version"),
    ({"Action": "AssumeAll"}, "no operation"),
    ({"WebIdentityToken": "abcd"}, "unknown"),
])
def test_bad_queries_are_refused(oracle, change_of, word):
    """Each constraint of the model, rightly signed."""
    faults = oracle.faults(query(dict(ASSUME, **change_of)))
    assert faults and word in " ".join(faults)
    assert "signs otherwise" not in " ".join(faults)


@pytest.mark.parametrize("note, word", [
    (query(ASSUME, method="PUT"), "method"),
    (query(ASSUME, path="/x"), "target"),
    (query(ASSUME, content_type="application/json"), "Content-Type"),
    (query(b"x"), "body"),
    (query(urllib.parse.urlencode(ASSUME).encode() +
           b"&RoleSessionName=xy"), "twice")])
def test_bad_forms_are_refused(oracle, note, word):
    """Method, path, Content-Type and a body that is no form."""
    (fault,) = oracle.faults(note)
    assert word in fault


@pytest.mark.parametrize("note, word", [
    (query(ASSUME, (WORKER_KEY, "wrong", None)), "signs otherwise"),
    (query(ASSUME, ("AKIAOTHER", "x", None)), "somebody else"),
    (query(ASSUME, region="eu-west-1"), "region"),
    (query(ASSUME, None), "no Authorization"),
    (query(WEB), "needs no signature")])
def test_bad_signers_of_queries_are_refused(oracle, note, word):
    """Who signs AssumeRole, and that nobody signs the web identity's."""
    assert word in " ".join(oracle.faults(note))


def test_region_of_a_service(oracle):
    """STS may be asked in another region than CodePipeline."""
    other = Oracle([WORKER], REGION, regions={"sts": "us-east-1"})
    note = query(ASSUME, region="us-east-1")
    assert other.faults(note) == [] and oracle.faults(note)
    assert other.faults(call("GetJobDetails", {"jobId": JOB})) == []


def test_any_of_several_secrets(oracle):
    """A key may have had another secret before."""
    other = Oracle([(WORKER_KEY, "old", "t"), WORKER], REGION)
    assert other.faults(query(ASSUME)) == []
    assert oracle.faults(query(ASSUME, (WORKER_KEY, "old", "t")))


# --- the metadata service and the container's endpoint ---

def local(service, method="GET", body=b"", **headers):
    return {"seq": 1, "service": service, "operation": "GetCredentials",
            "method": method, "target": "/", "headers": [
                [k.replace("_", "-"), v] for k, v in headers.items()],
            "body": base64.b64encode(body).decode()}


def test_local_rules(oracle):
    """A body, a proxy's or AWS's headers, and wrong ones of their own."""
    ttl = {"x_aws_ec2_metadata_token_ttl_seconds": "21600",
           "Content_Length": "0"}
    assert oracle.faults(local("imds", x_aws_ec2_metadata_token="t")) == []
    assert oracle.faults(local("imds", "PUT", **ttl)) == []
    assert oracle.faults(local("container", Accept="application/json",
                               Authorization="t")) == []
    for note in (local("imds", body=b"x"), local("imds", Via="1.1 proxy"),
                 local("imds", Authorization="t"), local("imds", "PUT"),
                 local("imds", "PUT", Content_Length="0",
                       x_aws_ec2_metadata_token_ttl_seconds="21601"),
                 local("imds", "PUT",
                       x_aws_ec2_metadata_token_ttl_seconds="60"),
                 local("container"),
                 local("container", "POST", Accept="application/json"),
                 local("container", Accept="application/json",
                       X_Amz_Date="x")):
        assert oracle.faults(note)


# --- CloudShell ---

def test_cloudshell_rules(oracle):
    """Bodies with a GET, a missing token and AWS headers are refused."""
    note = {"seq": 1, "service": "cloudshell", "operation": "GetSandbox",
            "method": "GET", "target": "/api/v2/sandboxes/x", "body": "",
            "headers": [["Authorization", "Basic abc="]]}
    assert oracle.faults(note) == []
    assert oracle.faults(dict(note, body="e30="))
    assert oracle.faults(dict(note, headers=[]))
    assert oracle.faults(dict(note, headers=note["headers"] +
                              [["X-Amz-Date", "x"]]))


# --- the notes of the simulator ---

def send(sim, note):
    where = urllib.parse.urlsplit(sim.urls[note["service"]])
    connection = http.client.HTTPConnection(where.hostname, where.port)
    connection.putrequest("POST", "/", skip_host=True,
                          skip_accept_encoding=True)
    for name, value in note["headers"]:
        connection.putheader(name, value)
    body = base64.b64decode(note["body"])
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_notes_of_the_simulator_are_read(sim, oracle):
    """A request that went over the wire is judged like the one sent."""
    good = call("PollForJobs", {"actionTypeId": TYPE})
    assert send(sim, good) == 200
    (note,) = sim.requests("codepipeline")
    assert note["signature"] == "ok" and oracle.faults(note) == []


def test_sessions_are_known(sim):
    """A session's keys sign for CodePipeline: the end of this test judges
    that, too."""
    assert send(sim, query(ASSUME)) == 200
    assert send(sim, query(dict(WEB, RoleArn=ROLE + "sim-web"), None)) == 200
    for s in sim.sessions("sts"):
        keys = (s["accessKeyId"], s["secretAccessKey"], s["sessionToken"])
        assert send(sim, call("PollForJobs", {"actionTypeId": TYPE},
                              keys)) == 200
        assert send(sim, query(ASSUME, keys)) == 200


@pytest.mark.bad_signatures
def test_simulator_and_oracle_agree_on_queries(sim, oracle):
    """What the simulator refuses by its own code, the oracle refuses too."""
    bad = [query(ASSUME, (WORKER_KEY, "wrong", None)), query(ASSUME, None),
           query(ASSUME, region="eu-west-1"), query(dict(WEB, x="y"), None),
           query(dict(ASSUME, DurationSeconds="899")),
           query(dict(ASSUME, RoleSessionName="a b")),
           query(ASSUME, content_type="text/plain"), query(b"x")]
    for note in bad:
        assert send(sim, note) in (400, 403)
    notes = sim.requests("sts")
    assert [bool(oracle.faults(n)) for n in notes] == [True] * len(bad)


@pytest.mark.bad_signatures
def test_simulator_and_oracle_agree(sim, oracle):
    """What the simulator refuses by its own code, the oracle refuses too."""
    bad = [call("PollForJobs", {"actionTypeId": TYPE},
                (WORKER_KEY, "wrong", None)),
           call("PollForJobs", {"actionTypeId": TYPE}, region="eu-west-1"),
           call("PollForJobs", {"actionTypeId": TYPE, "x": 1}),
           change(call("PollForJobs", {"actionTypeId": TYPE}),
                  "X-Amz-Surplus", "1")]
    for note in bad:
        assert send(sim, note) == 400
    notes = sim.requests("codepipeline")
    assert [bool(oracle.faults(n)) for n in notes] == [True] * len(bad)
