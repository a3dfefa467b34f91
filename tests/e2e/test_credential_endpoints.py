"""aws-credentials and the local services that hand out credentials: against
botocore's resolver for the same environment, files and services; and every
fault of a service as an error that says what it did."""
import json
import os
import subprocess
import sys

import botocore
import pytest

import endpoints
from endpoints import (AUTHORIZATION, REGION, ROLE, SECRET, TOKEN, Container,
                       Metadata, Server, keys, when)
from sim import PATIENCE_S, WEB_TOKEN

PROGRAM = os.path.join(os.environ.get("QUALI_BUILD", "build"),
                       "aws-credentials")
BOTOCORE = tuple(map(int, botocore.__version__.split(".")[:3]))
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
AUTH = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
AUTH_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
DISABLED = "AWS_EC2_METADATA_DISABLED"
ATTEMPTS = "AWS_METADATA_SERVICE_NUM_ATTEMPTS"
TIMEOUT = "AWS_METADATA_SERVICE_TIMEOUT"

ORACLE = r"""
import json, logging, sys
import botocore.session
logging.disable(logging.CRITICAL)
try:
    c = botocore.session.Session().get_credentials()
    f = c and c.get_frozen_credentials()
    print(json.dumps(f and [c.method, f.access_key, f.secret_key, f.token]))
except Exception as e:
    print("null")
"""
METHODS = {"env": "environment", "shared-credentials-file": "profile",
           "config-file": "profile", "container-role": "container",
           "iam-role": "ec2"}
ENV = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "envsecret"}
FILE = ("[default]\naws_access_key_id = AKIDFILE\n"
        "aws_secret_access_key = filesecret\n")
SAME = None


def case(gives, botocore_is=SAME, env=None, container=None, imds=None,
         config=None, credentials=None, options=()):
    """gives: the source, or words of the error. botocore_is: SAME, or why it
    differs until which version (NEVER: still).
    container, imds: functions that make the service."""
    return {"gives": gives, "botocore_is": botocore_is, "env": env or {},
            "container": container, "imds": imds, "config": config,
            "credentials": credentials, "options": options}


NEVER = (999,)


def differs(why, since=NEVER):
    assert why
    return since


NO_TOKEN_FILE = differs("token files came with 1.32", (1, 32, 0))
HOSTS = differs("it allowed three hosts until 1.32", (1, 32, 0))
V1 = differs("it falls back to version 1, which ours must be allowed to")
PASSING = differs("one attempt is its default; a daemon that starts at boot "
                  "needs more")
DEMANDING = differs("it takes what is empty or old, which AWS refuses "
                    "(aws-2026 1.7)")
OPTIONAL = differs("it demands Token (aws-2026 1.3)")
RENEWING = differs("it does not renew a token that is refused")
COUNTING = differs("it retries every status; the credentials come later than "
                   "for us, or after 4xx")

