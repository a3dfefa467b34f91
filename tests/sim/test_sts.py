"""STS of the simulator, with botocore as its client."""
import datetime

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from rig import REGION, START

ACCOUNT = "111122223333"
ROLE = "arn:aws:iam::111122223333:role/"
TOKEN = "sim-web-identity-token"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Host": "sim"}


def keys(answer):
    c = answer["Credentials"]
    return c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"]


def assume(client, role="sim-worker", **more):
    more.setdefault("RoleSessionName", "a-session")
    return client.assume_role(RoleArn=ROLE + role, **more)


def refused(call, *args, **more):
    """(code, status) of a call that must fail."""
    with pytest.raises(ClientError) as e:
        call(*args, **more)
    answer = e.value.response
    assert answer["ResponseMetadata"]["RequestId"]
    return (answer["Error"]["Code"],
            answer["ResponseMetadata"]["HTTPStatusCode"])


def poll_code(sim, key, secret, token):
    a = sim.cp("PollForJobs", {"actionTypeId": START},
               Credentials(key, secret, token))
    return a.status if a.status == 200 else a.code


def test_assume_role(sim):
    answer = assume(sim.client("sts"))
    user = answer["AssumedRoleUser"]
    assert user["Arn"] == \
        "arn:aws:sts::111122223333:assumed-role/sim-worker/a-session"
    assert user["AssumedRoleId"].endswith(":a-session")
    left = answer["Credentials"]["Expiration"] - datetime.datetime.now(
        datetime.timezone.utc)
    assert 3590 < left.total_seconds() <= 3600
    assert poll_code(sim, *keys(answer)) == 200
    key, secret, token = keys(answer)
    assert poll_code(sim, key, secret, None) == "UnrecognizedClientException"
    assert poll_code(sim, key, secret, token + "x") == \
        "UnrecognizedClientException"
    assert poll_code(sim, key, "x", token) == "InvalidSignatureException"
    note = sim.requests("?service=sts")[0]
    assert (note["operation"], note["signature"], note["status"]) == \
        ("AssumeRole", "ok", 200)
    (told,) = sim.admin("GET", "/sessions")["sessions"]
    assert (told["accessKeyId"], told["secretAccessKey"],
            told["sessionToken"]) == keys(answer)
    assert (told["origin"], told["arn"], told["expired"]) == \
        ("sts", user["Arn"], False)


