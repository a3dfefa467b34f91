"""Tests of the simulator itself, against botocore's signer.

Run: QUALI_SIM=/path/to/quali-sim /usr/bin/python3 -m pytest tests/sim
"""
import base64
import errno
import hashlib
import http.client
import io
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.parse
import zipfile

import pytest
from botocore.credentials import Credentials

from rig import END, RUN, START, WORKER, Sim, wait_for

# --- CodePipeline: claims ---

def test_claim_and_success(sim):
    jid = sim.job(configuration={"BlueprintName": "Demo Blueprint"},
                  secret={"Token": "hidden"})
    job = sim.claim()
    assert job["id"] == jid and job["accountId"] == "111122223333"
    d = job["data"]
    assert d["actionTypeId"] == START
    assert d["actionConfiguration"]["configuration"] == {
        "BlueprintName": "Demo Blueprint", "Token": "hidden"}
    assert len(d["outputArtifacts"]) == 1 and d["inputArtifacts"] == []
    assert d["artifactCredentials"]["accessKeyId"].startswith("ASIA")
    assert "encryptionKey" not in d and "continuationToken" not in d
    assert sim.poll() == []
    a = sim.cp("PutJobSuccessResult", {
        "jobId": jid, "executionDetails": {
            "summary": "fine", "externalExecutionId": "x",
            "percentComplete": 100}, "outputVariables": {"A": "b"}})
    assert (a.status, a.body) == (200, b"")
    j = sim.admin("GET", "/jobs/" + jid)
    assert j["state"] == "Succeeded" and j["deliveries"] == 1
    assert j["console"]["variables"] == {"A": "b"}
    assert j["console"]["status"] == "Succeeded"
    assert [r["accepted"] for r in j["results"]] == [True]
    a = sim.cp("PutJobFailureResult", {
        "jobId": jid, "failureDetails": {"type": "JobFailed",
                                         "message": "no"}})
    assert a.status == 400 and a.code == "InvalidJobStateException"
    j = sim.admin("GET", "/jobs/" + jid)
    assert [r["accepted"] for r in j["results"]] == [True, False]
    notes = sim.requests("?service=codepipeline")
    assert {n["signature"] for n in notes} == {"ok"}
    assert j["results"][0]["seq"] in [n["seq"] for n in notes]
    assert all(n["job"] == jid for n in notes
               if n["operation"].startswith("Put"))


def test_failure(sim):
    jid = sim.job("run-command", configuration={})
    sim.claim(RUN)
    a = sim.cp("PutJobFailureResult", {
        "jobId": jid, "failureDetails": {"type": "PermissionError",
                                         "message": "because"}})
    assert a.status == 200
    j = sim.admin("GET", "/jobs/" + jid)
    assert j["state"] == "Failed" and j["console"]["message"] == "because"


def test_double_acknowledge_and_redelivery(sim):
    sim.settings(codepipeline={"redeliver_ms": 100})
    jid = sim.job()
    first = sim.poll()[0]
    second = wait_for(lambda: sim.poll())[0]
    assert second["id"] == jid and second["nonce"] != first["nonce"]
    assert (second["data"]["artifactCredentials"] !=
            first["data"]["artifactCredentials"])
    assert sim.ack(first).code == "InvalidNonceException"
    assert sim.ack(second).json["status"] == "InProgress"
    assert sim.ack(second).code == "InvalidNonceException"
    time.sleep(0.15)
    assert sim.poll() == []
    j = sim.admin("GET", "/jobs/" + jid)
    assert (j["deliveries"], j["acknowledged"], j["refused_acks"]) == \
        (2, 1, 2)


def test_nonce_not_strict(sim):
    sim.settings(codepipeline={"nonce_strict": False})
    sim.job()
    job = sim.claim()
    assert sim.ack(job).json == {"status": "InProgress"}


def test_unknown_and_malformed(sim):
    nobody = "01234567-89ab-cdef-0123-456789abcdef"
    a = sim.cp("GetJobDetails", {"jobId": nobody})
    assert a.code == "JobNotFoundException"
    assert "x-amzn-requestid" in a.headers
    for operation, body in (
            ("GetJobDetails", {"jobId": "x"}),
            ("GetJobDetails", {}),
            ("GetJobDetails", {"jobId": nobody, "surplus": 1}),
            ("AcknowledgeJob", {"jobId": nobody, "nonce": ""}),
            ("PollForJobs", {"actionTypeId": dict(START, owner="AWS")}),
            ("PollForJobs", {"actionTypeId": START, "maxBatchSize": 0}),
            ("PollForJobs", {"actionTypeId": START,
                             "queryParam": {"a": "b"}}),
            ("PutJobSuccessResult", {"jobId": nobody, "executionDetails":
                                     {"summary": ""}}),
            ("PutJobSuccessResult", {"jobId": nobody, "executionDetails":
                                     {"summary": "x" * 2049}}),
            ("PutJobSuccessResult", {"jobId": nobody, "executionDetails":
                                     {"percentComplete": 101}}),
            ("PutJobSuccessResult", {"jobId": nobody, "outputVariables":
                                     {"a b": "c"}}),
            ("PutJobFailureResult", {"jobId": nobody, "failureDetails":
                                     {"type": "PermissionsError",
                                      "message": "m"}}),
            ("PutJobFailureResult", {"jobId": nobody, "failureDetails":
                                     {"type": "JobFailed",
                                      "message": "m" * 5001}})):
        a = sim.cp(operation, body)
        assert (a.status, a.code) == (400, "ValidationException"), body
    assert sim.cp("PutJobSuccessResult", {
        "jobId": nobody, "executionDetails": {"summary": "\u00e9" * 2048}
    }).code == "JobNotFoundException"
    for body in (b"{", b"[]", b'{"jobId":1}'):
        assert sim.cp("GetJobDetails", body).code == "SerializationException"
    assert sim.cp("Nothing", {}).code == "UnknownOperationException"
    a = sim.cp("PollForJobs", {"actionTypeId": dict(START, version="77")})
    assert a.code == "ActionTypeNotFoundException"
    assert all(n["why"] for n in sim.requests())