CASES = {
    # --- order ---
    "environment before container": case(
        "environment", env=ENV, container=Container),
    "environment before profile, container, EC2": case(
        "environment", env=ENV, credentials=FILE, container=Container,
        imds=Metadata),
    "profile before container": case(
        "profile", credentials=FILE, container=Container),
    "profile of the config file before container": case(
        "profile", config=FILE, container=Container, imds=Metadata),
    "container before EC2": case(
        "container", container=Container, imds=Metadata),
    "EC2 last": case("ec2", imds=Metadata),
    "environment before EC2": case("environment", env=ENV, imds=Metadata),
    "profile before EC2": case("profile", credentials=FILE, imds=Metadata),
    "a profile without keys": case(
        "ec2", config="[default]\nregion = us-west-1\n", imds=Metadata),
    "a container that fails is not skipped": case(
        ["container endpoint", "answered 404"], imds=Metadata,
        container=lambda: Container(keys=(404, "{}"))),
    "half a pair is not skipped": case(
        ["no secret access key"], imds=Metadata, container=Container,
        env={"AWS_ACCESS_KEY_ID": "A"}),
    # --- container ---
    "full URI": case("container", container=Container),
    "full URI with a query": case(
        "container", env={FULL: "{container}/a/b?id=1&x=%2F"},
        container=Container),
    "localhost": case("container", container=Container,
                      env={FULL: "http://localhost:{container_port}/x"}),
    "token": case(
        "container", env={AUTH: AUTHORIZATION},
        container=lambda: Container(AUTHORIZATION)),
    "token with a blank": case(
        "container", env={AUTH: "Bearer " + AUTHORIZATION},
        container=lambda: Container("Bearer " + AUTHORIZATION)),
    "wrong token": case(
        ["answered 403: AccessDenied: wrong token"], env={AUTH: "other"},
        container=lambda: Container(AUTHORIZATION)),
    "no token where one is needed": case(
        ["answered 403"], container=lambda: Container(AUTHORIZATION)),
    "token file": case(
        "container", NO_TOKEN_FILE, env={AUTH_FILE: "{home}/token"},
        container=lambda: Container(AUTHORIZATION)),
    "token file before token": case(
        "container", NO_TOKEN_FILE,
        env={AUTH_FILE: "{home}/token", AUTH: "other"},
        container=lambda: Container(AUTHORIZATION)),
    "an empty URI is none": case(
        "ec2", differs("to it an empty variable is set"), env={FULL: ""},
        imds=Metadata),
    "an answer with more members": case(
        "container", container=lambda: Container(keys=(
            200, keys("CONTAINER", Unknown={"a": [1]})))),
    "Expiration with a zone": case(
        "container", container=lambda: Container(keys=(
            200, keys("CONTAINER", Expiration="2200-01-01T00:00:00+01:00")))),
    "no session token": case(
        "container", OPTIONAL, container=lambda: Container(keys=(
            200, keys("CONTAINER", Token=None)))),
    "503 once": case(
        "container", container=lambda: Container(keys=[(503, "later")])),
    "429 twice": case(
        "container", container=lambda: Container(keys=[(429, "{}")] * 2)),
    "no JSON once": case(
        "container", container=lambda: Container(keys=[(200, "{\"a\": ")])),
    "no answer once": case(
        "container",
        container=lambda: Container(keys=[endpoints.hang_up])),
    "503 for ever": case(
        ["answered 503"], container=lambda: Container(keys=(503, "later"))),
    "400 once": case(
        ["answered 400"], COUNTING,
        container=lambda: Container(keys=[(400, "{}")])),
    "no secret key": case(
        ["missing or empty: SecretAccessKey"],
        container=lambda: Container(keys=(
            200, keys("CONTAINER", SecretAccessKey=None)))),
    "no Expiration": case(
        ["missing or empty: Expiration"], container=lambda: Container(keys=(
            200, keys("CONTAINER", Expiration=None)))),
    "Expiration that is no time": case(
        ["an Expiration that is not a time"],
        container=lambda: Container(keys=(
            200, keys("CONTAINER", Expiration="tomorrow noon")))),
    "empty keys": case(
        ["missing or empty: AccessKeyId, SecretAccessKey, Token"],
        DEMANDING, container=lambda: Container(keys=(200, keys(
            "CONTAINER", AccessKeyId="", SecretAccessKey="", Token="")))),
    "expired": case(
        ["sent credentials that expired at 2020-01-01T00:00:00Z; here it is"],
        container=lambda: Container(keys=(
            200, keys("CONTAINER", Expiration="2020-01-01T00:00:00Z")))),
    "key with a line end": case(
        ["the secret access key of container endpoint"], DEMANDING,
        container=lambda: Container(keys=(
            200, keys("CONTAINER", SecretAccessKey=SECRET + "\n")))),
    "a foreign host": case(
        ["plain http goes only to", "not to 192.0.2.1"],
        env={FULL: "http://192.0.2.1/x"}),
    "no URL": case(["is not a URL of the form"], env={FULL: "nonsense"}),
    "user in the URL": case(
        ["it holds a user name"], differs("it ignores the user"),
        env={FULL: "http://a:" + TOKEN[:12] + "@localhost:{container_port}/"},
        container=Container),
    # --- EC2 ---
    "base with a path": case(
        "ec2", env={IMDS: "{imds}/some/where"},
        imds=lambda: Metadata("/some/where")),
    "base with a slash at its end": case(
        "ec2", env={IMDS: "{imds}/"}, imds=Metadata),
    "base with a path and a slash": case(
        "ec2", env={IMDS: "{imds}/x/"}, imds=lambda: Metadata("/x")),
    "endpoint of the profile": case(
        "ec2", env={IMDS: None}, imds=Metadata,
        config="[default]\nec2_metadata_service_endpoint = {imds}\n"),
    "variable before the profile's endpoint": case(
        "ec2", imds=Metadata, config="[default]\n"
        "ec2_metadata_service_endpoint = http://127.0.0.1:1\n"),
    "disabled": case(
        ["no credentials", "AWS_EC2_METADATA_DISABLED is true"],
        env={DISABLED: "TRUE"}, imds=Metadata),
    "disabled with a mode that is none": case(
        ["AWS_EC2_METADATA_DISABLED is true"],
        env={DISABLED: "true", MODE: "ipv5"}, imds=Metadata),
    "not disabled": case("ec2", env={DISABLED: "false"}, imds=Metadata),
    "mode ipv6 beside an endpoint": case(
        "ec2", env={MODE: "ipv6"}, imds=Metadata),
    "mode in capitals": case("ec2", env={MODE: "IPv4"}, imds=Metadata),
    "mode that is none": case(
        [MODE + " is neither ipv4 nor ipv6"], env={MODE: "ipv5"},
        imds=Metadata),
    "mode of the profile that is none": case(
        ["ec2_metadata_service_endpoint_mode is neither"], imds=Metadata,
        config="[default]\nec2_metadata_service_endpoint_mode = both\n"),
    "endpoint that is no URL": case(
        [IMDS + " is not a URL"], env={IMDS: "169.254.169.254"}),
    "timeout that is no number": case(
        [TIMEOUT + " is not a whole number"], env={TIMEOUT: "1s"},
        imds=Metadata),
    "attempts of the profile that are none": case(
        ["metadata_service_num_attempts is not a whole number"],
        imds=Metadata,
        config="[default]\nmetadata_service_num_attempts = zero\n"),
    "enough attempts": case(
        "ec2", env={ATTEMPTS: "3"}, imds=lambda: Metadata(
            roles=[(500, "")] * 2, keys=[(503, "")] * 2)),
    "enough attempts by the profile": case(
        "ec2", imds=lambda: Metadata(roles=[(500, "")], keys=[(503, "")]),
        config="[default]\nmetadata_service_num_attempts = 2\n"),
    "variable before the profile's attempts": case(
        ["answered 500"], env={ATTEMPTS: "1"},
        imds=lambda: Metadata(roles=[(500, "")]),
        config="[default]\nmetadata_service_num_attempts = 2\n"),
    "usual attempts": case(
        "ec2", PASSING, imds=lambda: Metadata(
            token=[(503, "")], roles=[(500, "")], keys=[(429, "")])),
    "empty answers once": case(
        "ec2", env={ATTEMPTS: "2"},
        imds=lambda: Metadata(roles=[(200, "")], keys=[(200, "")])),
    "no JSON once, of EC2": case(
        "ec2", env={ATTEMPTS: "2"},
        imds=lambda: Metadata(keys=[(200, "{")])),
    "no role": case(
        ["no credentials", "the EC2 instance has no role"],
        imds=lambda: Metadata(roles=(404, "not found"))),
    "role of several lines": case(
        "ec2", differs("it asks for all lines at once"),
        imds=lambda: Metadata(roles=(200, ROLE + "\nanother\n"))),
    "role that is no name": case(
        ["sent what is no name of a role"],
        imds=lambda: Metadata(roles=(200, "../../user-data"))),
    "EC2 may not assume the role": case(
        ["EC2 may not assume the role (AssumeRoleUnauthorizedAccess: EC2 "
         "cannot assume it): does the role trust EC2?"],
        imds=lambda: Metadata(keys=(200, json.dumps(
            {"Code": "AssumeRoleUnauthorizedAccess",
             "Message": "EC2 cannot assume it"})))),
    "another code": case(
        ["has no credentials (InstanceProfileNotFound: gone)"],
        imds=lambda: Metadata(keys=(200, json.dumps(
            {"Code": "InstanceProfileNotFound", "Message": "gone"})))),
    "a token refused once": case(
        "ec2", RENEWING, imds=lambda: Metadata(keys=[(401, "expired")])),
    "every token refused": case(
        ["answered 401"], imds=lambda: Metadata(roles=(401, "expired"))),
    "the token request is bad": case(
        ["latest/api/token: answered 400"],
        imds=lambda: Metadata(token=(400, "bad"))),
    "version 1": case(
        ["latest/api/token: answered 404", "metadata_v1 = yes in [aws]"], V1,
        imds=lambda: Metadata(tokens=False)),
    "version 1, forbidden token": case(
        ["answered 403", "metadata_v1 = yes in [aws]"], V1,
        imds=lambda: Metadata(tokens=False, token=(403, ""))),
    "version 1, allowed": case(
        "ec2", imds=lambda: Metadata(tokens=False),
        options=("--metadata-v1",)),
    "version 1, allowed, 403": case(
        "ec2", imds=lambda: Metadata(tokens=False, token=(403, "")),
        options=("--metadata-v1",)),
    "version 1, allowed, 405": case(
        "ec2", imds=lambda: Metadata(tokens=False, token=(405, "")),
        options=("--metadata-v1",)),
    "version 1, allowed, silent": case(
        "ec2", imds=lambda: Metadata(tokens=False, token=endpoints.hang),
        options=("--metadata-v1",)),
    "version 1, allowed and forbidden": case(
        ["answered 404", "needs AWS_EC2_METADATA_V1_DISABLED and"],
        differs("it knows the variable since 1.32.4", (1, 32, 4)),
        env={"AWS_EC2_METADATA_V1_DISABLED": "true"},
        imds=lambda: Metadata(tokens=False), options=("--metadata-v1",)),
    "version 1, allowed and forbidden by the profile": case(
        ["answered 404", "needs AWS_EC2_METADATA_V1_DISABLED and"],
        differs("it knows the key since 1.32.4", (1, 32, 4)),
        config="[default]\nec2_metadata_v1_disabled = true\n",
        imds=lambda: Metadata(tokens=False), options=("--metadata-v1",)),
    "version 2 where version 1 is allowed": case(
        "ec2", imds=Metadata, options=("--metadata-v1",)),
    "no session token of EC2": case(
        ["missing or empty: Token"], imds=lambda: Metadata(keys=(
            200, keys("EC2", Code="Success", Token=None)))),
    "empty success": case(
        ["missing or empty: AccessKeyId, SecretAccessKey, Expiration, Token",
         "aws_signing_helper serve"],
        imds=lambda: Metadata(keys=(200, keys(
            "EC2", Code="Success", AccessKeyId="", SecretAccessKey="",
            Token="", Expiration="")))),
    "old success": case(
        ["expired at 2020-01-01T00:00:00Z", "aws_signing_helper serve"],
        DEMANDING, imds=lambda: Metadata(keys=(200, keys(
            "EC2", Code="Success", Expiration="2020-01-01T00:00:00Z")))),
    "nobody at the endpoint": case(
        ["could not connect to 127.0.0.1:1"],
        env={IMDS: "http://127.0.0.1:1"}),
}


