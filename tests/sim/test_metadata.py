"""The metadata service and the container endpoint, read by botocore."""
import json

import pytest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.utils import (ContainerMetadataFetcher,
                            InstanceMetadataFetcher,
                            InstanceMetadataRegionFetcher)

from rig import REGION, START, wait_for

IAM = "/latest/meta-data/iam/security-credentials/"
TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "x-aws-ec2-metadata-token"
BEARER = {"Authorization": "sim-container-token"}


def poll_status(sim, key, secret, token):
    a = sim.cp("PollForJobs", {"actionTypeId": START},
               Credentials(key, secret, token))
    return a.status if a.status == 200 else a.code


def get(sim, path, token=None, **more):
    headers = dict({"Host": "sim"}, **more)
    if token is not None:
        headers[TOKEN] = token
    return sim.send("imds", "GET", path, headers)


def put(sim, ttl="60", **more):
    return sim.send("imds", "PUT", "/latest/api/token",
                    dict({"Host": "sim", TTL: ttl}, **more))


def token_of(sim):
    a = put(sim)
    assert a.status == 200 and a.headers[TTL] == "60"
    return a.body.decode()


# --- the metadata service ---

def fetcher(sim, kind=InstanceMetadataFetcher, **more):
    return kind(timeout=5, num_attempts=1, base_url=sim.urls["imds"] + "/",
                **more)


def test_botocore_finds_the_role(sim):
    found = fetcher(sim).retrieve_iam_role_credentials()
    assert found["role_name"] == "sim-worker"
    keys = found["access_key"], found["secret_key"], found["token"]
    assert poll_status(sim, *keys) == 200
    assert [n["operation"] for n in sim.requests("?service=imds")] == \
        ["PutToken", "GetRole", "GetCredentials"]
    who = sim.client("sts", *keys).get_caller_identity()
    assert who["Arn"].endswith(
        ":assumed-role/sim-worker/i-0123456789abcdef0")
    (told,) = sim.admin("GET", "/sessions")["sessions"]
    assert (told["origin"], told["accessKeyId"]) == ("imds", keys[0])
    sim.admin("POST", "/sessions", {"expire": True})
    assert poll_status(sim, *keys) == "ExpiredTokenException"


def test_botocore_finds_the_region(sim):
    assert fetcher(sim, InstanceMetadataRegionFetcher).retrieve_region() == \
        REGION
    sim.settings(imds={"region": "eu-west-1"})
    token = token_of(sim)
    assert get(sim, "/latest/meta-data/placement/region", token).body == \
        b"eu-west-1"
    assert get(sim, "/latest/meta-data/placement/availability-zone",
               token).body == b"eu-west-1a"
    a = get(sim, "/latest/dynamic/instance-identity/document", token)
    assert json.loads(a.body)["region"] == "eu-west-1"


def test_version_1(sim):
    a = get(sim, IAM)
    assert (a.status, sim.requests()[-1]["why"]) == (401, "no token")
    sim.settings(imds={"v1": True})
    assert get(sim, IAM).body == b"sim-worker"
    assert get(sim, IAM, "wrong").status == 401


def test_tokens(sim):
    for ttl in ("0", "21601", "", "x", "-1"):
        assert put(sim, ttl).status == 400
    assert put(sim, **{"X-Forwarded-For": "10.0.0.1"}).status == 403
    assert put(sim, "21600").status == 200
    assert get(sim, "/latest/api/token", token_of(sim)).status == 404
    for status in (400, 403, 404, 405):
        sim.settings(imds={"token_status": status})
        assert put(sim).status == status
    sim.settings(imds={"token_status": 403, "v1": True})
    assert fetcher(sim).retrieve_iam_role_credentials()["role_name"]
    sim.settings(imds={"token_status": 0, "v1": False, "token_uses": 1})
    token = token_of(sim)
    assert get(sim, IAM, token).status == 200
    assert get(sim, IAM + "sim-worker", token).status == 401
    assert get(sim, IAM + "sim-worker", token_of(sim)).status == 200
    sim.settings(imds={"token_uses": 0})
    token = put(sim, "1").body.decode()
    wait_for(lambda: get(sim, IAM, token).status == 401)
    a = put(sim)
    sim.admin("POST", "/reset", {})
    assert get(sim, IAM, a.body.decode()).status == 401


def test_roles(sim):
    token = token_of(sim)
    assert get(sim, IAM + "other", token).status == 404
    assert get(sim, IAM.rstrip("/") + "-extended/", token).status == 404
    sim.settings(imds={"role": "my+role@x"})
    assert get(sim, IAM, token).body == b"my+role@x"
    assert get(sim, IAM + "my+role@x", token).json["Code"] == "Success"
    sim.settings(imds={"role": ""})
    assert get(sim, IAM, token).status == 404
    assert fetcher(sim).retrieve_iam_role_credentials() == {}