def test_batches_and_types(sim):
    ids = sim.admin("POST", "/jobs", {"action": "start-sandbox",
                                      "count": 5})["jobs"]
    sim.job("start-sandbox", version="9")
    sim.job("end-sandbox")
    assert [j["id"] for j in sim.poll(n=3)] == ids[:3]
    assert [j["id"] for j in sim.poll(n=10)] == ids[3:]
    assert len(sim.poll(dict(START, version="9"), n=10)) == 1
    assert len(sim.poll(END, n=10)) == 1
    assert sim.poll(RUN) == []


def test_continuation(sim):
    sim.settings(codepipeline={"continuation_delay_ms": 100})
    execution = "6d9a63ed-1a88-45dc-91e9-91c836ff589e"
    jid = sim.job(configuration={"A": "1"}, pipelineExecutionId=execution)
    sim.claim()
    a = sim.cp("PutJobSuccessResult", {
        "jobId": jid, "continuationToken": "t1",
        "outputVariables": {"A": "b"}})
    assert a.code == "ValidationException"
    a = sim.cp("PutJobSuccessResult", {
        "jobId": jid, "continuationToken": "t1",
        "executionDetails": {"percentComplete": 50}})
    assert a.status == 200 and sim.poll() == []
    job = wait_for(lambda: sim.poll())[0]
    assert job["id"] != jid
    assert job["data"]["continuationToken"] == "t1"
    context = job["data"]["pipelineContext"]
    assert context["pipelineExecutionId"] == execution
    assert job["data"]["actionConfiguration"]["configuration"] == {"A": "1"}
    assert sim.ack(job).status == 200
    old = sim.admin("GET", "/jobs/" + jid)
    new = sim.admin("GET", "/jobs/" + job["id"])
    assert old["state"] == "Continued" and old["latest"] == job["id"]
    assert old["actionExecutionId"] == new["actionExecutionId"]
    assert new["pipelineExecutionId"] == execution
    assert (new["pipeline"], new["stage"], new["name"]) == (
        context["pipelineName"], context["stage"]["name"],
        context["action"]["name"])
    assert sim.cp("PutJobSuccessResult",
                  {"jobId": job["id"]}).status == 200
    assert sim.admin("GET", "/jobs/" + jid)["console"]["status"] == \
        "Succeeded"


def test_variables_too_large(sim):
    jid = sim.job()
    sim.claim()
    a = sim.cp("PutJobSuccessResult", {
        "jobId": jid, "outputVariables": {"A": "x" * 122880}})
    assert a.code == "OutputVariablesSizeExceededException"
    a = sim.cp("PutJobSuccessResult", {
        "jobId": jid, "outputVariables": {"A": "x" * 122879}})
    assert a.status == 200


def test_abandon_and_timeout(sim):
    jid = sim.job()
    job = sim.poll()[0]
    sim.admin("POST", "/jobs/" + jid, {"state": "Abandoned"})
    assert sim.ack(job).json == {"status": "Failed"}
    jid = sim.job()
    sim.claim()
    sim.settings(codepipeline={"action_timeout_ms": 1})
    a = sim.cp("PutJobSuccessResult", {"jobId": jid})
    assert a.code == "InvalidJobStateException"
    assert sim.admin("GET", "/jobs/" + jid)["state"] == "TimedOut"
    sim.admin("POST", "/jobs/" + jid, {"state": "nonsense"}, 400)
    sim.admin("GET", "/jobs/none", None, 404)


def test_action_types(sim):
    details = {"minimumCount": 0, "maximumCount": 1}
    t = {"category": "Deploy", "provider": "Quali-Start-Sandbox",
         "version": "11", "inputArtifactDetails": details,
         "outputArtifactDetails": details, "configurationProperties": [
             {"name": "A", "required": True, "key": True, "secret": False}]}
    a = sim.cp("CreateCustomActionType", t)
    assert a.status == 200
    assert a.json["actionType"]["id"] == dict(START, version="11")
    assert a.json["actionType"]["actionConfigurationProperties"]
    types = sim.cp("ListActionTypes",
                   {"actionOwnerFilter": "Custom"}).json["actionTypes"]
    assert len(types) == 7
    sim.job(version="11")
    assert len(sim.poll(dict(START, version="11"))) == 1
    key = {k: t[k] for k in ("category", "provider", "version")}
    assert sim.cp("DeleteCustomActionType", key).status == 200
    a = sim.cp("PollForJobs", {"actionTypeId": dict(START, version="11")})
    assert a.code == "ActionTypeNotFoundException"
    changed = dict(t, outputArtifactDetails={"minimumCount": 0,
                                             "maximumCount": 5})
    assert sim.cp("CreateCustomActionType",
                  changed).code == "ValidationException"
    assert sim.cp("CreateCustomActionType", t).status == 200


