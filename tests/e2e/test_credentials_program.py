"""aws-credentials against botocore: the same environment and files must give
the same keys, region and endpoints. Run with /usr/bin/python3 -m pytest; the
build folder is in QUALI_BUILD."""

import json
import os
import subprocess
import sys

import botocore
import pytest

from endpoints import Server, hang

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("QUALI_BUILD",
                                      os.path.join(ROOT, "build")),
                       "aws-credentials")

# Prints what botocore makes of its environment; in a process of its own, since
# botocore reads os.environ in many places.
ORACLE = r"""
import json, sys
import botocore.session
s = botocore.session.Session()
c = s.get_credentials()
out = {"keys": None, "region": s.get_config_variable("region")}
if c is not None:
    f = c.get_frozen_credentials()
    out["keys"] = [f.access_key, f.secret_key, f.token]
out["endpoints"] = {}
for name in ("codepipeline", "s3", "sts"):
    client = s.create_client(name, region_name="eu-west-1",
        aws_access_key_id="a", aws_secret_access_key="b")
    url = client.meta.endpoint_url
    if "amazonaws" not in url:
        out["endpoints"][name] = url
print(json.dumps(out))
"""

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env/secret"}

CREDENTIALS = """
# a comment
[default]
aws_access_key_id = AKIDDEF
aws_secret_access_key = def#secret;1+/=

[other]
aws_access_key_id=AKIDOTHER
aws_secret_access_key=other
aws_session_token = token==
"""

CONFIG = """
[default]
region = us-east-2
[profile other]
region=eu-central-1
endpoint_url = http://127.0.0.1:1
services = local
[profile incfg]
AWS_ACCESS_KEY_ID = AKIDCFG
aws_secret_access_key = cfg
region = eu-north-1
s3 =
    max_concurrent_requests = 20
[profile both]
endpoint_url = http://127.0.0.1:2
aws_access_key_id = AKIDBOTH
aws_secret_access_key = both
[profile ignoring]
ignore_configured_endpoint_urls = true
endpoint_url = http://127.0.0.1:2
aws_access_key_id = AKIDIGN
aws_secret_access_key = ign
[services local]
codepipeline =
  endpoint_url = http://127.0.0.1:3
s3 =
  endpoint_url = http://127.0.0.1:4
[notaprofile]
aws_access_key_id = NO
aws_secret_access_key = NO
"""

# botocore knows configured endpoints since 1.31; Debian 12 has 1.29
ENDPOINTS = {
    "named profile": (3, 4, 1),
    "older name of the variable": (3, 4, 1),
    "environment with AWS_PROFILE": (3, 4, 1),
    "endpoint of a profile": (2, 2, 2),
    "endpoint variable of one service": (2, 8, 2),
    "endpoint variable of all": (9, 9, 9),
    "both endpoint variables": (7, 9, 9),
    "endpoints not ignored by variable": (2, 2, 2),
}

CRLF = CREDENTIALS.replace("\n", "\r\n")

