"""Where the services of AWS are, against botocore: names of hosts by its own
rules, URLs and signatures of S3, redirects, and the settings about them."""
import json
import os
import subprocess
import sys

import botocore
import botocore.session
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from test_credentials_program import CREDENTIALS, environment, home, run

REQUESTS = os.path.join(os.environ.get("QUALI_BUILD", "build"),
                        "aws-requests")
KEYS = {"id": "ASIAEXAMPLE", "secret": "a/secret+key", "token": "a/token=="}
WALL = 1795435200       # 2026-11-23 12:00 UTC
BOTH = (False, True)

# Regions, and the suffixes of the partition (aws-contract 1.1): botocore 1.29
# does not know the last four partitions, nor these suffixes of the two before.
PARTITIONS = {
    "aws": (("us-east-1", "us-east-2", "eu-west-1", "ap-southeast-5",
             "il-central-1", "mx-central-1"), "amazonaws.com", "api.aws"),
    "aws-cn": (("cn-north-1", "cn-northwest-1"), "amazonaws.com.cn",
               "api.amazonwebservices.com.cn"),
    "aws-us-gov": (("us-gov-west-1", "us-gov-east-1"), "amazonaws.com",
                   "api.aws"),
    "aws-iso": (("us-iso-east-1", "us-iso-west-1"), "c2s.ic.gov",
                "api.aws.ic.gov"),
    "aws-iso-b": (("us-isob-east-1",), "sc2s.sgov.gov", "api.aws.scloud"),
    "aws-iso-e": (("eu-isoe-west-1",), "cloud.adc-e.uk",
                  "api.cloud-aws.adc-e.uk"),
    "aws-iso-f": (("us-isof-south-1", "us-isof-east-1"), "csp.hci.ic.gov",
                  "api.aws.hci.ic.gov"),
    "aws-eusc": (("eusc-de-east-1",), "amazonaws.eu",
                 "api.amazonwebservices.eu"),
}
REGIONS = [(name, region) for name, rest in PARTITIONS.items()
           for region in rest[0]]
BUCKETS = ("bucket", "codepipeline-us-east-2-123456789012", "a-b", "a.b.c",
           "Up-per", "under_score", "192.168.1.1", "9--9")


def ask(*questions):
    """What aws-requests answers to each."""
    out = subprocess.run([REQUESTS], input="".join(
        json.dumps(q) + "\n" for q in questions), check=True,
        capture_output=True, text=True, env={}, timeout=60).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) == len(questions)
    return answers


# --- the oracle ---

def partitions():
    """botocore's table, with what it does not know yet."""
    table = Loader().load_data("partitions")
    known = {p["id"]: p for p in table["partitions"]}
    for name, (regions, dns, dual) in PARTITIONS.items():
        p = known.get(name)
        if p is None:
            p = {"id": name, "regions": {}, "outputs": {"name": name},
                 "regionRegex": "^(?:%s)$" % "|".join(regions)}
            table["partitions"].append(p)
        elif p["outputs"]["dualStackDnsSuffix"] != dns:
            # what this botocore knows, it knows as we do
            assert (p["outputs"]["dnsSuffix"],
                    p["outputs"]["dualStackDnsSuffix"]) == (dns, dual)
            assert p["outputs"]["supportsFIPS"]
            assert p["outputs"]["supportsDualStack"]
        p["regions"].update({r: {} for r in regions})
        p["outputs"].update(dnsSuffix=dns, dualStackDnsSuffix=dual,
                            supportsFIPS=True, supportsDualStack=True)
    return table


def provider(service):
    return EndpointProvider(Loader().load_service_model(
        service, "endpoint-rule-set-1"), partitions())


def resolve(rules, **parameters):
    """The URL, or None if the rules refuse."""
    try:
        return rules.resolve_endpoint(**parameters).url
    except BotoCoreError:
        return None


def s3_parameters(region, fips, dualstack, bucket):
    return {"Region": region, "UseFIPS": fips, "UseDualStack": dualstack,
            "Bucket": bucket, "Accelerate": False, "ForcePathStyle": False,
            "UseGlobalEndpoint": False, "UseArnRegion": True,
            "DisableMultiRegionAccessPoints": False,
            "UseObjectLambdaEndpoint": False}