class Scene:
    """A home folder, and the services of a case while its block runs."""

    def __init__(self, home, c):
        self.home, self.case, self.servers = str(home), c, {}

    def __enter__(self):
        for name in ("container", "imds"):
            if self.case[name]:
                self.servers[name] = Server(self.case[name]())
        os.makedirs(os.path.join(self.home, ".aws"), exist_ok=True)
        for name in ("config", "credentials"):
            if self.case[name]:
                self.write(".aws/" + name, self.fill(self.case[name]))
        self.write("token", AUTHORIZATION + "\n")
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.close()

    def write(self, name, text):
        with open(os.path.join(self.home, name), "w", encoding="utf-8",
                  newline="") as f:
            f.write(text)

    def fill(self, text):
        values = {"home": self.home}
        for name, server in self.servers.items():
            values[name] = server.url
            values[name + "_port"] = str(server.server_address[1])
        for name, value in values.items():
            text = text.replace("{%s}" % name, value)
        return text

    @property
    def env(self):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.home}
        # without a service, nothing but loopback may be asked
        if "imds" in self.servers:
            env[IMDS] = "{imds}"
        elif IMDS not in self.case["env"]:
            env[DISABLED] = "true"
        if "container" in self.servers:
            env[FULL] = "{container}/v1/credentials"
        env.update(self.case["env"])
        return {k: self.fill(v) for k, v in env.items() if v is not None}

    def requests(self, name):
        return ["%s %s" % (r.command, r.path)
                for r in self.servers[name].requests]


