"""The provider chain of aws-credentials beside botocore's own resolver: a
table, and generated profiles.

QUALI_PROFILES: how many of those (make check: 200; make profiles: 2,000).
QUALI_SEED: a number, others make other profiles.
"""
import json
import os
import random

import botocore
import pytest

import resolver
from resolver import Botocore, Place, ours, theirs

PROFILES = int(os.environ.get("QUALI_PROFILES", "200"))
SEED = int(os.environ.get("QUALI_SEED", "8"))
GROUPS = 4          # of generated profiles, for several processors
BOTOCORE = tuple(map(int, botocore.__version__.split(".")[:2]))
KEYS = {"aws_access_key_id": "AKIASTATIC", "aws_secret_access_key": "s/tatic"}
MORE = {"aws_access_key_id": "AKIAMORE", "aws_secret_access_key": "m/ore"}
ENV = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "e/nv"}
ROLES = "arn:aws:iam::111122223333:role/"
STS = "arn:aws:sts::111122223333:assumed-role/"
WEB = {"web_identity_token_file": "{token}", "role_arn": ROLES + "sim-web"}
WEB_ENV = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{token}",
           "AWS_ROLE_ARN": ROLES + "sim-web"}
BOX = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{container}/v1/credentials",
       "AWS_CONTAINER_AUTHORIZATION_TOKEN": "sim-container-token"}
EC2 = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{imds}",
       "AWS_EC2_METADATA_DISABLED": None}
SSO = {"sso_account_id": "111122223333", "sso_role_name": "r",
       "sso_region": "us-east-2", "sso_start_url": "https://sso.invalid"}
PRINTED = {"Version": 1, "AccessKeyId": "AKIAPROC",
           "SecretAccessKey": "p/roc", "SessionToken": "proc-token",
           "Expiration": "2200-01-01T00:00:00Z"}
EXTRA = {"AKIASTATIC": "s/tatic", "AKIAMORE": "m/ore", "AKIAENV": "e/nv",
         "AKIAPROC": "p/roc"}
SECRETS = [*EXTRA.values(), "proc-token", resolver.TOKEN, "hidden",
           "sim-container-token"]


def static(keys):
    return (keys["aws_access_key_id"], keys["aws_secret_access_key"],
            keys.get("aws_session_token"))


AS_ENV = (ENV["AWS_ACCESS_KEY_ID"], ENV["AWS_SECRET_ACCESS_KEY"], None)
AS_STATIC, AS_MORE = static(KEYS), static(MORE)
AS_PROC = ("AKIAPROC", "p/roc", "proc-token")


def role(name="sim-worker", **more):
    return dict({"role_arn": ROLES + name}, **more)


def prints(**changes):
    """A credential_process that prints PRINTED with changes."""
    answer = dict(PRINTED, **changes)
    return {"credential_process": "/bin/echo '%s'" % json.dumps(
        {k: v for k, v in answer.items() if v is not None})}


def case(config, finds, *words, credentials=None, env=None, botocore_is=None,
         warns=(), account=None):
    """finds: who the keys belong to, or None: an error with words in it.
    botocore_is: None: the same, else why not."""
    return {"config": config, "credentials": credentials, "env": env or {},
            "finds": finds, "words": words, "why": botocore_is,
            "warns": warns, "account": account}


ORDER = "the order is that of aws-2026 1.9, as the C SDK has it"
MERGED = "keys of both files are merged (aws-2026 1.9)"
OLD = "botocore 1.29 does not know it"
STRICT = "it ignores what it cannot read, or does not check it"
BOTH = {"default": KEYS}