def test_caller_identity(sim):
    who = sim.client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == (
        ACCOUNT, "arn:aws:iam::111122223333:user/sim-worker")
    assert who["UserId"]
    sim.settings(codepipeline={"extra_workers": {"AKIATWO": "second"}})
    who = sim.client("sts", "AKIATWO", "second").get_caller_identity()
    assert who["Arn"].endswith(":user/AKIATWO")
    answer = assume(sim.client("sts"))
    who = sim.client("sts", *keys(answer)).get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert who["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    sim.job()
    c = sim.poll()[0]["data"]["artifactCredentials"]
    job = sim.client("sts", c["accessKeyId"], c["secretAccessKey"],
                     c["sessionToken"])
    assert ":assumed-role/sim-pipeline/" in job.get_caller_identity()["Arn"]
    assert refused(assume, job) == ("AccessDenied", 403)


def test_partition(sim):
    sim.settings(codepipeline={"region": "cn-north-1"})
    who = sim.client("sts", region="cn-north-1").get_caller_identity()
    assert who["Arn"].startswith("arn:aws-cn:iam::")


def test_trust_and_chain(sim):
    client = sim.client("sts")
    assert refused(assume, client, "sim-chained") == ("AccessDenied", 403)
    assert refused(assume, client, "nobody") == ("AccessDenied", 403)
    assert refused(assume, client, "sim-web") == ("AccessDenied", 403)
    first = sim.client("sts", *keys(assume(client)))
    second = assume(first, "sim-chained", RoleSessionName="second")
    assert second["AssumedRoleUser"]["Arn"].endswith("/sim-chained/second")
    assert poll_code(sim, *keys(second)) == 200
    sim.settings(sts={"any_role": True})
    assert refused(assume, first, "nobody", DurationSeconds=3601) == \
        ("ValidationError", 400)
    assert assume(client, "nobody", DurationSeconds=43200)
    assert refused(assume, client, "sim-web") == ("AccessDenied", 403)
    for who in ("arn:aws:iam::111122223333:user/sim-worker",
                "arn:aws:iam::111122223333:root"):
        sim.settings(sts={"roles": [{"arn": ROLE + "mine",
                                     "trusts": [who]}]})
        assert assume(client, "mine")
    sim.settings(sts={"any_role": False, "roles": [
        {"arn": ROLE + "mine", "trusts": []}]})
    assert refused(assume, client, "mine") == ("AccessDenied", 403)


def test_external_id(sim):
    client = sim.client("sts")
    assert refused(assume, client, "sim-external") == ("AccessDenied", 403)
    assert refused(assume, client, "sim-external", ExternalId="other") == \
        ("AccessDenied", 403)
    assert assume(client, "sim-external", ExternalId="sim-external-id")
    assert assume(client, "sim-worker", ExternalId="not+asked,for:/@=.-_")


@pytest.mark.parametrize("more", [
    {"RoleSessionName": "x"}, {"RoleSessionName": "x" * 65},
    {"RoleSessionName": "a b"}, {"DurationSeconds": 899},
    {"DurationSeconds": 43201}, {"DurationSeconds": 3601},
    {"ExternalId": "x"}, {"ExternalId": "a b"}, {"ExternalId": "x" * 1225},
    {"Policy": "{}"},
])
def test_limits(sim, more):
    client = sim.client("sts")
    # Without botocore's own check of what it sends.
    client._serializer = client._serializer._serializer
    assert refused(assume, client, **more) == ("ValidationError", 400)


def test_role_with_longer_sessions(sim):
    sim.settings(sts={"roles": [{"arn": ROLE + "long", "max_s": 43200,
                                 "trusts": ["*"]}]})
    assert assume(sim.client("sts"), "long", DurationSeconds=43200)


def web(client, token=TOKEN, role="sim-web", **more):
    return client.assume_role_with_web_identity(
        RoleArn=ROLE + role, RoleSessionName="pod-1", WebIdentityToken=token,
        **more)


def test_web_identity(sim):
    client = sim.client("sts")
    answer = web(client)
    assert answer["AssumedRoleUser"]["Arn"].endswith("/sim-web/pod-1")
    assert answer["SubjectFromWebIdentityToken"] and answer["Provider"]
    assert answer["Audience"] == "sts.amazonaws.com"
    assert poll_code(sim, *keys(answer)) == 200
    note = sim.requests("?service=sts")[0]
    assert note["signature"] == "n/a"
    assert not [h for h in note["headers"]
                if h[0].lower() == "authorization"]
    assert refused(web, client, "other") == ("InvalidIdentityToken", 400)
    assert refused(web, client, role="sim-chained") == ("AccessDenied", 403)
    assert web(client, role="sim-worker")
    sim.settings(sts={"web_token": "rotated"})
    assert refused(web, client) == ("InvalidIdentityToken", 400)
    assert web(client, "rotated")


def test_signature_refusals(sim):
    def code(*args, **more):
        return refused(sim.client("sts", *args, **more).get_caller_identity)

    assert code("AKIANOBODY", "x") == ("InvalidClientTokenId", 403)
    assert code("AKIASIMWORKER", "wrong") == ("SignatureDoesNotMatch", 403)
    assert code(region="eu-west-1") == ("SignatureDoesNotMatch", 403)
    sim.settings(sts={"region": "eu-west-1"})
    assert code(region=REGION) == ("SignatureDoesNotMatch", 403)
    assert sim.client("sts", region="eu-west-1").get_caller_identity()
    sim.settings(sts={"region": "", "clock_offset_s": 3600})
    assert code() == ("SignatureDoesNotMatch", 403)
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    a = sim.send("sts", "POST", "/", FORM, body)
    assert a.status == 403 and b"<Code>MissingAuthenticationToken<" in a.body


def test_life(sim):
    sim.settings(sts={"life_ms": 600000})
    answer = assume(sim.client("sts"))
    left = answer["Credentials"]["Expiration"] - datetime.datetime.now(
        datetime.timezone.utc)
    assert 590 < left.total_seconds() <= 600
    assert poll_code(sim, *keys(answer)) == 200
    sim.admin("POST", "/sessions", {"expire": True, "origin": "container"})
    assert poll_code(sim, *keys(answer)) == 200
    sim.admin("POST", "/sessions", {"expire": True, "origin": "sts"})
    assert poll_code(sim, *keys(answer)) == "ExpiredTokenException"
    assert refused(assume, sim.client("sts", *keys(answer))) == \
        ("ExpiredToken", 403)
    sim.settings(sts={"life_ms": -1000})
    answer = assume(sim.client("sts"))
    assert poll_code(sim, *keys(answer)) == "ExpiredTokenException"
    sim.settings(codepipeline={"session_grace_ms": 60000})
    assert poll_code(sim, *keys(answer)) == 200


@pytest.mark.parametrize("body, code", [
    (b"Action=Nothing&Version=2011-06-15", "MissingAuthenticationToken"),
    (b"", "MissingAuthenticationToken"),
    (b"Action=AssumeRoleWithWebIdentity&Version=1", "InvalidAction"),
    (b"Action=AssumeRoleWithWebIdentity", "InvalidAction"),
    (b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" +
     b"x" * 30, "ValidationError"),
])
def test_broken_forms(sim, body, code):
    a = sim.send("sts", "POST", "/", FORM, body)
    assert b"<Code>%s</Code>" % code.encode() in a.body
    assert a.headers["content-type"] == "text/xml"


def test_odd_forms(sim):
    body = (b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
            b"arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fsim-web&"
            b"RoleSessionName=a+b&WebIdentityToken=sim-web-identity-token")
    a = sim.send("sts", "POST", "/", FORM, body)
    assert a.status == 400 and b"roleSessionName" in a.body
    body = body.replace(b"a+b", b"a%2Bb")
    a = sim.send("sts", "POST", "/", FORM, body)
    assert a.status == 200 and b"/sim-web/a+b<" in a.body
    for broken in (b"&a", b"&a=%", b"&a=*", b"&RoleSessionName=xy", b"&a=%00",
                   b"&a=%ff", b"&a=\0", b"&"):
        assert sim.send("sts", "POST", "/", FORM,
                        body + broken).status == 403
    assert sim.send("sts", "GET", "/?" + body.decode(), FORM).status != 200
    assert sim.send("sts", "POST", "/", dict(
        FORM, **{"Content-Type": "application/json"}), body).status == 400


def test_faults(sim):
    client = sim.client("sts")
    sim.fault("sts", "error", "AssumeRole",
              param={"code": "IDPCommunicationError", "message": "a <b>"})
    assert sim.client("sts").get_caller_identity()
    with pytest.raises(ClientError) as e:
        assume(client)
    assert e.value.response["Error"]["Code"] == "IDPCommunicationError"
    assert e.value.response["Error"]["Message"] == "a <b>"
    sim.fault("sts", "status", param={"status": 503, "body": "no"})
    assert sim.send("sts", "POST", "/", FORM, b"").status == 503
    sim.admin("POST", "/faults", {"service": "st", "fault": "hang"},
              status=400)


def test_settings_of_roles(sim):
    for roles in ([{"trusts": []}], [{"arn": "x", "trusts": [1]}]):
        sim.admin("PUT", "/settings", {"sts": {"roles": roles}}, status=400)