def run(scene, *options):
    """The program's answer, or its error as text."""
    got = subprocess.run(
        [PROGRAM, *scene.case["options"], *options], env=scene.env,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False)
    for secret in (SECRET, TOKEN, AUTHORIZATION, SECRET[:12], TOKEN[:12]):
        assert secret not in got.stderr
    if got.returncode == 0:
        assert got.stderr == ""
        answer = json.loads(got.stdout)
        for secret in (SECRET, TOKEN, AUTHORIZATION):
            assert secret not in json.dumps(
                [answer["Warnings"], answer["Origin"]])
        return answer
    assert (got.returncode, got.stdout) == (1, "")
    assert got.stderr.startswith("aws-credentials: ")
    assert got.stderr.count("\n") == 1 and got.stderr.isprintable() is False
    assert got.stderr[:-1].isprintable()
    return got.stderr


def asked(home, c, *options):
    with Scene(home, c) as scene:
        return run(scene, *options)


def outcome(answer):
    return None if isinstance(answer, str) else [
        answer["Source"], answer["AccessKeyId"], answer["SecretAccessKey"],
        answer.get("SessionToken")]


def botocore_says(home, c):
    with Scene(home, c) as scene:
        told = json.loads(subprocess.run(
            [sys.executable, "-c", ORACLE], env=scene.env,
            stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE_S, check=True).stdout)
    return told and [METHODS[told[0]], *told[1:]]


def check_words(words, text):
    assert isinstance(text, str), text
    for word in words:
        assert word in text


@pytest.mark.parametrize("name", CASES)
def test_as_botocore(tmp_path, name):
    c = CASES[name]
    answer = asked(tmp_path, c)
    if isinstance(c["gives"], str):
        assert outcome(answer), answer
        assert answer["Source"] == c["gives"]
    else:
        check_words(c["gives"], answer)
    same = botocore_says(tmp_path, c) == outcome(answer)
    since = c["botocore_is"]
    assert same == (since is SAME or BOTOCORE >= since)