def test_bad_credentials(sim):
    token = token_of(sim)
    sim.settings(imds={"code": "AssumeRoleUnauthorizedAccess"})
    j = get(sim, IAM + "sim-worker", token).json
    assert j["Code"] == "AssumeRoleUnauthorizedAccess" and j["Message"]
    assert "AccessKeyId" not in j
    sim.settings(imds={"code": "Success", "empty": True})
    j = get(sim, IAM + "sim-worker", token).json
    assert j["Code"] == "Success"
    assert (j["AccessKeyId"], j["SecretAccessKey"], j["Token"],
            j["Expiration"]) == ("", "", "", "")
    sim.settings(imds={"empty": False, "life_ms": -3600000})
    j = get(sim, IAM + "sim-worker", token).json
    assert j["Expiration"] < j["LastUpdated"]
    keys = j["AccessKeyId"], j["SecretAccessKey"], j["Token"]
    assert poll_status(sim, *keys) == "ExpiredTokenException"
    sim.settings(codepipeline={"session_grace_ms": 7200000})
    assert poll_status(sim, *keys) == 200


def test_faults_of_the_metadata_service(sim):
    sim.fault("imds", "error", "GetRole", param={"status": 503})
    token = token_of(sim)
    a = get(sim, IAM, token)
    assert a.status == 503 and a.headers["content-type"] == "text/html"
    assert get(sim, IAM, token).status == 200
    sim.fault("imds", "redirect", "PutToken", param={"location": "/x"})
    assert put(sim).status == 302


# --- the container endpoint ---

class Session:
    """What botocore's fetcher sends through; trusts the test CA."""

    def __init__(self, sim):
        self.session = URLLib3Session(verify=sim.ca_file, timeout=5)

    def send(self, request):
        return self.session.send(request)


def container(sim, path="/v1/credentials", headers=None):
    return ContainerMetadataFetcher(
        Session(sim), sleep=lambda s: None).retrieve_full_uri(
            sim.urls["container"] + path, headers or BEARER)


def test_botocore_gets_container_credentials(sim):
    found = container(sim)
    assert found["RoleArn"] == "arn:aws:iam::111122223333:role/sim-worker"
    keys = found["AccessKeyId"], found["SecretAccessKey"], found["Token"]
    assert poll_status(sim, *keys) == 200
    (note,) = sim.requests("?service=container")
    assert (note["operation"], note["signature"], note["why"]) == \
        ("GetCredentials", "n/a", "")
    who = sim.client("sts", *keys).get_caller_identity()
    assert who["Arn"].endswith(":assumed-role/sim-worker/sim-task")
    assert container(sim, "/v2/credentials/sim-task")["AccessKeyId"] != \
        keys[0]


def get_container(sim, path="/v1/credentials", method="GET", **headers):
    return sim.send("container", method, path, dict({"Host": "sim"},
                                                    **headers))


def test_container_refusals(sim):
    a = get_container(sim)
    assert a.status == 401 and sorted(a.json) == ["code", "message"]
    a = get_container(sim, Authorization="other")
    assert a.status == 403 and a.json["code"] == "AccessDenied"
    assert get_container(sim, "/other", **BEARER).status == 404
    assert get_container(sim, "/v1/credentials?x=1", **BEARER).status == 404
    assert get_container(sim, method="POST", **BEARER).status == 405
    assert get_container(sim, **BEARER).status == 200
    assert sim.requests()[-1]["why"] == "Accept is not application/json"
    sim.settings(container={"token": "second", "paths": ["/a?b=c"]})
    assert get_container(sim, "/a?b=c", **BEARER).status == 403
    assert get_container(sim, "/a?b=c", Authorization="second").status == 200
    sim.settings(container={"token": ""})
    assert get_container(sim, "/a?b=c").status == 200


def test_container_answers(sim):
    sim.settings(container={"with_token": False, "with_expiration": False,
                            "with_account": True})
    j = get_container(sim, **BEARER).json
    assert sorted(j) == ["AccessKeyId", "AccountId", "RoleArn",
                         "SecretAccessKey"]
    keys = j["AccessKeyId"], j["SecretAccessKey"]
    assert poll_status(sim, *keys, None) == 200
    assert poll_status(sim, *keys, "x") == "UnrecognizedClientException"
    told = sim.admin("GET", "/sessions")["sessions"]
    assert told[0]["sessionToken"] is None


@pytest.mark.parametrize("service", ["imds", "container"])
def test_faults_in_the_form_of_the_service(sim, service):
    sim.fault(service, "error", param={"status": 429, "code": "C",
                                       "message": "m"})
    a = sim.send(service, "GET", "/", {"Host": "sim"})
    assert a.status == 429
    if service == "container":
        assert a.json == {"code": "C", "message": "m"}