# environment, credentials file, config file
SAME = {
    "environment": (KEYS, None, None),
    "environment with token": (
        dict(KEYS, AWS_SESSION_TOKEN="tok", AWS_DEFAULT_REGION="us-west-2"),
        None, None),
    "environment before files": (KEYS, CREDENTIALS, CONFIG),
    "environment with AWS_PROFILE": (
        dict(KEYS, AWS_PROFILE="other"), CREDENTIALS, CONFIG),
    "default profile": ({}, CREDENTIALS, CONFIG),
    "default profile, no config": ({}, CREDENTIALS, None),
    "line ends CRLF": ({"AWS_PROFILE": "other"}, CRLF, None),
    "named profile": ({"AWS_PROFILE": "other"}, CREDENTIALS, CONFIG),
    "older name of the variable": (
        {"AWS_DEFAULT_PROFILE": "other"}, CREDENTIALS, CONFIG),
    "empty keys are none": (
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        CREDENTIALS, CONFIG),
    "keys in the config file": (
        {"AWS_PROFILE": "incfg"}, CREDENTIALS, CONFIG),
    "endpoint of a profile": ({"AWS_PROFILE": "both"}, None, CONFIG),
    "endpoint variable of one service": (
        {"AWS_PROFILE": "both", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8"},
        None, CONFIG),
    "endpoint variable of all": (
        {"AWS_PROFILE": "other", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        CREDENTIALS, CONFIG),
    "both endpoint variables": (
        dict(KEYS, AWS_ENDPOINT_URL="http://127.0.0.1:9",
             AWS_ENDPOINT_URL_CODEPIPELINE="http://127.0.0.1:7"),
        None, None),
    "endpoints ignored": (
        {"AWS_PROFILE": "other", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE",
         "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, CREDENTIALS, CONFIG),
    "endpoints ignored by profile": (
        {"AWS_PROFILE": "ignoring"}, None, CONFIG),
    "endpoints not ignored by variable": (
        {"AWS_PROFILE": "ignoring",
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, None, CONFIG),
    "config profile with quotes": (
        {"AWS_PROFILE": "two words"}, None,
        '[profile "two words"]\nregion = x-y-1\naws_access_key_id = A\n'
        "aws_secret_access_key = B\n"),
    "[profile default]": (
        {}, None, "[default]\nregion = a-b-1\n[profile default]\n"
        "region = c-d-1\naws_access_key_id = A\naws_secret_access_key = B\n"),
    "[profile default] replaces all of [default]": (
        {}, None, "[default]\naws_session_token = T\nregion = a-b-1\n"
        "[profile default]\naws_access_key_id = A\n"
        "aws_secret_access_key = B\n"),
}

# environment, credentials file, config file, words of the message
REFUSED = {
    "nothing": ({}, None, None, ["no credentials", "AWS_ACCESS_KEY_ID"]),
    "region only": ({}, None, "[default]\nregion = a-b-1\n",
                    ["no credentials"]),
    "half a pair": ({"AWS_ACCESS_KEY_ID": "A"}, CREDENTIALS, CONFIG,
                    ["environment has an access key id but no secret"]),
    "the other half": ({"AWS_SECRET_ACCESS_KEY": "A"}, CREDENTIALS, CONFIG,
                       ["but no access key id"]),
    "half a pair in a file": (
        {}, "[default]\naws_access_key_id = A\n", None,
        ["profile default of", "credentials", "but no secret access key"]),
    "unknown profile": ({"AWS_PROFILE": "missing"}, CREDENTIALS, CONFIG,
                        ["profile missing is neither in", "[profile missing]"]),
    "unknown profile beside keys": (
        dict(KEYS, AWS_PROFILE="missing"), CREDENTIALS, CONFIG,
        ["profile missing is neither in"]),
    "profile without prefix": ({"AWS_PROFILE": "notaprofile"}, None, CONFIG,
                               ["profile notaprofile is neither in"]),
    "file without end of section": (
        {}, "[default\naws_secret_access_key = hidden\n", None,
        ["credentials: line 1:", "']'"]),
    "line without =": (
        {}, "[default]\naws_secret_access_key hidden\n", None,
        ["credentials: line 2:", "'='"]),
    "services section missing": (
        {}, CREDENTIALS, "[default]\nservices = nowhere\n",
        ["[services nowhere]"]),
    "expiry that is no time": (
        dict(KEYS, AWS_CREDENTIAL_EXPIRATION="tomorrow"), None, None,
        ["AWS_CREDENTIAL_EXPIRATION"]),
    "key over two lines": (
        {}, "[default]\naws_access_key_id = A\naws_secret_access_key = hidden"
        "\n  hidden\n", None, ["the secret access key of profile default"]),
    "key with a space": (
        {}, "[default]\naws_access_key_id = A\naws_secret_access_key = hidden"
        " key\n", None, ["the secret access key of profile default"]),
    "key with a space in the environment": (
        dict(KEYS, AWS_SECRET_ACCESS_KEY="hidden key"), None, None,
        ["the secret access key of environment"]),
    "file named but missing": (
        {"AWS_CONFIG_FILE": "/nonexistent/file"}, CREDENTIALS, None,
        ["/nonexistent/file, named by AWS_CONFIG_FILE: No such file"]),
}


def home(tmp_path, credentials, config):
    folder = tmp_path / ".aws"
    folder.mkdir()
    for name, text in (("credentials", credentials), ("config", config)):
        if text is not None:
            (folder / name).write_bytes(text.encode())
            # so that nobody seems to be writing it
            os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    return folder


def environment(tmp_path, extra):
    return dict({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                 "AWS_EC2_METADATA_DISABLED": "true"}, **extra)


def run(env, *options):
    return subprocess.run([PROGRAM, *options], env=env, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize("case", SAME)
def test_as_botocore(tmp_path, case):
    extra, credentials, config = SAME[case]
    home(tmp_path, credentials, config)
    env = environment(tmp_path, extra)
    got = run(env)
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.count("\n") == 1
    answer = json.loads(got.stdout)
    oracle = json.loads(subprocess.run(
        [sys.executable, "-c", ORACLE], env=env, capture_output=True,
        check=True, timeout=60).stdout)
    assert answer["Version"] == 1
    assert [answer["AccessKeyId"], answer["SecretAccessKey"],
            answer.get("SessionToken")] == oracle["keys"]
    assert answer.get("Region") == oracle["region"]
    ports = ENDPOINTS.get(case)
    assert answer["Endpoints"] == ({} if ports is None else dict(zip(
        ("codepipeline", "s3", "sts"),
        ("http://127.0.0.1:%d" % port for port in ports))))
    if tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 31):
        assert answer["Endpoints"] == oracle["endpoints"]
    assert answer["UseFips"] is answer["UseDualstack"] is False


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, case):
    extra, credentials, config, words = REFUSED[case]
    home(tmp_path, credentials, config)
    got = run(environment(tmp_path, extra))
    assert (got.returncode, got.stdout) == (1, "")
    assert got.stderr.startswith("aws-credentials: ")
    assert got.stderr.count("\n") == 1
    for word in words:
        assert word in got.stderr
    for secret in ("hidden", "secret x", "env/secret", "def#secret"):
        assert secret not in got.stderr


def test_options_win(tmp_path):
    folder = home(tmp_path, None, None)
    (folder / "c").write_text(CREDENTIALS)
    (folder / "f").write_text(CONFIG)
    env = environment(tmp_path, dict(KEYS, AWS_REGION="a-b-1",
                                     AWS_PROFILE="missing"))
    got = run(env, "--profile", "other", "--credentials-file",
              str(folder / "c"), "--config-file", str(folder / "f"),
              "--region", "c-d-1")
    answer = json.loads(got.stdout)
    assert answer["AccessKeyId"] == "AKIDOTHER"
    assert answer["Region"] == "c-d-1"
    assert answer["Origin"] == "profile other of %s" % (folder / "c")
    assert answer["Endpoints"] == {"codepipeline": "http://127.0.0.1:3",
                                   "s3": "http://127.0.0.1:4",
                                   "sts": "http://127.0.0.1:1"}


def test_stricter_than_botocore(tmp_path):
    """Rules of the C SDK: comments behind a blank, later properties win."""
    home(tmp_path, "\ufeff[default] ; comment\naws_access_key_id = A # x\n"
         "aws_secret_access_key = a#b;c\t; comment\n[other]\n[default]\n"
         "aws_access_key_id = B\n",
         "[profile default]\nregion = a-b-1\n[default]\nregion = c-d-1\n")
    answer = json.loads(run(environment(tmp_path, {})).stdout)
    assert (answer["AccessKeyId"], answer["SecretAccessKey"],
            answer["Region"]) == ("B", "a#b;c", "a-b-1")


def test_named_file_must_be_there(tmp_path):
    home(tmp_path, CREDENTIALS, CONFIG)
    got = run(environment(tmp_path, {}), "--config-file", "/nonexistent/f")
    assert got.returncode == 1
    assert "/nonexistent/f, named by option: No such file" in got.stderr


@pytest.mark.parametrize("extra,region", [
    ({"AWS_REGION": "a-b-1", "AWS_DEFAULT_REGION": "c-d-1"}, "a-b-1"),
    ({"AWS_DEFAULT_REGION": "c-d-1"}, "c-d-1"),
    ({}, "us-east-2"),
])
def test_region(tmp_path, extra, region):
    home(tmp_path, CREDENTIALS, CONFIG)
    answer = json.loads(run(environment(tmp_path, extra)).stdout)
    assert answer["Region"] == region


@pytest.mark.parametrize("text,wanted", [
    ("2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"),
    ("2026-11-23T13:00:00.123456+00:00", "2026-11-23T13:00:00Z"),
    ("2026-11-23 13:00:00+0130", "2026-11-23T11:30:00Z"),
    ("2026-11-23T13:00:00-08:00", "2026-11-23T21:00:00Z"),
])
def test_expiration(tmp_path, text, wanted):
    answer = json.loads(run(environment(tmp_path, dict(
        KEYS, AWS_CREDENTIAL_EXPIRATION=text))).stdout)
    assert answer["Expiration"] == wanted
    assert answer["Origin"] == "environment"


@pytest.mark.parametrize("extra,config,wanted", [
    ({"AWS_CA_BUNDLE": "/v"}, "ca_bundle = /p", ("/v", False, False)),
    ({}, "ca_bundle = /p\nuse_fips_endpoint = True", ("/p", True, False)),
    ({"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "TRUE"},
     "use_fips_endpoint = true", (None, False, True)),
    ({"AWS_USE_FIPS_ENDPOINT": "1"}, "", (None, False, False)),
])
def test_settings(tmp_path, extra, config, wanted):
    home(tmp_path, CREDENTIALS, "[default]\n" + config + "\n")
    answer = json.loads(run(environment(tmp_path, extra)).stdout)
    assert (answer.get("CaBundle"), answer["UseFips"],
            answer["UseDualstack"]) == wanted


def test_unknown_option(tmp_path):
    got = run(environment(tmp_path, KEYS), "--secret")
    assert (got.returncode, got.stdout) == (1, "")
    assert got.stderr.startswith("aws-credentials: usage: ")


def test_unreadable_answer_end(tmp_path):
    with open("/dev/full", "w") as full:
        got = subprocess.run([PROGRAM], env=environment(tmp_path, KEYS),
                             stdout=full, stderr=subprocess.PIPE, text=True)
    assert got.returncode == 1
    assert "cannot write the answer" in got.stderr


# --- an STS that repeats what it was sent ---

TOKEN = "FwoGZXIvYXdzEBYaD" + 40 * "Ab3+/" + "=="
ERROR = ('<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
         "<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
         "<Message>%s</Message></Error></ErrorResponse>")


@pytest.mark.parametrize("body", [
    ERROR % ("The Canonical String for this request should have been 'POST\n"
             "/\n\nx-amz-security-token:" + TOKEN + "\n'"),
    ERROR % ("x" * 650 + TOKEN), "<html>you sent " + TOKEN],
    ids=["whole", "cut", "page"])
@pytest.mark.parametrize("profile", [
    "source_profile = source", "web_identity_token_file = {home}/token"])
def test_repeated_secrets_are_hidden(tmp_path, body, profile):
    """AWS shows the headers that a signature should cover, the session token
    among them; a proxy may show the whole request."""
    with Server(lambda _: (403, body)) as sts:
        home(tmp_path, "[source]\naws_access_key_id = AKIDSOURCE\n"
             "aws_secret_access_key = s/ource\naws_session_token = %s\n" %
             TOKEN, "[default]\nregion = us-east-2\nrole_arn = "
             "arn:aws:iam::111122223333:role/r\n" + profile.replace(
                 "{home}", str(tmp_path)))
        (tmp_path / "token").write_text(TOKEN + "\n")
        got = run(environment(tmp_path, {"AWS_ENDPOINT_URL_STS": sts.url,
                                         "AWS_MAX_ATTEMPTS": "1"}))
    assert (got.returncode, got.stdout) == (1, "")
    assert TOKEN[:16] not in got.stderr and "role/r" in got.stderr


def test_silent_sts(tmp_path):
    """However many attempts it may make, it gives up before the worker ends
    it, and says who was silent."""
    with Server(lambda _: hang) as sts:
        home(tmp_path, "[source]\naws_access_key_id = AKIDSOURCE\n"
             "aws_secret_access_key = s/ource\n", "[default]\n"
             "region = us-east-2\nsource_profile = source\nrole_arn = "
             "arn:aws:iam::111122223333:role/r\n")
        got = run(environment(tmp_path, {"AWS_ENDPOINT_URL_STS": sts.url,
                                         "AWS_MAX_ATTEMPTS": "10"}))
    assert (got.returncode, got.stdout) == (1, "")
    assert "role/r" in got.stderr
    assert sts.url.partition("//")[2] in got.stderr