def test_order_of_all(tmp_path, sim):
    """All sources at once; without the first, the second counts, and so on."""
    sim.settings(container={"token": ""})
    env = {"AWS_REGION": "us-east-2", "AWS_ROLE_ARN":
           "arn:aws:iam::111122223333:role/sim-web", "AWS_ROLE_SESSION_NAME":
           "test", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/web",
           **sim.sts_env(), **sim.imds_env(), **sim.container_env(token=None)}
    for source, removed in (
            ("environment", []), ("profile", list(ENV)),
            ("web-identity", ["AWS_SHARED_CREDENTIALS_FILE"]),
            ("container", ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"]),
            ("ec2", [FULL])):
        if source == "environment":
            env.update(ENV, AWS_SHARED_CREDENTIALS_FILE="{home}/keys")
        for name in removed:
            del env[name]
        with Scene(tmp_path, case("", env=env)) as scene:
            scene.write("web", WEB_TOKEN)
            scene.write("keys", FILE)
            answer = run(scene)
        assert answer["Source"] == source


# --- faults of a service ---

PLACES = {"container": "keys", "token": "token", "role": "roles",
          "credentials": "keys"}
SHOWN = {"container": "/v1/credentials (" + FULL + ")",
         "token": "/latest/api/token",
         "role": "/latest/meta-data/iam/security-credentials/",
         "credentials": "/latest/meta-data/iam/security-credentials/" + ROLE}
PAGE = "<html><body>" + "error " * 500 + "</body></html>"
FAULTS = {
    "hang": (endpoints.hang, "no complete answer from 127.0.0.1"),
    "trickle": (endpoints.trickle, "no complete answer from 127.0.0.1"),
    "endless": (endpoints.endless, "answer larger than 32768 bytes"),
    "endless header": (endpoints.endless_header, "answer larger than"),
    "huge": ((200, "x" * 5000000), "answer larger than 32768 bytes"),
    "cut": (endpoints.cut, "no complete answer from 127.0.0.1"),
    "reset": (endpoints.reset, "no complete answer from 127.0.0.1"),
    "hang up": (endpoints.hang_up, "no complete answer from 127.0.0.1"),
    "no HTTP": (endpoints.not_http, "127.0.0.1"),
    "redirect": ((302, "", {"Location": "http://127.0.0.1:1/x"}),
                 "answered 302, a redirect, which is not followed"),
    "permanent redirect": ((308, "", {"Location": "http://127.0.0.1:1/x"}),
                           "answered 308, a redirect"),
    "page": ((200, PAGE), "sent "),
    "error page": ((500, PAGE), "answered 500\n"),
    "error with a message": (
        (418, json.dumps({"code": "Tea\u202epot", "message": "a\nb" * 200})),
        "answered 418: Tea   pot: a ba b"),
    "bytes": ((200, b"\xff\xfe\x00" * 9), "sent "),
    "no object": ((200, "[1, 2]"), "sent "),
    "deep": ((200, "[" * 30000), "sent "),
    "blank": ((200, " "), "sent "),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(tmp_path, fault, place):
    """The error names service and URL and says what was wrong, and the
    program ends by itself."""
    reply, words = FAULTS[fault]
    service = Container if place == "container" else Metadata
    text = asked(tmp_path, case("", **{
        "container" if place == "container" else "imds":
        lambda: service(**{PLACES[place]: reply})}))
    check_words([words, SHOWN[place], "container endpoint 127.0.0.1:" if
                 place == "container" else "EC2 metadata service 127.0.0.1:"],
                text)
    if (fault, place) == ("hang", "token"):
        check_words(["set the hop limit of the instance's metadata to 2"],
                    text)
    else:
        assert "hop limit" not in text
    assert len(text) < 1000


def test_message_is_cut(tmp_path):
    text = asked(tmp_path, case("", container=lambda: Container(keys=(
        403, json.dumps({"code": "C", "message": "m" * 5000})))))
    assert text.endswith("answered 403: C: " + "m" * 197 + "\n")


def test_service_that_echoes_the_token(tmp_path):
    with Scene(tmp_path, case(
            "", env={AUTH: AUTHORIZATION},
            container=lambda: Container("other", denied=(401, json.dumps({
                "code": "Denied", "message": "wrong: " + AUTHORIZATION +
                " not " + AUTHORIZATION[:20]}))))) as scene:
        text = run(scene)
    check_words(["answered 401: Denied: wrong: ***"], text)


def test_all_attempts_together_are_bounded(tmp_path):
    """Settings that would wait for days: it gives up by itself, well before
    the worker would end it."""
    with Scene(tmp_path, case(
            "", env={TIMEOUT: "900000", ATTEMPTS: "900000"},
            imds=lambda: Metadata(roles=(503, ""),
                                  keys=endpoints.trickle))) as scene:
        text = run(scene)
    check_words(["answered 503"], text)


@pytest.mark.parametrize("reply,requests", [        # sent in all
    ((503, ""), 3), ((429, ""), 3), ((200, "{"), 3), ((200, "[]"), 3),
    ((400, "{}"), 1), ((404, "{}"), 1), ((302, ""), 1),
    ((200, "{}"), 1), ((200, keys("A", Expiration=when(-5))), 1)],
    ids=lambda x: str(x)[:20])
def test_what_is_repeated(tmp_path, reply, requests):
    with Scene(tmp_path, case("", container=lambda: Container(
            keys=reply))) as scene:
        run(scene)
        assert len(scene.requests("container")) == requests
    with Scene(tmp_path, case("", imds=lambda: Metadata(
            keys=reply))) as scene:
        run(scene)
        assert scene.requests("imds") == [
            "PUT /latest/api/token", "GET " + Metadata.IAM,
            *["GET " + Metadata.IAM + ROLE] * requests]


# --- what is sent, and where ---

def test_requests_of_a_container(tmp_path):
    """One GET, the bare token, no proxy whatever the environment says."""
    with Scene(tmp_path, case(
            "container", env={
                AUTH_FILE: "{home}/token", "http_proxy": "http://127.0.0.1:1",
                "all_proxy": "http://127.0.0.1:1"},
            container=lambda: Container(AUTHORIZATION))) as scene:
        answer = run(scene)
        assert scene.requests("container") == ["GET /v1/credentials"]
        headers = scene.servers["container"].requests[0].headers
    assert headers["Accept"] == "application/json"
    assert headers["Authorization"] == AUTHORIZATION
    assert answer["AccountId"] == "111122223333"
    assert answer["Source"] == "container"
    assert answer["Warnings"] == []


def test_requests_to_ec2(tmp_path):
    with Scene(tmp_path, case("ec2", imds=Metadata, env={
            "http_proxy": "http://127.0.0.1:1"})) as scene:
        answer = run(scene)
        assert scene.requests("imds") == [
            "PUT /latest/api/token", "GET " + Metadata.IAM,
            "GET " + Metadata.IAM + ROLE, "PUT /latest/api/token",
            "GET /latest/meta-data/placement/region"]
        put, *gets = scene.servers["imds"].requests
    assert put.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    assert put.headers["Content-Length"] == "0"
    assert gets[0].headers["x-aws-ec2-metadata-token"] == "token-0=="
    assert answer["Origin"] == "EC2 instance role " + ROLE
    assert answer["Region"] == REGION
    assert answer["Warnings"] == []


@pytest.mark.parametrize("expires", ["2200-02-03T04:05:06Z",
                                     "2200-02-03T04:05:06.789Z"])
def test_expiration(tmp_path, expires):
    answer = asked(tmp_path, case("container", container=lambda: Container(
        keys=(200, keys("A", Expiration=expires)))))
    assert answer["Expiration"] == "2200-02-03T04:05:06Z"


@pytest.mark.parametrize("account,arn,wanted", [
    ("123456789012", None, "123456789012"),
    ("123456789012", "arn:aws:iam::999999999999:role/r", "123456789012"),
    (None, "arn:aws-cn:iam::999999999999:role/r", "999999999999"),
    ("12345", "arn:aws:iam::999999999999:role/r", "999999999999"),
    ("12345", "arn:aws:iam", None), (None, "nonsense", None), (None,) * 3])
def test_account(tmp_path, account, arn, wanted):
    answer = asked(tmp_path, case("container", container=lambda: Container(
        keys=(200, keys("A", AccountId=account, RoleArn=arn)))))
    assert answer.get("AccountId") == wanted


def test_both_uris(tmp_path):
    """The relative one counts; that it goes to 169.254.170.2, which this
    machine may have, is seen in test_real_addresses."""
    text = asked(tmp_path, case("", env={RELATIVE: "no slash"},
                                container=Container))
    check_words([RELATIVE + " does not begin with '/'"], text)


@pytest.mark.parametrize("uri", [".example.com/x", "@127.0.0.1/x", "x", ":1/"])
def test_relative_uri_cannot_name_a_host(tmp_path, uri):
    check_words([RELATIVE + " does not begin with '/'"],
                asked(tmp_path, case("", env={RELATIVE: uri})))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost",
                                  "LocalHost", "::1", "0:0:0:0:0:0:0:1"])