CASES = {
    # --- static keys ---
    "keys": case({"default": KEYS}, AS_STATIC),
    "keys in the credentials file": case(None, AS_STATIC, credentials=BOTH),
    "credentials file first": case(
        {"default": KEYS}, AS_MORE, credentials={"default": MORE}),
    "a key from each file": case(
        {"default": {"aws_secret_access_key": "s/tatic"}}, AS_STATIC,
        credentials={"default": {"aws_access_key_id": "AKIASTATIC"}},
        botocore_is=MERGED, warns=["keep them in one file"]),
    "a token in the other file": case(
        {"default": {"aws_session_token": "T"}}, AS_STATIC[:2] + ("T",),
        credentials=BOTH, botocore_is=MERGED,
        warns=["keep them in one file"]),
    "account of a profile": case(
        {"default": dict(KEYS, aws_account_id="123456789012")}, AS_STATIC,
        account="123456789012"),
    "account of the environment": case(
        None, AS_ENV, env=dict(ENV, AWS_ACCOUNT_ID="123456789012"),
        account="123456789012"),
    "id without key": case(
        {"default": {"aws_access_key_id": "A"}}, None,
        "no secret access key: set both"),
    "key without id": case(
        {"default": {"aws_secret_access_key": "hidden"}}, None,
        "no access key id: set both"),
    "environment before all": case(
        {"default": role(source_profile="s"), "s": KEYS}, AS_ENV,
        env=dict(ENV, **BOX)),
    "half of the environment": case(
        {"default": KEYS}, None, "no secret access key",
        env={"AWS_ACCESS_KEY_ID": "A"}),
    "AWS_PROFILE": case({"default": KEYS, "p": MORE}, AS_MORE,
                        env={"AWS_PROFILE": "p"}),
    "AWS_DEFAULT_PROFILE": case({"default": KEYS, "p": MORE}, AS_MORE,
                                env={"AWS_DEFAULT_PROFILE": "p"}),
    "both variables of the profile": case(
        {"a": KEYS, "b": MORE}, AS_STATIC,
        env={"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
        botocore_is="botocore reads them the other way round, AWS's command "
        "line as here (aws-2026 1.9)", warns=["AWS_PROFILE and"]),
    "profile that is not there": case(
        {"default": KEYS}, None, "profile p is neither in",
        env={"AWS_PROFILE": "p"}),
    # --- roles ---
    "role": case({"default": role(source_profile="s"), "s": KEYS},
                 STS + "sim-worker", account="111122223333"),
    "role with all it can have": case(
        {"default": role("sim-external", source_profile="s",
                         external_id="sim-external-id",
                         duration_seconds="900", role_session_name="me@x"),
         "s": KEYS}, STS + "sim-external/me@x"),
    "role of a source in the credentials file": case(
        {"default": role(source_profile="s")}, STS + "sim-worker",
        credentials={"s": KEYS}),
    "role_arn in the credentials file": case(
        None, STS + "sim-worker",
        credentials={"default": role(source_profile="s"), "s": KEYS}),
    "role by itself": case(
        {"default": dict(KEYS, **role(source_profile="default"))},
        STS + "sim-worker"),
    "role by itself without keys": case(
        {"default": role(source_profile="default")}, None,
        "names itself as source_profile, but has no aws_access_key_id"),
    "chain": case(
        {"default": role("sim-chained", source_profile="a"),
         "a": role(source_profile="b"), "b": KEYS}, STS + "sim-chained"),
    "chain of three": case(
        {"default": role("sim-chained", source_profile="a"),
         "a": role(source_profile="b"),
         "b": role(source_profile="c", role_session_name="third"),
         "c": KEYS}, STS + "sim-chained"),
    "chain in which one may not": case(
        {"default": role("sim-chained", source_profile="b"), "b": KEYS}, None,
        "role " + ROLES + "sim-chained, assumed by profile default of",
        "AccessDenied", "trust policy"),
    "loop of two": case(
        {"default": role(source_profile="a"), "a": role(
            source_profile="default")}, None,
        "says source_profile = default, which leads back to it"),
    "loop of three": case(
        {"default": role(source_profile="a"), "a": role(source_profile="b"),
         "b": role(source_profile="a")}, None, "which leads back to it"),
    "loop back to keys": case(
        {"default": dict(KEYS, **role(source_profile="a")),
         "a": role(source_profile="default")}, None,
        "which leads back to it"),
    "endless chain": case(
        dict({"default": role(source_profile="p0")},
             **{"p%d" % i: role(source_profile="p%d" % (i + 1))
                for i in range(9)}, p9=KEYS), None, "that is too long",
        botocore_is="it follows any number"),
    "keys before the role of a source": case(
        {"default": role(source_profile="a"),
         "a": dict(KEYS, **role("sim-chained", source_profile="b"))},
        STS + "sim-worker", warns=["aws_access_key_id counts",
                                   "ignored: role_arn"]),
    "role before keys": case(
        {"default": dict(KEYS, **role(source_profile="s")), "s": MORE},
        STS + "sim-worker", warns=["role_arn counts",
                                   "ignored: aws_access_key_id"]),
    "role before keys of the credentials file": case(
        {"default": role(source_profile="s"), "s": MORE},
        STS + "sim-worker", credentials=BOTH, warns=["role_arn counts"]),
    "role without source": case(
        {"default": role()}, None, "needs source_profile or"),
    "role without source beside keys": case(
        {"default": dict(KEYS, **role())}, None,
        "needs source_profile or"),
    "both sources": case(
        {"default": role(source_profile="s", credential_source="Environment"),
         "s": KEYS}, None, "source_profile and credential_source are both"),
    "source that is not there": case(
        {"default": role(source_profile="s")}, None,
        "source_profile = s, but that is neither in"),
    "source without credentials": case(
        {"default": role(source_profile="s"), "s": {"region": "a-b-1"}}, None,
        "profile s, the source_profile of profile default, holds no"),
    "source with half a pair": case(
        {"default": role(source_profile="s"),
         "s": {"aws_access_key_id": "A"}}, None, "no secret access key"),
    "source by process": case(
        {"default": role(source_profile="s"), "s": prints(SessionToken=None)},
        STS + "sim-worker"),
    "source by web identity": case(
        {"default": role(source_profile="s"), "s": WEB}, STS + "sim-worker"),
    "source by single sign-on": case(
        {"default": role(source_profile="s"), "s": SSO}, None,
        "--profile s --format process"),
    "environment before a role whose source it is": case(
        {"p": role(credential_source="Environment")}, AS_ENV,
        env=dict(ENV, AWS_PROFILE="p")),
    "source Environment without variables": case(
        {"default": role(credential_source="Environment")}, None,
        "credential_source = Environment, which has no credentials: "
        "AWS_ACCESS_KEY_ID and"),
    "source EcsContainer": case(
        {"default": role(credential_source="EcsContainer")},
        STS + "sim-worker", env=BOX),
    "source EcsContainer without variables": case(
        {"default": role(credential_source="EcsContainer")}, None,
        "credential_source = EcsContainer, which has no credentials: "
        "neither AWS_CONTAINER_"),
    "source Ec2InstanceMetadata": case(
        {"default": role(credential_source="Ec2InstanceMetadata")},
        STS + "sim-worker", env=EC2),
    "source in another case": case(
        {"default": role(credential_source="ec2instancemetadata")}, None,
        "credential_source is none of", env=EC2),
    "source of another name": case(
        {"default": role(credential_source="Lambda")}, None,
        "credential_source is none of"),
    "role with MFA": case(
        {"default": role(source_profile="s", mfa_serial="arn:aws:iam::1:m"),
         "s": KEYS}, None, "mfa_serial is set, but nobody is there"),
    "role that nobody may assume": case(
        {"default": role("other", source_profile="s"), "s": KEYS}, None,
        "AccessDenied"),
    "role with a wrong external id": case(
        {"default": role("sim-external", source_profile="s",
                         external_id="other"), "s": KEYS}, None,
        "AccessDenied"),
    "external id with a blank": case(
        {"default": role("sim-external", source_profile="s",
                         external_id="a b"), "s": KEYS}, None,
        "external_id must have"),
    "no ARN": case({"default": {"role_arn": "worker", "source_profile": "s"},
                    "s": KEYS}, None, "role_arn is not the ARN of a role"),
    "too short a session": case(
        {"default": role(source_profile="s", duration_seconds="60"),
         "s": KEYS}, None, "duration_seconds must be a number between"),
    "too long a session": case(
        {"default": role(source_profile="s", duration_seconds="43201"),
         "s": KEYS}, None, "duration_seconds must be a number between"),
    "longer than the role allows": case(
        {"default": role(source_profile="s", duration_seconds="7200"),
         "s": KEYS}, None, "ValidationError"),
    "session of words": case(
        {"default": role(source_profile="s", duration_seconds="an hour"),
         "s": KEYS}, None, "duration_seconds must be a number",
        botocore_is=STRICT),
    "name of a session with a blank": case(
        {"default": role(source_profile="s", role_session_name="a b"),
         "s": KEYS}, None, "role_session_name must have"),
    "source with unknown keys": case(
        {"default": role(source_profile="s"),
         "s": dict(KEYS, aws_access_key_id="AKIANOBODY")}, None,
        "InvalidClientTokenId"),
    # --- web identity ---
    "web identity": case({"default": WEB}, STS + "sim-web",
                         account="111122223333"),
    "web identity with a session's name": case(
        {"default": dict(WEB, role_session_name="pod")},
        STS + "sim-web/pod"),
    "web identity of the environment": case(
        None, STS + "sim-web/pod",
        env=dict(WEB_ENV, AWS_ROLE_SESSION_NAME="pod")),
    "web identity of the environment before the container": case(
        None, STS + "sim-web", env=dict(WEB_ENV, **BOX)),
    "profile before web identity of the environment": case(
        {"default": KEYS}, AS_STATIC, env=WEB_ENV, botocore_is=ORDER),
    "process before web identity of the environment": case(
        {"default": prints()}, AS_PROC, env=WEB_ENV, botocore_is=ORDER),
    "web identity beside keys": case(
        {"default": dict(KEYS, **WEB)}, STS + "sim-web",
        warns=["web_identity_token_file counts",
               "ignored: aws_access_key_id"]),
    "web identity beside a source": case(
        {"default": dict(WEB, source_profile="s", external_id="sim-external-id",
                         role_arn=ROLES + "sim-external"), "s": KEYS},
        STS + "sim-external", botocore_is=ORDER,
        warns=["role_arn counts", "ignored: web_identity_token_file"]),
    "web identity without a role": case(
        {"default": {"web_identity_token_file": "{token}"}}, None,
        "web_identity_token_file but no role_arn"),
    "web identity without a role beside keys": case(
        {"default": dict(KEYS, web_identity_token_file="{token}")}, AS_STATIC,
        botocore_is=ORDER, warns=["aws_access_key_id counts"]),
    "web identity of the environment without a role": case(
        None, None, "but AWS_ROLE_ARN is not",
        env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{token}"}),
    "token with line ends": case(
        {"default": dict(WEB, web_identity_token_file="{home}/lines")},
        STS + "sim-web", botocore_is="it sends them, and STS refuses that"),
    "token that is not there": case(
        {"default": dict(WEB, web_identity_token_file="{home}/no")}, None,
        "cannot read the token in", "/no, named by web_identity_token_file"),
    "token that is wrong": case(
        {"default": dict(WEB, web_identity_token_file="{home}/wrong")}, None,
        "InvalidIdentityToken", "renews the token"),
    "token that is too short": case(
        {"default": dict(WEB, web_identity_token_file="{home}/short")}, None,
        "4 to 20000 characters", "it has 3 bytes"),
    "token that is too long": case(
        {"default": dict(WEB, web_identity_token_file="{home}/long")}, None,
        "the token in"),
    # --- processes ---
    "process": case({"default": prints()}, AS_PROC),
    "process with quotes": case(
        {"default": {"credential_process": '/bin/sh -c "cat \\"$0\\"" '
                     "'{home}/a \\ b'"}}, AS_PROC),
    "process looked for in PATH": case(
        {"default": {"credential_process": "cat {home}/a\\ \\\\\\ b"}},
        AS_PROC),
    "process without Expiration": case(
        {"default": prints(Expiration=None)}, AS_PROC),
    "process without token": case(
        {"default": prints(SessionToken=None)}, AS_PROC[:2] + (None,)),
    "process with an account": case(
        {"default": prints(AccountId="123456789012")}, AS_PROC,
        account="123456789012"),
    "process beside an account": case(
        {"default": dict(prints(), aws_account_id="123456789012")}, AS_PROC,
        account="123456789012"),
    "process with keys in another case": case(
        {"default": {"credential_process": "/bin/echo '%s'" % json.dumps(
            {k.lower(): v for k, v in PRINTED.items()})}}, AS_PROC,
        botocore_is="keys match without regard to case (aws-2026 1.6)"),
    "keys before process": case(
        {"default": prints()}, AS_STATIC, credentials=BOTH,
        warns=["aws_access_key_id counts", "ignored: credential_process"]),
    "keys of the config file before process": case(
        {"default": dict(KEYS, **prints())}, AS_STATIC, botocore_is=ORDER,
        warns=["ignored: credential_process"]),
    "role before process": case(
        {"default": dict(role(source_profile="s"), **prints()), "s": KEYS},
        STS + "sim-worker", warns=["ignored: credential_process"]),
    "process before single sign-on": case(
        {"default": dict(SSO, **prints())}, AS_PROC, warns=["sso_account_id"],
        botocore_is="ours does without single sign-on, so what stands beside "
        "it is what is meant"),
    "process of another version": case(
        {"default": prints(Version=2)}, None, "Version is not the number 1"),
    "process with a version in words": case(
        {"default": prints(Version="1")}, None,
        "Version is not the number 1"),
    "process without a version": case(
        {"default": prints(Version=None)}, None,
        "Version is not the number 1"),
    "process without a key": case(
        {"default": prints(SecretAccessKey=None)}, None,
        "JSON without SecretAccessKey"),
    "process with an empty key": case(
        {"default": prints(SecretAccessKey="")}, None,
        "JSON without SecretAccessKey", botocore_is=STRICT),
    "process with old keys": case(
        {"default": prints(Expiration="2020-01-01T00:00:00Z")}, None,
        "whose Expiration has passed"),
    "process with a strange Expiration": case(
        {"default": prints(Expiration="soon")}, None,
        "Expiration that is not a time"),
    "process that fails": case(
        {"default": {"credential_process": "/bin/sh -c 'echo bad >&2; echo "
                     "key=hidden >&2; exit 3'"}}, None,
        "credential_process of profile default of", "/bin/sh ended with "
        "status 3", "It said: bad key=***"),
    "process that repeats its arguments": case(
        {"default": {"credential_process": "/bin/sh -c 'echo wrong: $* >&2; "
                     "exit 2' - --pw hidden --file=/etc/x"}}, None,
        "It said: wrong: --pw *** --file=/etc/x"),
    "process that prints no JSON": case(
        {"default": {"credential_process": "/bin/echo hidden"}}, None,
        "/bin/echo printed no JSON: line 1, column"),
    "process that prints a list": case(
        {"default": {"credential_process": "/bin/echo '[\"hidden\"]'"}}, None,
        "printed JSON that is no object"),
    "process that prints nothing": case(
        {"default": {"credential_process": "/bin/true hidden"}}, None,
        "/bin/true printed nothing"),
    "process that is not there": case(
        {"default": {"credential_process": "{home}/none hidden"}}, None,
        "/none cannot be run: No such file"),
    "process with an open quote": case(
        {"default": {"credential_process": "/bin/echo 'hidden"}}, None,
        "has a quote or backslash without its counterpart"),
    # --- what is not for a service ---
    "single sign-on": case({"default": SSO}, None, "is for people",
                           "--profile default --format process"),
    "keys before single sign-on": case(
        {"default": SSO}, AS_STATIC, credentials=BOTH,
        botocore_is=ORDER, warns=["sso_account_id"]),
    "login session": case(
        {"default": {"login_session": "arn:aws:iam::1:user/x"}}, None,
        "a login session is for people, a service cannot renew it",
        "credential_process = aws configure export-credentials --profile "
        "default --format process"),
    "keys before a login session": case(
        {"default": dict(KEYS, login_session="arn:aws:iam::1:user/x")},
        AS_STATIC, warns=["login_session"]),
    # --- others ---
    "container": case(None, STS + "sim-worker/sim-task", env=BOX),
    "profile before container": case({"default": KEYS}, AS_STATIC, env=BOX),
    "process before container": case({"default": prints()}, AS_PROC,
                                     env=BOX),
    "profile that fails before container": case(
        {"default": role(source_profile="s")}, None, "source_profile = s",
        env=BOX),
    "EC2": case({"default": {"region": "us-west-1"}},
                STS + "sim-worker/i-0123456789abcdef0", env=EC2),
    "no credentials": case({"default": {"region": "us-west-1"}}, None,
                           "no credentials: set AWS_ACCESS_KEY_ID"),
    "value of sts_regional_endpoints": case(
        {"default": role(source_profile="s"), "s": KEYS}, None,
        "neither regional nor legacy",
        env={"AWS_STS_REGIONAL_ENDPOINTS": "global"}),
    "broken file": case("[default\naws_secret_access_key = hidden\n", None,
                        "config: line 1: no ']'"),
    "broken line": case("[default]\nhidden\n", None,
                        "config: line 2: no '='"),
}


@pytest.fixture(name="simulator", scope="module")
def fixture_simulator(make_session_sim):
    sim = make_session_sim()
    sim.settings(codepipeline={"extra_workers": EXTRA})
    return sim


@pytest.fixture(name="botocore_", scope="module")
def fixture_botocore():
    process = Botocore()
    yield process
    process.stop()


def place_of(tmp_path, sim):
    place = Place(tmp_path, sim)
    (tmp_path / "wrong").write_text("wrong-token")
    (tmp_path / "lines").write_text(resolver.TOKEN + "\r\n\n")
    (tmp_path / "short").write_text("abc\r\n\n")
    (tmp_path / "long").write_text("x" * 20001)
    for name in ("a \\ b", "a \\\\ b"):
        (tmp_path / name).write_text(json.dumps(PRINTED))
    return place


@pytest.mark.parametrize("name", CASES)
def test_table(tmp_path, simulator, botocore_, name):
    c = CASES[name]
    place = place_of(tmp_path, simulator)
    place.write(c["credentials"], c["config"])
    env = place.with_env(c["env"])
    found, asked, answer = ours(place, env)
    assert found == c["finds"], answer
    if found is None:
        for word in c["words"]:
            assert word in answer
        for secret in SECRETS:
            assert secret not in answer
    else:
        warnings = " / ".join(answer["Warnings"])
        for word in c["warns"]:
            assert word in warnings
        assert bool(answer["Warnings"]) == bool(c["warns"]), warnings
        if c["account"]:
            assert answer["AccountId"] == c["account"]
    they, they_asked, why = theirs(place, botocore_, env)
    if c["why"] is None:
        assert found == they, why
        if found is not None:
            assert asked == they_asked
    elif BOTOCORE < (1, 32):
        assert found != they, "the reason has gone: %s" % c["why"]


def test_table_is_balanced():
    wrong = sum(c["finds"] is None for c in CASES.values())
    assert len(CASES) >= 60 and 0.4 <= wrong / len(CASES) <= 0.6, \
        (len(CASES), wrong)


# --- generated profiles ---

NAMES = ["default", "a", "b", "c", "d"]


def maybe(rng, chance, value):
    return value() if rng.random() < chance else {}


def some_role(rng):
    keys = {"role_arn": ROLES + rng.choice(["sim-worker"] * 5 + [
        "sim-chained", "sim-external", "other"])}
    if rng.random() < 0.03:
        keys["role_arn"] = "worker"
    keys.update(maybe(rng, 0.75, lambda: {
        "source_profile": rng.choice(NAMES + ["missing"])}))
    keys.update(maybe(rng, 0.15 if "source_profile" in keys else 0.7,
                      lambda: {"credential_source": rng.choice(
                          ["Environment", "EcsContainer", "ecscontainer",
                           "Else"])}))
    keys.update(maybe(rng, 0.3, lambda: {"external_id": rng.choice(
        ["sim-external-id", "x", "a b", "other-id"])}))
    keys.update(maybe(rng, 0.3, lambda: {"duration_seconds": rng.choice(
        ["900", "3600", "60", "7200", "50000"])}))
    keys.update(maybe(rng, 0.4, lambda: {"role_session_name": rng.choice(
        ["me", "a=b,c.d@e", "a b", "x"])}))
    keys.update(maybe(rng, 0.03, lambda: {
        "mfa_serial": "arn:aws:iam::111122223333:mfa/x"}))
    return keys


def some_web(rng):
    return {"web_identity_token_file": "{home}/" + rng.choice(
        ["token"] * 5 + ["missing", "wrong"])}


def some_process(rng):
    return rng.choice([prints()] * 5 + [
        prints(SessionToken=None), prints(Expiration=None),
        prints(Version=2), prints(AccessKeyId=None),
        prints(Expiration="2020-01-01T00:00:00Z"),
        {"credential_process": "/bin/false"},
        {"credential_process": "/bin/echo 'x"},
        {"credential_process": "/nonexistent/x"}])


def some_static(rng):
    keys = dict(rng.choice([KEYS, MORE]))
    if rng.random() < 0.08:
        del keys["aws_secret_access_key"]
    elif rng.random() < 0.15:
        keys["aws_session_token"] = "T"
    return keys


def some_profile(rng):
    """(keys of the credentials file, keys of the config file)."""
    config = {}
    config.update(maybe(rng, 0.45, lambda: some_role(rng)))
    config.update(maybe(rng, 0.12, lambda: some_web(rng)))
    config.update(maybe(rng, 0.2, lambda: some_process(rng)))
    config.update(maybe(rng, 0.05, lambda: SSO))
    config.update(maybe(rng, 0.25, lambda: some_static(rng)))
    config.update(maybe(rng, 0.3, lambda: {"region": "us-east-2"}))
    return maybe(rng, 0.3, lambda: some_static(rng)), config


def generate(rng):
    credentials, config, env = {}, {}, {}
    for name in rng.sample(NAMES, rng.randint(2, 5)):
        in_credentials, in_config = some_profile(rng)
        if in_credentials:
            credentials[name] = in_credentials
        if in_config or not in_credentials:
            config[name] = in_config
    if rng.random() < 0.6:
        env["AWS_PROFILE"] = rng.choice(NAMES)
    env.update(maybe(rng, 0.15, lambda: ENV))
    env.update(maybe(rng, 0.03, lambda: {"AWS_ACCESS_KEY_ID": "A"}))
    env.update(maybe(rng, 0.2, lambda: WEB_ENV))
    env.update(maybe(rng, 0.3, lambda: BOX))
    return credentials, config, env


KINDS = {"static": ("aws_access_key_id", "aws_secret_access_key",
                    "aws_session_token"),
         "role": ("role_arn", "source_profile", "credential_source",
                  "external_id", "duration_seconds", "mfa_serial"),
         "web": ("web_identity_token_file",),
         "process": ("credential_process",),
         "sso": tuple(SSO)}


def kind_of(keys, source):
    """Which kind counts by the adopted order (aws-2026 1.9)."""
    has = {"static": "aws_access_key_id" in keys or
           "aws_secret_access_key" in keys,
           "role": "role_arn" in keys, "web": "web_identity_token_file" in
           keys, "process": "credential_process" in keys,
           "sso": "sso_account_id" in keys}
    by_token = has["role"] and has["web"] and not (
        "source_profile" in keys or "credential_source" in keys)
    order = ["static", "role"] if source else ["role", "static"]
    for kind in order + ["web", "process", "sso"]:
        if has[kind]:
            return "web" if kind == "role" and by_token else kind
    return None


def as_adopted(credentials, config, env):
    """The same without what the adopted order ignores, so that botocore, with
    an order of its own, has no choice: (config, env)."""
    merged = {n: dict(config.get(n, {}), **credentials.get(n, {}))
              for n in {**config, **credentials}}
    env = dict(env)
    name, source = env.get("AWS_PROFILE", "default"), False
    seen = set()
    while name in merged and name not in seen:
        seen.add(name)
        keys = merged[name]
        kind = kind_of(keys, source)
        if not source and kind is not None:
            env.pop("AWS_WEB_IDENTITY_TOKEN_FILE", None)
            env.pop("AWS_ROLE_ARN", None)
        keep = {kind}
        if kind == "web":
            keep_keys = KINDS["web"] + ("role_arn",)
        elif kind == "role" and keys.get("source_profile") == name:
            keep.add("static")
            keep_keys = ()
        else:
            keep_keys = ()
        if kind == "role" and keys.get("source_profile") in seen:
            keep.add("static")      # a loop, which both must see
        for other, names in KINDS.items():
            for key in names:
                if other not in keep and key not in keep_keys:
                    keys.pop(key, None)
        if kind != "role":
            break
        name, source = keys.get("source_profile"), True
    return merged, env


@pytest.mark.parametrize("group", range(GROUPS))
def test_generated(tmp_path, simulator, botocore_, group):
    place = place_of(tmp_path, simulator)
    wrong, outcomes = [], {True: 0, False: 0}
    for i in range(group, PROFILES, GROUPS):
        credentials, config, env = generate(random.Random(SEED * 1000003 + i))
        place.write(credentials, config)
        found, asked, answer = ours(place, place.with_env(env))
        for secret in SECRETS:
            assert found is not None or secret not in answer, (i, answer)
        plain, plain_env = as_adopted(credentials, config, env)
        place.write(None, plain)
        they, they_asked, why = theirs(place, botocore_,
                                       place.with_env(plain_env))
        outcomes[found is not None] += 1
        if found != they or (found is not None and asked != they_asked):
            wrong.append("%d: %r, botocore %r\n  %s\n  %s\n  %s" % (
                i, found, they, answer, why,
                json.dumps([credentials, config, env])))
    assert not wrong, "%d wrong:\n%s" % (len(wrong), "\n".join(wrong[:5]))
    total = sum(outcomes.values())
    assert total < 40 or min(outcomes.values()) > total * 0.2, outcomes