class Wire:
    """An S3 client of botocore's whose requests go nowhere. answers: what to
    say to the first ones; the others find the object."""

    def __init__(self, region, fips=False, dualstack=False, endpoint=None,
                 answers=()):
        session = botocore.session.Session()
        session.set_config_variable("credentials_file", "/dev/null")
        session.set_config_variable("config_file", "/dev/null")
        self.sent, self.answers = [], list(answers)
        style = {"us_east_1_regional_endpoint": "regional"}
        if endpoint:
            style["addressing_style"] = "path"
        self.client = session.create_client(
            "s3", region_name=region, aws_access_key_id=KEYS["id"],
            aws_secret_access_key=KEYS["secret"],
            aws_session_token=KEYS["token"], endpoint_url=endpoint,
            config=Config(s3=style, use_fips_endpoint=fips,
                          use_dualstack_endpoint=dualstack,
                          retries={"max_attempts": 0}))
        self.client.meta.events.register("before-send.s3", self.send)

    def send(self, request, **_):
        self.sent.append(request)
        status, headers, body = self.answers.pop(0) if self.answers else \
            (200, {}, b"")

        class Raw:
            @staticmethod
            def stream(*_args, **_kwargs):
                yield body

            @staticmethod
            def read(*_args, **_kwargs):
                return body
        return AWSResponse(request.url, status, headers, Raw())

    def get(self, bucket, key):
        """The last request that it sent, or None if it sends none."""
        try:
            self.client.get_object(Bucket=bucket, Key=key)
        except (BotoCoreError, ClientError) as e:
            print(e)
        return self.sent[-1] if self.sent else None