def test_hosts_allowed(tmp_path, host):
    with Server(Container(), "::1" if ":" in host else
                "127.0.0.1" if host[0].lower() == "l" else host) as server:
        answer = asked(tmp_path, case("container", env={
            FULL: "http://%s:%d/x" % ("[%s]" % host if ":" in host else host,
                                      server.server_address[1])}))
    assert answer["AccessKeyId"] == "ASIACONTAINER"


@pytest.mark.parametrize("host", [
    "192.0.2.1", "169.254.170.3", "192.0.2.127", "0.0.0.0",
    "example.com", "localhost.example.com", "127.0.0.1.example.com",
    "localhost.", "[fd00:ec2::24]", "[::]", "[::ffff:127.0.0.1]", "[::2]"])
def test_hosts_refused(tmp_path, host):
    check_words([FULL + ": plain http goes only to localhost", "use https"],
                asked(tmp_path, case("", env={FULL: "http://%s/x" % host})))


@pytest.mark.parametrize("url", [
    "ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1/x", "http://",
    "http://127.0.0.1:99999/x", "http:///x", "http://[::1/x",
    "http://127.0.0.1@example.com/", "http://127.0.0.1\\@example.com/"])
def test_urls_refused(tmp_path, url):
    check_words([FULL + " is not a URL of the form"],
                asked(tmp_path, case("", env={FULL: url})))