def test_pipeline(sim):
    pid = sim.admin("POST", "/pipelines", {"name": "P", "actions": [
        {"name": "start", "action": "start-sandbox"},
        {"name": "run", "action": "run-command", "input_from": "start"},
    ]})["id"]
    job = sim.claim()
    context = job["data"]["pipelineContext"]
    assert context["pipelineName"] == "P"
    out = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
    assert sim.poll(RUN) == []
    sim.cp("PutJobSuccessResult", {"jobId": job["id"]})
    job = sim.claim(RUN)
    assert job["data"]["inputArtifacts"][0]["location"]["s3Location"] == out
    assert job["data"]["pipelineContext"]["pipelineExecutionId"] == \
        context["pipelineExecutionId"]
    p = sim.admin("GET", "/pipelines/%d" % pid)
    assert [a["status"] for a in p["actions"]] == ["Succeeded", "InProgress"]
    sim.cp("PutJobSuccessResult", {"jobId": job["id"]})
    assert sim.admin("GET", "/pipelines/%d" % pid)["state"] == "Succeeded"


# --- signatures ---

def test_signature_refusals(sim):
    def code(**kw):
        return sim.cp("PollForJobs", {"actionTypeId": START}, **kw).code

    assert code(creds=Credentials("AKIASIMWORKER", "wrong")) == \
        "InvalidSignatureException"
    assert code(creds=Credentials("AKIANOBODY", "x")) == \
        "UnrecognizedClientException"
    assert code(creds=Credentials("AKIASIMWORKER", "sim-worker-secret",
                                  "tok")) == "UnrecognizedClientException"
    assert code(region="eu-west-1") == "InvalidSignatureException"
    assert code(service="s3") == "InvalidSignatureException"
    assert code(headers={"X-Amz-Date": "20200101T000000Z"}) == \
        "InvalidSignatureException"
    assert code(headers={"X-Amz-Surplus": "1"}) == \
        "InvalidSignatureException"
    assert code(headers={"Authorization": "AWS4-HMAC-SHA256 x"}) == \
        "IncompleteSignatureException"
    notes = sim.requests()
    assert [n["signature"] for n in notes].count("bad") == 7
    assert all(n["why"] for n in notes)
    a = sim.send("codepipeline", "POST", "/", {
        "Host": "x", "X-Amz-Target": "CodePipeline_20150709.PollForJobs",
        "Content-Type": "application/x-amz-json-1.1"}, b"{}")
    assert a.code == "MissingAuthenticationTokenException"
    assert sim.requests()[-1]["signature"] == "none"
    data = json.dumps({"actionTypeId": START}).encode()
    headers = sim.cp_headers("PollForJobs", data)
    a = sim.send("codepipeline", "POST", "/", headers, data + b" ")
    assert a.code == "InvalidSignatureException"


def test_session_token_and_more_workers(sim):
    c = Credentials("AKIASIMWORKER", "sim-worker-secret", "sim-worker-token")
    assert sim.poll(creds=c) == []
    sim.settings(codepipeline={"worker_token": "sim-worker-token",
                               "extra_workers": {"AKIATWO": "second"}})
    assert sim.poll(creds=c) == []
    assert sim.poll(creds=Credentials("AKIATWO", "second")) == []
    assert sim.cp("PollForJobs", {"actionTypeId": START}).code == \
        "UnrecognizedClientException"


def test_clock_offset(sim):
    sim.settings(codepipeline={"clock_offset_s": 3600})
    a = sim.cp("PollForJobs", {"actionTypeId": START})
    assert a.code == "InvalidSignatureException"
    assert a.json["message"].startswith("Signature expired:")
    assert "date" in a.headers


# --- S3 ---

KMS = {"x_amz_server_side_encryption": "aws:kms"}


def where(artifact):
    s = artifact["location"]["s3Location"]
    return s["bucketName"], s["objectKey"]


def test_s3_input_and_output(sim):
    sim.job("run-command", outputs=1,
            input={"json": {"id": "abc", "name": "\u00e9"}})
    job = sim.claim(RUN)
    bucket, key = where(job["data"]["inputArtifacts"][0])
    a = sim.s3("GET", bucket, key, job)
    assert a.status == 200 and "x-amz-request-id" in a.headers
    with zipfile.ZipFile(io.BytesIO(a.body)) as z:
        assert z.testzip() is None
        assert json.loads(z.read("sandbox.json"))["id"] == "abc"
    h = sim.s3("HEAD", bucket, key, job)
    assert (h.status, h.body) == (200, b"")
    assert int(h.headers["content-length"]) == len(a.body)
    assert sim.s3("PUT", bucket, key, job, b"x", **KMS).status == 403
    bucket, key = where(job["data"]["outputArtifacts"][0])
    assert sim.s3("GET", bucket, key, job).status == 404
    digest = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    a = sim.s3("PUT", bucket, key, job, b"hello",
               x_amz_checksum_sha256=digest, **KMS)
    assert a.status == 200 and a.headers["etag"].startswith('"')
    assert sim.admin("GET", "/objects/%s/%s" % (bucket, key)) == b"hello"
    a = sim.s3("GET", bucket, key, job, x_amz_checksum_mode="ENABLED")
    assert a.headers["x-amz-checksum-sha256"] == digest
    a = sim.s3("PUT", bucket, key, job, b"other",
               x_amz_checksum_sha256=digest, **KMS)
    assert (a.status, b"BadDigest" in a.body) == (400, True)
    listed = sim.admin("GET", "/objects")["objects"]
    assert {"bucket": bucket, "key": key, "size": 5, "kms": True,
            "kms_key": None, "type": "binary/octet-stream"} in listed
    other = sim.admin("PUT", "/objects/%s/else" % bucket, b"bytes")
    assert other["ok"]
    assert sim.s3("GET", bucket, "else", job).status == 403
    notes = sim.requests("?service=s3")
    assert {n["signature"] for n in notes} == {"ok"}
    assert {n["job"] for n in notes} == {job["id"]}