def signed_by_botocore(answer, region):
    """Whether botocore's signer makes the same signature of the same
    headers."""
    headers = dict(h.split(": ", 1) for h in answer["headers"])
    told = headers.pop("Authorization")
    signed = told.split("SignedHeaders=")[1].split(",")[0].split(";")
    assert set(signed) == {h.lower() for h in headers} | {"host"}
    request = AWSRequest(answer["method"], answer["url"], headers=headers)
    request.context["timestamp"] = headers["X-Amz-Date"]
    auth = S3SigV4Auth(Credentials(KEYS["id"], KEYS["secret"], KEYS["token"]),
                       "s3", region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    assert "/%s/s3/aws4_request," % region in told
    return told.endswith("Signature=" + auth.signature(text, request))


# --- hosts ---

@pytest.mark.parametrize("service", ["codepipeline", "sts"])
def test_hosts(service):
    """Each service in each partition, with FIPS and dual-stack."""
    rules = provider(service)
    more = {"UseGlobalEndpoint": False} if service == "sts" else {}
    cases = [(name, region, fips, dual) for name, region in REGIONS
             for fips in BOTH for dual in BOTH]
    answers = ask(*({"service": service, "region": region, "fips": fips,
                     "dualstack": dual} for _, region, fips, dual in cases))
    for (name, region, fips, dual), answer in zip(cases, answers):
        wanted = resolve(rules, Region=region, UseFIPS=fips,
                         UseDualStack=dual, **more)
        if name == "aws-cn" and fips:
            # the rules make a name; there are no FIPS endpoints in China
            assert answer["kind"] == "ConfigurationError"
            assert region in answer["error"]
            assert "AWS_USE_FIPS_ENDPOINT" in answer["error"]
        else:
            assert answer == {"url": wanted}


def test_hosts_of_s3():
    """The same with a bucket in the host name or in the path; what the rules
    refuse is refused."""
    rules = provider("s3")
    cases = [(region, fips, dual, bucket) for _, region in REGIONS
             for fips in BOTH for dual in BOTH for bucket in BUCKETS]
    answers = ask(*(dict(KEYS, service="s3", wall=WALL, region=region,
                         fips=fips, dualstack=dual, bucket=bucket, key="k")
                    for region, fips, dual, bucket in cases))
    refused = 0
    for case, answer in zip(cases, answers):
        wanted = resolve(rules, **s3_parameters(*case))
        if wanted is None:
            refused += 1
            assert answer["kind"] == "ConfigurationError", case
            assert "AWS_USE_FIPS_ENDPOINT" in answer["error"]
        else:
            assert answer["url"] == wanted + "/k", case
            assert signed_by_botocore(answer, case[0]), case
    assert 0 < refused < len(cases) / 2


def test_refusals_name_what_to_change():
    """FIPS or dual-stack with a configured URL, as botocore's rules refuse
    them."""
    for service in ("codepipeline", "s3", "sts"):
        for fips, dual, word in ((True, False, "AWS_USE_FIPS_ENDPOINT"),
                                 (False, True, "use_dualstack_endpoint"),
                                 (True, True, "use_fips_endpoint")):
            (answer,) = ask({"service": service, "region": "us-east-1",
                             "endpoint": "https://vpce.example",
                             "fips": fips, "dualstack": dual})
            assert answer["kind"] == "ConfigurationError"
            assert service in answer["error"] and word in answer["error"]
            assert "AWS_ENDPOINT_URL" in answer["error"]
            assert "vpce" not in answer["error"]
            more = {"UseGlobalEndpoint": False} if service == "sts" else {}
            if service == "s3":
                more = s3_parameters("us-east-1", fips, dual, "bucket")
            assert resolve(provider(service), **dict(
                more, Region="us-east-1", UseFIPS=fips, UseDualStack=dual,
                Endpoint="https://vpce.example")) is None


# --- requests to S3 ---

@pytest.mark.parametrize("key", [
    "My Pipe/App+Out/a b=\xfc&~(1)!*':@$,.zip", "a/./b//../c", "/k", "100%25"])
def test_request_of_the_client(key):
    """What botocore's own client sends: the same URL, and its signer agrees
    with our signature."""
    for bucket in ("bucket", "a.b.c", "Up_per"):
        for more in ({}, {"dualstack": True},
                     {"endpoint": "https://s3.example:8443/base"},
                     {"endpoint": "http://127.0.0.1:9000"}):
            sent = Wire("us-east-1", **more).get(bucket, key)
            (answer,) = ask(dict(KEYS, service="s3", region="us-east-1",
                                 wall=WALL, bucket=bucket, key=key, **more))
            assert answer["url"] == sent.url
            assert signed_by_botocore(answer, "us-east-1")


def test_upload_of_the_client():
    """A PUT goes to the same URL."""
    wire = Wire("eu-west-1")
    wire.client.put_object(Bucket="bucket", Key="a/b", Body=b"zip")
    (answer,) = ask(dict(KEYS, service="s3", region="eu-west-1", wall=WALL,
                         bucket="bucket", key="a/b", body="zip"))
    assert (answer["method"], answer["url"]) == ("PUT", wire.sent[0].url)
    assert signed_by_botocore(answer, "eu-west-1")


XML = "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>m</Message>" \
      "%s</Error>"
REDIRECTS = {
    "301 with header": (301, "eu-west-1", XML % ("PermanentRedirect", "")),
    "301 with body": (301, None, XML % (
        "PermanentRedirect", "<Region>eu-west-1</Region>")),
    "307 with header": (307, "eu-west-1", XML % ("TemporaryRedirect", "")),
    "302 with header": (302, "eu-west-1", XML % ("Redirect", "")),
    "400 with body": (400, None, XML % (
        "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
    "400 with both": (400, "eu-west-1", XML % (
        "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
}


@pytest.mark.parametrize("case", REDIRECTS)
@pytest.mark.parametrize("more", [
    {}, {"dualstack": True}, {"endpoint": "https://s3.example"}],
    ids=["plain", "dual-stack", "custom"])
def test_redirect(case, more):
    """After S3's redirect the request goes where botocore's goes, signed for
    the same region. bucket a.b.c: in the path."""
    status, header, body = REDIRECTS[case]
    headers = {"x-amz-bucket-region": header} if header else {}
    for bucket in ("bucket", "a.b.c"):
        wire = Wire("us-east-2", answers=[(status, headers, body.encode())],
                    **more)
        sent = wire.get(bucket, "k")
        assert len(wire.sent) == 2
        (answer,) = ask(dict(
            KEYS, service="s3", region="us-east-2", wall=WALL, bucket=bucket,
            key="k", answer={
                "status": status, "body": body,
                "headers": "HTTP/1.1 %d X\r\n%s\r\n" % (status, "".join(
                    "%s: %s\r\n" % pair for pair in headers.items()))},
            **more))
        assert answer["url"] == sent.url
        assert signed_by_botocore(answer, "eu-west-1")
        assert "/eu-west-1/s3/" in sent.headers["Authorization"].decode()


@pytest.mark.parametrize("region", [
    "cn-north-1", "us-gov-west-1", "EU", "", "x.evil.example",
    "eu-west-1/../x", "a" * 40])
def test_redirect_to_nowhere(region):
    """To another partition, or to what is no region, nobody is sent."""
    (answer,) = ask(dict(
        KEYS, service="s3", region="us-east-2", wall=WALL, bucket="bucket",
        key="k", answer={
            "status": 301, "body": XML % (
                "PermanentRedirect", "<Region>%s</Region>" % region),
            "headers": "HTTP/1.1 301 X\r\nx-amz-bucket-region: %s\r\n\r\n" %
                       region}))
    assert answer == {"error": "no redirect"}


# --- settings ---

@pytest.mark.parametrize("extra,config,attempts,app,words", [
    ({}, "", None, None, []),
    ({"AWS_MAX_ATTEMPTS": "5"}, "max_attempts = 7", 5, None, []),
    ({}, "max_attempts = 7\nretry_mode = Standard", 7, None, []),
    ({"AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "adaptive"}, "", 1, None,
     []),
    ({"AWS_RETRY_MODE": "legacy"}, "retry_mode = quick", None, None, []),
    ({"AWS_MAX_ATTEMPTS": "0"}, "", None, None,
     ["AWS_MAX_ATTEMPTS or max_attempts is not a whole number"]),
    ({}, "max_attempts = many\nretry_mode = quick", None, None,
     ["max_attempts is not", "AWS_RETRY_MODE or retry_mode is none of"]),
    ({}, "sdk_ua_app_id = lab", None, "lab", []),
    ({"AWS_SDK_UA_APP_ID": "one"}, "sdk_ua_app_id = lab", None, "one", []),
    ({"AWS_SDK_UA_APP_ID": "x" * 50}, "", None, "x" * 50, []),
    ({"AWS_SDK_UA_APP_ID": "x" * 51}, "", None, "x" * 51,
     ["AWS_SDK_UA_APP_ID or sdk_ua_app_id is longer than 50"]),
])
def test_how_calls_are_made(tmp_path, extra, config, attempts, app, words):
    home(tmp_path, CREDENTIALS, "[default]\n" + config + "\n")
    answer = json.loads(run(environment(tmp_path, extra)).stdout)
    assert (answer.get("MaxAttempts"), answer.get("AppId")) == (attempts, app)
    assert len(answer["Warnings"]) == len(words)
    for warning, word in zip(answer["Warnings"], words):
        assert word in warning


# environment, config file, and the ports that botocore since 1.31 takes for
# (codepipeline, s3, sts); 0: none is configured
ENDPOINT_CASES = {
    "a service's variable before the general one": (
        {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:7",
         "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "", (9, 9, 7)),
    "the general variable before the services section": (
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        "services = s\n[services s]\nsts =\n  endpoint_url = "
        "http://127.0.0.1:5\n", (9, 9, 9)),
    "the services section before the profile": (
        {}, "endpoint_url = http://127.0.0.1:2\nservices = s\n[services s]\n"
        "sts =\n  endpoint_url = http://127.0.0.1:5\n", (2, 2, 5)),
    "one service only": (
        {}, "services = s\n[services s]\ns3 =\n  endpoint_url = "
        "http://127.0.0.1:5\n  addressing_style = path\n", (0, 5, 0)),
    "empty variables": (
        {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": ""},
        "endpoint_url = http://127.0.0.1:2\n", (2, 2, 2)),
    "ignored by variable": (
        {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8",
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        "endpoint_url = http://127.0.0.1:2\n", (0, 0, 0)),
    "ignored by profile": (
        {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8"},
        "ignore_configured_endpoint_urls = True\n", (0, 0, 0)),
    "not ignored by another word": (
        {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8",
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "1"}, "", (0, 8, 0)),
    "another service's section": (
        {}, "services = s\n[services s]\ndynamodb =\n  endpoint_url = "
        "http://127.0.0.1:5\n", (0, 0, 0)),
}

ENDPOINT_ORACLE = r"""
import json
import botocore.session
s = botocore.session.Session()
out = {}
for name in ("codepipeline", "s3", "sts"):
    url = s.create_client(name, region_name="eu-west-1").meta.endpoint_url
    if "amazonaws" not in url:
        out[name] = url
print(json.dumps(out))
"""


@pytest.mark.parametrize("case", ENDPOINT_CASES)
def test_endpoints(tmp_path, case):
    """The ports are those of the SDKs' order (aws-contract 6); a botocore
    that knows configured endpoints must agree. Debian 12's does not."""
    extra, config, ports = ENDPOINT_CASES[case]
    home(tmp_path, CREDENTIALS, "[default]\n" + config)
    env = environment(tmp_path, extra)
    answer = json.loads(run(env).stdout)
    assert answer["Endpoints"] == {
        name: "http://127.0.0.1:%d" % port
        for name, port in zip(("codepipeline", "s3", "sts"), ports) if port}
    if tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 31):
        assert answer["Endpoints"] == json.loads(subprocess.run(
            [sys.executable, "-c", ENDPOINT_ORACLE], env=env, check=True,
            capture_output=True, timeout=60).stdout)