def test_https(tmp_path, ca):
    """Any host will do, with a certificate that is trusted."""
    with Server(Container(), tls=ca) as server:
        port = server.server_address[1]
        env = {FULL: "https://localhost:%d/x" % port}
        answer = asked(tmp_path, case("", env=dict(
            env, AWS_CA_BUNDLE=ca + "/ca.pem")))
        assert answer["AccessKeyId"] == "ASIACONTAINER"
        text = asked(tmp_path, case("", env=env))
        assert len(server.requests) == 1
    check_words(["the certificate of localhost:%d is not trusted" % port,
                 "ca_file in [aws]"], text)


def test_name_that_does_not_exist(tmp_path):
    text = asked(tmp_path, case("", env={
        FULL: "https://no-such-host.invalid/x"}))
    check_words(["no-such-host.invalid", "could not connect to"], text)


# --- the token of a container ---

@pytest.mark.parametrize("content", [
    AUTHORIZATION, AUTHORIZATION + "\n", AUTHORIZATION + "\r\n"])
def test_token_file(tmp_path, content):
    with Scene(tmp_path, case("", env={
            AUTH_FILE: "{home}/token", AUTH: "other"},
            container=lambda: Container(AUTHORIZATION))) as scene:
        scene.write("token", content)
        assert run(scene)["AccessKeyId"] == "ASIACONTAINER"


def test_token_file_is_read_anew(tmp_path):
    with Scene(tmp_path, case("", env={AUTH_FILE: "{home}/token"},
                              container=Container)) as scene:
        service = scene.servers["container"].respond
        for service.authorization in ("first", "second"):
            scene.write("token", service.authorization + "\n")
            assert run(scene)["AccessKeyId"] == "ASIACONTAINER"


@pytest.mark.parametrize("content,words", [
    (AUTHORIZATION + "\n\n", ["(26 bytes, the last of them white space)",
                              "must be one line"]),
    (AUTHORIZATION + "\nX: y", ["(30 bytes)", "must be one line"]),
    (AUTHORIZATION + "\rX: y\n", ["(30 bytes)", "must be one line"]),
    (AUTHORIZATION + "\x1b[0m", ["(29 bytes)", "control character"]),
    ("", ["is empty"]), ("\n", ["is empty"]),
    (AUTHORIZATION + "\0", ["cannot read the token"]),
    ("t" * 20001 + "\n", ["longer than 20000 bytes"]),
    ("t" * 30000, ["cannot read the token", "larger than"]),
], ids=("two line ends", "line", "carriage return", "escape", "nothing",
        "line end", "NUL", "long", "longer"))
def test_token_file_refused(tmp_path, content, words):
    with Scene(tmp_path, case("", env={AUTH_FILE: "{home}/token"},
                              container=Container)) as scene:
        scene.write("token", content)
        check_words(["the token in %s/token, named by %s" % (
            tmp_path, AUTH_FILE), *words], run(scene))
        assert scene.requests("container") == []


def test_token_file_missing(tmp_path):
    check_words(["/no/such/file, named by " + AUTH_FILE,
                 "No such file or directory"],
                asked(tmp_path, case("", env={
                    AUTH_FILE: "/no/such/file", AUTH: AUTHORIZATION},
                    container=Container)))


def test_token_variable_refused(tmp_path):
    check_words(["the token in %s (30 bytes)" % AUTH],
                asked(tmp_path, case("", env={
                    AUTH: AUTHORIZATION + "\r\nX:y"}, container=Container)))


# --- warnings ---

def test_warning_endpoint_and_mode(tmp_path):
    """Once, although the service is asked for keys and for the region."""
    answer = asked(tmp_path, case("", env={MODE: "ipv6"}, imds=Metadata))
    (warning,) = answer["Warnings"]
    assert MODE in warning and IMDS in warning
    assert "the endpoint counts" in warning