def test_s3_kms_policy(sim):
    arn = "arn:aws:kms:us-east-2:111122223333:key/abc"
    sim.job(encryption_key=arn)
    job = sim.claim()
    assert job["data"]["encryptionKey"] == {"id": arn, "type": "KMS"}
    bucket, key = where(job["data"]["outputArtifacts"][0])

    def put(**headers):
        return sim.s3("PUT", bucket, key, job, b"x", **headers).status

    assert put() == 403
    assert put(x_amz_server_side_encryption="AES256") == 403
    assert put(**KMS) == 403
    assert put(x_amz_server_side_encryption_aws_kms_key_id="other",
               **KMS) == 403
    assert put(x_amz_server_side_encryption_aws_kms_key_id=arn, **KMS) == 200
    assert all("KMS" in n["why"] or "aws:kms" in n["why"] for n in
               sim.requests("?service=s3") if n["status"] == 403)
    assert sim.s3("GET", bucket, key, job, **KMS).status == 400
    sim.settings(s3={"kms_denied": True})
    assert sim.s3("GET", bucket, key, job).status == 403
    sim.settings(s3={"kms_denied": False, "require_kms": False})
    assert put() == 200


def test_s3_credentials(sim):
    sim.settings(codepipeline={"job_token_life_ms": 150})
    sim.job("end-sandbox", input={"missing": True})
    job = sim.claim(END)
    bucket, key = where(job["data"]["inputArtifacts"][0])
    a = sim.s3("GET", bucket, key, job)
    assert a.status == 404 and b"<Code>NoSuchKey</Code>" in a.body
    time.sleep(0.2)
    a = sim.s3("GET", bucket, key, job)
    assert a.status == 400 and b"<Code>ExpiredToken</Code>" in a.body
    assert sim.requests()[-1]["signature"] == "ok"
    fresh = sim.cp("GetJobDetails", {"jobId": job["id"]}).json["jobDetails"]
    assert "nonce" not in fresh
    assert sim.s3("GET", bucket, key, fresh).status == 404
    c = fresh["data"]["artifactCredentials"]

    def code(creds):
        a = sim.s3("GET", bucket, key, None, creds=creds)
        return a.body.split(b"<Code>")[1].split(b"<")[0].decode()

    assert code(WORKER) == "AccessDenied"
    assert code(Credentials("ASIANOBODY", "x", "t")) == "InvalidAccessKeyId"
    assert code(Credentials(c["accessKeyId"], c["secretAccessKey"],
                            "t")) == "InvalidToken"
    assert code(Credentials(c["accessKeyId"], c["secretAccessKey"])) == \
        "InvalidToken"
    assert code(Credentials(c["accessKeyId"], "x",
                            c["sessionToken"])) == "SignatureDoesNotMatch"


def test_s3_odd_keys_and_region(sim):
    key = "a b/../%41+\u00e9//x~(1).zip"
    sim.admin("PUT", "/objects/sim-artifacts/plain", b"1")
    sim.job("run-command", input={"object": "sim-artifacts/" + key},
            outputs=1)
    job = sim.claim(RUN)
    assert sim.s3("GET", "sim-artifacts", key, job).status == 404
    assert sim.requests("?service=s3")[-1]["signature"] == "ok"
    sim.settings(s3={"bucket_region": "eu-west-1"})
    a = sim.s3("GET", "sim-artifacts", key, job)
    assert a.status == 301
    assert a.headers["x-amz-bucket-region"] == "eu-west-1"
    assert b"<Region>eu-west-1</Region>" in a.body
    assert sim.s3("GET", "sim-artifacts", key, job,
                  region="eu-west-1").status == 404


def test_s3_large_object(sim):
    sim.job()
    job = sim.claim()
    bucket, key = where(job["data"]["outputArtifacts"][0])
    body = bytes(range(256)) * (64 << 12)
    assert len(body) == 64 << 20
    assert sim.s3("PUT", bucket, key, job, body, **KMS).status == 200
    assert sim.s3("GET", bucket, key, job).body == body
    note = sim.requests("?service=s3")[0]
    assert note["body_cut"] is True
    assert len(base64.b64decode(note["body"])) == 64 << 10
    assert sim.s3("PUT", bucket, key, job, body + body[:7 << 20],
                  **KMS).status == 413


# --- faults ---

def poll_with(sim, timeout=10, connection=None):
    return sim.cp("PollForJobs", {"actionTypeId": START},
                  timeout=timeout, connection=connection)


BROKEN = (OSError, http.client.HTTPException)


def reset_seen(sim):
    """Ask the socket, since Python's TLS turns a RST into an end of file."""
    c = sim.connect("codepipeline")
    c.connect()
    c.sock.sendall(raw_requests(sim, "PollForJobs",
                                [{"actionTypeId": START}])[0])
    error = wait_for(lambda: c.sock.getsockopt(socket.SOL_SOCKET,
                                               socket.SO_ERROR))
    c.close()
    return error == errno.ECONNRESET


@pytest.mark.parametrize("fault, effect", [
    ("reset", False), ("close", True), ("close-before", False)])
def test_fault_without_answer(sim, fault, effect):
    jid = sim.job()
    sim.fault("codepipeline", fault, "PollForJobs")
    if fault == "reset":
        assert reset_seen(sim)
    else:
        with pytest.raises(http.client.RemoteDisconnected):
            poll_with(sim)
    j = sim.admin("GET", "/jobs/" + jid)
    assert j["deliveries"] == (1 if effect else 0)
    note = sim.requests()[-1]
    assert (note["status"], note["fault"], note["signature"]) == \
        (0, fault, "ok")
    assert poll_with(sim).status == 200


@pytest.mark.parametrize("fault, effect", [
    ("hang", False), ("hang-after", True)])
def test_fault_hang(sim, fault, effect):
    jid = sim.job()
    sim.fault("codepipeline", fault)
    with pytest.raises(socket.timeout):
        poll_with(sim, timeout=0.3)
    assert sim.admin("GET", "/jobs/" + jid)["deliveries"] == int(effect)
    sim.fault("codepipeline", fault, param={"ms": 200})
    begin = time.monotonic()
    with pytest.raises(BROKEN):
        poll_with(sim)
    assert 0.15 < time.monotonic() - begin < 3


def test_fault_delay_and_slow(sim):
    sim.fault("codepipeline", "delay", param={"ms": 300})
    begin = time.monotonic()
    assert poll_with(sim).status == 200
    assert 0.28 < time.monotonic() - begin < 3
    sim.fault("codepipeline", "slow", param={"bytes": 3, "ms": 100})
    begin = time.monotonic()
    assert poll_with(sim).json == {"jobs": []}      # 11 bytes, 4 pieces
    assert 0.28 < time.monotonic() - begin < 5


def test_fault_cut(sim):
    sim.fault("codepipeline", "cut")
    with pytest.raises((http.client.IncompleteRead, ssl.SSLError)):
        poll_with(sim)
    assert sim.requests()[-1]["status"] == 0


def test_fault_bodies(sim):
    def one(fault, **param):
        sim.fault("codepipeline", fault, param=param)
        return poll_with(sim)

    a = one("status", status=503, body="<p>", type="text/html",
            headers={"Retry-After": "1"})
    assert (a.status, a.body) == (503, b"<p>")
    assert a.headers["retry-after"] == "1"
    a = one("error", code="ThrottlingException", message="Rate exceeded",
            status=400)
    assert (a.status, a.code) == (400, "ThrottlingException")
    with pytest.raises(ValueError):
        one("garbage").json
    assert one("wrong-type").json == 42
    assert b"<html>" in one("html").body
    assert len(one("huge", bytes=3000000).body) == 3000000
    a = one("huge", bytes=3000000, chunked=True)
    assert len(a.body) == 3000000
    assert a.headers["transfer-encoding"] == "chunked"
    assert one("deep", depth=5000).body == b"[" * 5000 + b"]" * 5000
    a = one("redirect", location="http://127.0.0.1:1/")
    assert (a.status, a.headers["location"]) == (302, "http://127.0.0.1:1/")
    assert one("body", status=200, body={"jobs": None}).json == \
        {"jobs": None}
    jid = sim.job()
    assert one("after-status", status=500).status == 500
    assert sim.admin("GET", "/jobs/" + jid)["deliveries"] == 1


def test_fault_choice(sim):
    sim.fault("codepipeline", "status", "AcknowledgeJob")
    assert poll_with(sim).status == 200
    sim.admin("DELETE", "/faults")
    sim.fault("codepipeline", "status", after=1, count=2)
    assert [poll_with(sim).status for _ in range(4)] == [200, 500, 500, 200]
    assert sim.admin("GET", "/faults") == {"faults": []}
    sim.fault("codepipeline", "status", match="no-such-text")
    sim.fault("codepipeline", "status", reused=True, count=-1)
    c = sim.connect("codepipeline")
    assert poll_with(sim, connection=c).status == 200
    assert poll_with(sim, connection=c).status == 500
    c.close()
    a, b = sim.requests()[-2:]
    assert a["connection"] == b["connection"]
    assert (a["connection_request"], b["connection_request"]) == (1, 2)
    assert len(sim.admin("GET", "/faults")["faults"]) == 2
    sim.admin("POST", "/faults", {"service": "s3", "fault": "x"}, 400)


def test_fault_on_s3_and_cloudshell(sim):
    sim.fault("s3", "error", "GetObject",
              param={"code": "SlowDown", "status": 503, "message": "m"})
    sim.job()
    job = sim.claim()
    a = sim.s3("GET", *where(job["data"]["outputArtifacts"][0]), job)
    assert a.status == 503 and b"<Code>SlowDown</Code>" in a.body
    sim.fault("cloudshell", "close", "StartSandbox")
    token = sim.login()
    with pytest.raises(BROKEN):
        sim.start(token, name="lost answer")
    boxes = sim.cs(token, "GET", "/v2/sandboxes").json
    assert [b["name"] for b in boxes] == ["lost answer"]


# --- CloudShell ---