# --- the region ---

@pytest.mark.parametrize("env,config,region", [
    ({"AWS_REGION": "us-east-2"}, None, "us-east-2"),
    ({"AWS_DEFAULT_REGION": "us-east-1"}, None, "us-east-1"),
    ({}, "[default]\nregion = us-west-2\n", "us-west-2")])
def test_region_known(tmp_path, env, config, region):
    """Then nobody asks for it."""
    for extra in ({}, ENV):
        with Scene(tmp_path, case("", env=dict(env, **extra), config=config,
                                  imds=Metadata)) as scene:
            assert run(scene)["Region"] == region
            assert not any("region" in r for r in scene.requests("imds"))
            assert scene.requests("imds") == [] or not extra


@pytest.mark.parametrize("extra", [
    {"env": ENV}, {"container": Container}, {"credentials": FILE}])
def test_region_of_the_instance(tmp_path, extra):
    answer = asked(tmp_path, case("", imds=Metadata, **extra))
    assert (answer["Region"], answer["Warnings"]) == (REGION, [])


@pytest.mark.parametrize("replies", [
    {"token": endpoints.hang}, {"token": (503, "")}, {"region": (404, "")},
    {"region": endpoints.trickle}, {"region": (200, "no region\n")}])
def test_region_not_to_be_had(tmp_path, replies):
    """Keys of elsewhere: one attempt, and nothing is said."""
    with Scene(tmp_path, case("", env=ENV, imds=lambda: Metadata(
            **replies))) as scene:
        answer = run(scene)
        assert len(scene.requests("imds")) == (1 if "token" in replies else 2)
    assert "Region" not in answer and answer["Warnings"] == []
    assert answer["AccessKeyId"] == "AKIDENV"


@pytest.mark.parametrize("reply,words", [
    ((404, ""), "placement/region: answered 404. Set region in [aws]"),
    ((200, "Frankfurt am Main"), "sent what is no region"),
    ((200, "x" * 3000), "sent what is no region"),
    ((302, "", {"Location": "http://127.0.0.1:1/"}), "not followed")])
def test_region_missing_for_ec2(tmp_path, reply, words):
    """Keys of the instance: the fault is a warning, the keys serve."""
    answer = asked(tmp_path, case("", imds=lambda: Metadata(region=reply)))
    assert answer["AccessKeyId"] == "ASIAEC2" and "Region" not in answer
    (warning,) = answer["Warnings"]
    assert words in warning and warning.startswith("no region: ")


def test_region_refused_once(tmp_path):
    answer = asked(tmp_path, case("", imds=lambda: Metadata(
        region=[(401, "expired"), (503, "later"), (200, REGION + "\n")])))
    assert answer["Region"] == REGION


# --- addresses that only a namespace of one's own may have ---

def test_real_addresses(tmp_path):
    """Without an endpoint of somebody's own: the addresses of AWS."""
    helper = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "real_addresses.py")
    got = subprocess.run(
        [sys.executable, "-B", helper, PROGRAM, str(tmp_path)],
        env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False)
    if got.returncode == 77:
        pytest.skip(got.stderr)
    assert (got.returncode, got.stderr) == (0, "")
    found = json.loads(got.stdout)
    assert found["relative"]["answer"]["AccessKeyId"] == "ASIACONTAINER"
    assert found["relative"]["requests"] == ["GET /v2/credentials/an-id?x=1"]
    (warning,) = found["relative"]["answer"]["Warnings"]
    assert RELATIVE in warning and FULL in warning
    for name in ("relative", "relative refused"):
        assert "an-id" not in json.dumps(found[name]["answer"])
    check_words(["169.254.170.2 (%s): answered 403: AccessDenied" % RELATIVE],
                found["relative refused"]["answer"])
    assert found["eks"]["answer"]["AccessKeyId"] == "ASIACONTAINER"
    assert found["eks, IPv6"]["answer"]["AccessKeyId"] == "ASIACONTAINER"
    for name in ("ec2", "ec2, IPv6"):
        assert found[name]["answer"]["AccessKeyId"] == "ASIAEC2"
        assert found[name]["answer"]["Region"] == REGION
    old = found["ec2, expired"]["answer"]
    assert (old["AccessKeyId"], old["Expiration"]) == (
        "ASIAEC2", "2020-01-01T00:00:00Z")
    check_words(["expired at 2020-01-01T00:00:00Z", "as long as AWS takes"],
                old["Warnings"][0])
    for name in ("ec2, nobody", "ec2, another service"):
        check_words(["no credentials: set AWS_ACCESS_KEY_ID",
                     "EC2 metadata service 169.254.169.254/latest/api/token"],
                    found[name]["answer"])
    assert found["region, nobody"]["answer"]["AccessKeyId"] == "AKIDENV"