def test_cloudshell_life(sim):
    token = sim.login()
    assert "+" in token and "/" in token and len(token) == 24
    box = sim.start(token, params=[{"name": "Build", "value": "17"}])
    sid = box["id"]
    assert box["state"] == "BeforeSetup" and box["setup_stage"] == "None"
    assert len(box["components"]) == 3
    seen = []

    def ready():
        j = sim.cs(token, "GET", "/v2/sandboxes/" + sid).json
        if (j["state"], j["setup_stage"]) not in seen:
            seen.append((j["state"], j["setup_stage"]))
        return j["state"] == "Ready"
    wait_for(ready)
    assert ("Setup", "Provisioning") in seen and ("Ready", "Ended") in seen
    events = sim.cs(token, "GET", "/v2/sandboxes/%s/activity" % sid).json
    ids = [e["id"] for e in events["events"]]
    assert ids == sorted(ids) and events["next_event_id"] == ids[-1] + 1
    c = sim.cs(token, "GET", "/v2/sandboxes/%s/components" % sid).json
    web = [x for x in c if x["name"].startswith("web_ab12")][0]
    path = "/v2/sandboxes/%s/components/%s/commands/deploy" % (
        sid, web["id"])
    a = sim.cs(token, "POST", path + "/start",
               {"params": [{"name": "x", "value": "y"}],
                "printOutput": True})
    eid = a.json["executionId"]
    assert eid == eid.upper()
    get = "/v2/executions/" + eid
    assert sim.cs(token, "GET", get).json["status"] == "Running"
    wait_for(lambda: sim.cs(token, "GET", get).json["status"] == "Completed")
    assert sim.cs(token, "GET", get).json["output"] == "done"
    assert [e["id"] for e in sim.cs(token, "GET", path).json[
        "executions"]] == [eid]
    a = sim.cs(token, "POST", "/v2/sandboxes/%s/stop" % sid)
    assert a.json["result"] == "success"
    assert sim.state(token, sid) == "Teardown"
    wait_for(lambda: sim.state(token, sid) == "Ended")
    assert sim.cs(token, "GET", "/v2/sandboxes").json == []
    assert len(sim.cs(token, "GET",
                      "/v2/sandboxes?show_historic=true").json) == 1
    (admin,) = sim.admin("GET", "/sandboxes")["sandboxes"]
    assert (admin["starts"], admin["stops"]) == (1, 1)
    (run,) = sim.admin("GET", "/executions")["executions"]
    assert run["params"] == [{"name": "x", "value": "y"}]
    assert run["component"] == "web_ab12-cd34"


def test_cloudshell_setup_error_and_teardown_error(sim):
    sim.settings(cloudshell={"setup": "error", "setup_ms": 50,
                             "setup_stage_stop": "Provisioning",
                             "teardown": "failed", "teardown_ms": 20,
                             "stop_lag_polls": 2})
    token = sim.login()
    sid = sim.start(token)["id"]
    wait_for(lambda: sim.state(token, sid) == "Error")
    j = sim.cs(token, "GET", "/v2/sandboxes/" + sid).json
    assert j["setup_stage"] == "Provisioning"
    url = "/v2/sandboxes/%s/activity?error_only=true" % sid
    (event,) = sim.cs(token, "GET", url).json["events"]
    assert "'Setup'" in event["event_text"]
    sim.cs(token, "POST", "/v2/sandboxes/%s/stop" % sid)
    assert sim.state(token, sid) == "Error"
    assert sim.state(token, sid) == "Error"
    wait_for(lambda: sim.state(token, sid) == "Ended")
    url += "&from_event_id=%d" % (event["id"] + 1)
    (event,) = sim.cs(token, "GET", url).json["events"]
    assert "'Teardown' Blueprint command" in event["event_text"]
    assert "failed" in event["event_text"]


def test_cloudshell_cancel(sim):
    sim.settings(cloudshell={
        "setup": "at-once", "command": {"ms": 60000},
        "commands": {"smoke test": {"cancellable": False, "ms": 0,
                                    "status": "Failed",
                                    "output_bytes": 100000}}})
    token = sim.login()
    box = sim.start(token)
    assert box["state"] == "Ready"
    base = "/v2/sandboxes/" + box["id"]
    cid = box["components"][0]["id"]
    eid = sim.cs(token, "POST", base + "/components/%s/commands/deploy/start"
                 % cid).json["executionId"]
    assert sim.cs(token, "DELETE", "/v2/executions/" + eid).json == \
        {"result": "success"}
    wait_for(lambda: sim.cs(token, "GET", "/v2/executions/" + eid).json[
        "status"] == "Cancelled")
    a = sim.cs(token, "POST", base + "/commands/smoke%20test/start", {})
    eid = a.json["executionId"]
    assert sim.cs(token, "DELETE", "/v2/executions/" + eid).status == 400
    j = sim.cs(token, "GET", "/v2/executions/" + eid).json
    assert j["status"] == "Failed" and len(j["output"]) == 100000
    assert sim.cs(token, "POST", base + "/commands/no/start").status == 404


def test_cloudshell_checks(sim):
    token = sim.login()

    def start(body, path="Demo%20Blueprint", **headers):
        return sim.cs(token, "POST", "/v2/blueprints/%s/start" % path, body,
                      **headers)
    good = {"name": "n", "duration": "PT5M"}
    for body in (dict(good, duration="5"), {"name": "n"},
                 {"duration": "PT5M"}, b"{", b"[1]",
                 dict(good, params=[{"name": "a", "value": 1}]),
                 dict(good, params={"a": "b"})):
        assert start(body).status == 400, body
        assert sim.requests()[-1]["why"]
    for path, status in (("Demo Blueprint".replace(" ", "|"), 400),
                         ("Demo+Blueprint", 400),
                         ("Demo%2BBlueprint", 404),
                         ("Demo%2520Blueprint", 404),
                         ("Demo%2FBlueprint", 404), ("None", 404),
                         ("Private%20Blueprint", 404)):
        assert start(good, path).status == status, path
    assert start(good, "Needs%20Input").json["message"] == \
        "Blueprint has invalid inputs"
    assert start(good, Content_Type="text/plain").status == 400
    a = start(good, Authorization=None)
    assert a.status == 400
    assert a.json["message"] == "The request didn't contain authentication."
    a = start(good, Authorization="Bearer " + token)
    assert a.status == 401
    a = start(good, Authorization="Basic x")
    assert a.status == 401 and a.json["errorCategory"] == "WebApi"
    assert "Login failed for token: x" in a.json["message"]
    assert sim.cs(token, "GET", "/v2/sandboxes", b"{}").status == 400
    assert sim.cs(token, "GET", "/v2/nothing").json["message"] == \
        "Invalid Api call"
    sid = start(good).json["id"]
    a = sim.cs(token, "POST", "/v2/sandboxes/%s/stop" % sid, {})
    assert a.status == 400
    assert sim.cs(token, "POST",
                  "/v1/sandboxes/%s/stop" % sid).status == 200
    assert sim.cs(token, "DELETE", "/token/" + urllib.parse.quote(
        token, safe="")).status in (200, 404)


@pytest.mark.parametrize("form, status", [
    ("401", 401), ("403", 403), ("400", 400), ("500html", 500),
    ("200error", 200)])
def test_cloudshell_expiry(sim, form, status):
    sim.settings(cloudshell={"token_life_ms": 50, "expired_answer": form,
                             "token_form": "long"})
    token = sim.login()
    assert len(token) > 1500 and "^" in token
    assert sim.cs(token, "GET", "/v2/blueprints").status == 200
    time.sleep(0.08)
    a = sim.cs(token, "GET", "/v2/blueprints")
    assert a.status == status
    if form != "500html":
        assert a.json["statusCode"] == (401 if status == 200 else status)


def test_answer_of_a_fault_in_pieces(sim):
    token = sim.login()
    sim.fault("cloudshell", "body", "ListBlueprints", param={
        "body": {"message": "x" * 50}, "bytes": 10, "ms": 20})
    began = time.monotonic()
    assert sim.cs(token, "GET", "/v2/blueprints").json == {"message": "x" * 50}
    assert time.monotonic() - began >= 0.1


def test_cloudshell_expiry_by_fault(sim):
    sim.settings(cloudshell={"expired_answer": "403"})
    old, path = sim.login(), "/v2/blueprints"
    sim.fault("cloudshell", "expire", "ListBlueprints")
    assert sim.cs(old, "GET", path).status == 200
    assert sim.cs(old, "GET", path).status == 403
    new = sim.login()
    assert [sim.cs(t, "GET", path).status for t in (new, old, new)] == [
        200, 403, 200]


def test_cloudshell_knobs(sim):
    sim.settings(cloudshell={"conflicts": 1, "conflict_status": 409,
                             "page_size": 1, "loose": True,
                             "setup": "at-once", "ended": "404",
                             "teardown_ms": 0})
    token = sim.login()
    a = sim.cs(token, "POST", "/v2/blueprints/Demo%20Blueprint/start",
               {"name": "n", "duration": "PT5M"})
    assert a.status == 409 and "conflicting" in a.json["message"]
    box = sim.start(token, params=[{"name": "Build", "value": "1"}])
    assert box["parameters"] == [{"Name": "Build", "Value": "1"}]
    base = "/v2/sandboxes/" + box["id"]
    for _ in range(2):
        sim.cs(token, "POST", base + "/commands/smoke%20test/start", {})
    page = sim.cs(token, "GET", base + "/activity").json
    assert page["more_pages"] == "true" and len(page["events"]) == 1
    page = sim.cs(token, "GET", base + "/activity?from_event_id=" +
                  page["next_event_id"]).json
    assert page["more_pages"] == "false" and len(page["events"]) == 1
    sim.cs(token, "POST", base + "/stop")
    time.sleep(0.02)
    assert sim.cs(token, "GET", base).status == 404
    sim.settings(cloudshell={"quota_every": 2, "no_activity": True,
                             "stop_v2_refused": True})
    assert [sim.cs(token, "GET", "/v2/blueprints").status
            for _ in range(4)] == [200, 429, 200, 429]
    sim.settings(cloudshell={"quota_every": 0})
    assert sim.cs(token, "GET", base + "/activity").json["message"] == \
        "Invalid Api call"
    assert sim.cs(token, "POST", base + "/stop").status == 400
    sim.admin("PUT", "/settings", {"cloudshell": {"typo": 1}}, 400)
    sim.admin("PUT", "/settings", {"cloudshell": {"setup": "typo"}}, 400)
    sim.admin("PUT", "/settings", {"cloudshell": {"setup_ms": "1"}}, 400)
    sim.admin("PUT", "/settings", {"cloudshell": {"blueprints": [1]}}, 400)


def test_cloudshell_admin(sim):
    token = sim.login()
    sid = sim.admin("POST", "/sandboxes", {"name": "there", "state": "Ready",
                                           "blueprint": "Demo Blueprint"}
                    )["id"]
    assert sim.state(token, sid) == "Ready"
    sim.admin("POST", "/sandboxes/" + sid, {"state": "Overtime"})
    assert sim.state(token, sid) == "Overtime"
    sim.admin("POST", "/sandboxes/" + sid, {"state": "Ready"})
    sim.cs(token, "POST", "/v2/sandboxes/%s/stop" % sid)
    wait_for(lambda: sim.state(token, sid) == "Ended")
    sim.admin("POST", "/sandboxes/" + sid, {"remove": True})
    assert sim.cs(token, "GET", "/v2/sandboxes/" + sid).status == 404
    box = sim.start(token)
    sim.admin("POST", "/sandboxes/" + box["id"], {"end_in_ms": 0})
    wait_for(lambda: sim.state(token, box["id"]) == "Ended")


# --- log, life, speed ---

def test_log_and_requests(sim):
    poll_with(sim)
    a = sim.admin("GET", "/requests")
    n = a["requests"][-1]
    now = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e3
    assert now - 5000 < n["time_ms"] <= now
    assert abs(time.time() - n["wall"]) < 5
    assert json.loads(base64.b64decode(n["body"])) == {"actionTypeId": START}
    assert ["Content-Type", "application/x-amz-json-1.1"] in n["headers"]
    assert (n["method"], n["target"], n["operation"]) == \
        ("POST", "/", "PollForJobs")
    assert sim.requests("?since=%d" % a["next"]) == []
    poll_with(sim)
    assert len(sim.requests("?since=%d" % a["next"])) == 1
    assert sim.requests("?operation=GetObject") == []
    with open(sim.log, encoding="utf-8") as f:
        last = f.read().splitlines()[-1]
    assert json.loads(last)["seq"] == sim.requests()[-1]["seq"]
    sim.admin("DELETE", "/requests")
    assert sim.requests() == []


def test_quit_and_parent(tmp_path):
    s = Sim(str(tmp_path))
    assert s.admin("POST", "/quit") == {"ok": True}
    assert s.process.wait(10) == 0
    ports = str(tmp_path / "ports2")
    parent = subprocess.Popen(
        ["/bin/sh", "-c", '"$0" --ports "$1" & wait',
         os.environ["QUALI_SIM"], ports], env={"PATH": "/usr/bin:/bin"})
    wait_for(lambda: os.path.exists(ports))
    with open(ports, encoding="utf-8") as f:
        pid = json.load(f)["pid"]
    parent.kill()
    parent.wait(10)
    wait_for(lambda: not os.path.exists("/proc/%d" % pid) or
             open("/proc/%d/stat" % pid).read().split()[2] == "Z")


def test_stops_while_connections_hang(tmp_path):
    s = Sim(str(tmp_path))
    s.fault("codepipeline", "hang")
    with pytest.raises(socket.timeout):
        poll_with(s, timeout=0.2)
    s.fault("codepipeline", "hang")
    c = s.connect("codepipeline", timeout=0.2)
    with pytest.raises(socket.timeout):
        poll_with(s, connection=c)
    s.stop()


def raw_requests(sim, operation, bodies):
    out = []
    for body in bodies:
        data = json.dumps(body).encode()
        headers = sim.cp_headers(operation, data)
        headers["Content-Length"] = str(len(data))
        out.append(b"POST / HTTP/1.1\r\n" + b"".join(
            ("%s: %s\r\n" % h).encode() for h in headers.items()) +
            b"\r\n" + data)
    return out


def test_throughput(tmp_path, capsys):
    """Print how fast the simulator is; no time limit decides."""
    s = Sim(str(tmp_path))
    n, lanes = 4000, 8
    ids = s.admin("POST", "/jobs", {"action": "start-sandbox",
                                    "count": n})["jobs"]
    nonces = {}
    begin = time.monotonic()
    for _ in range(n // 100):
        for j in s.poll(n=100):
            nonces[j["id"]] = j["nonce"]
    polled = time.monotonic() - begin
    assert len(nonces) == n
    work = raw_requests(s, "PollForJobs", [{"actionTypeId": RUN}] * n)
    work += raw_requests(s, "AcknowledgeJob", [
        {"jobId": i, "nonce": nonces[i]} for i in ids])
    work += raw_requests(s, "PutJobSuccessResult", [
        {"jobId": i, "executionDetails": {"summary": "s"}} for i in ids])
    u = urllib.parse.urlsplit(s.urls["codepipeline"])
    socks = [socket.create_connection((u.hostname, u.port), timeout=10)
             for _ in range(lanes)]
    begin = time.monotonic()
    for i in range(0, len(work), lanes):
        for k, sock in enumerate(socks):
            sock.sendall(work[i + k])
        for sock in socks:
            data = b""
            while b"\r\n\r\n" not in data:
                data += sock.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), data
            size = int(head.lower().split(b"content-length: ")[1].split()[0])
            while len(body) < size:
                body += sock.recv(65536)
    seconds = time.monotonic() - begin
    for sock in socks:
        sock.close()
    states = {j["state"] for j in s.admin("GET", "/jobs")["jobs"]}
    assert states == {"Succeeded"}
    assert len(s.requests("?limit=50000")) == len(work) + n // 100
    s.stop()
    with capsys.disabled():
        print("\nquali-sim: %.0f requests/s (poll, ack, put; %d "
              "connections); %d jobs polled in %.2f s" %
              (len(work) / seconds, lanes, n, polled))
