"""aws-credentials and botocore's resolver side by side: the same files and
environment, a simulator that both ask, and what each found in one form.
"""
import json
import os
import subprocess
import sys
import threading

from conftest import judge_requests
from sim import PATIENCE_S, REGION, body_of, header_of

import urllib.parse

PROGRAM = os.path.join(os.environ.get("QUALI_BUILD", "build"),
                       "aws-credentials")
SESSION = "quali-job-worker"        # of a role, unless one is set
TOKEN = "sim-web-identity-token"
OLD_S = 1_700_000_000       # files of that age are not being written

# Reads environments, one a line; answers with what botocore finds in each. A
# process of its own, since botocore reads os.environ in many places, which
# forks for each case, so that it loads botocore and its models only once.
ORACLE = r"""
import json, logging, os, sys
import botocore.loaders, botocore.session
logging.disable(logging.CRITICAL)
LOADER = botocore.loaders.Loader()
for name in ("sts",):
    botocore.session.Session().create_client(name, region_name="us-east-2")

def find():
    s = botocore.session.Session()
    s.register_component("data_loader", LOADER)
    make = s.create_client
    # this version does not know AWS_ENDPOINT_URL_STS
    s.create_client = lambda *a, **k: make(
        *a, **dict({"endpoint_url": os.environ["AWS_ENDPOINT_URL_STS"]}, **k))
    try:
        c = s.get_credentials()
        f = c and c.get_frozen_credentials()
        return {"keys": f and [f.access_key, f.secret_key, f.token],
                "region": s.get_config_variable("region"), "why": None}
    except BaseException as e:
        return {"keys": None, "why": "%s: %s" % (type(e).__name__, e)}

def warm():
    s = botocore.session.Session()
    s.register_component("data_loader", LOADER)
    s.create_client("sts", region_name="us-east-2", aws_access_key_id="a",
                    aws_secret_access_key="b")

warm()
for line in sys.stdin:
    sys.stdout.flush()
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(r)
        os.setsid()
        os.environ.clear()
        os.environ.update(json.loads(line))
        with os.fdopen(w, "w") as f:
            json.dump(find(), f)
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        print(f.read(), flush=True)
    os.waitpid(pid, 0)
"""


class Botocore:
    """One process of ORACLE."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-c", ORACLE], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})

    def find(self, env):
        limit = threading.Timer(PATIENCE_S, self.process.kill)
        limit.start()
        self.process.stdin.write(json.dumps(env) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        limit.cancel()
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


def ini(sections, config):
    """Text of a shared file; sections: {profile: {key: value}} or text."""
    if isinstance(sections, str):
        return sections
    lines = []
    for name, keys in sections.items():
        lines.append("[%s%s]" % ("profile " if config and name != "default"
                                 else "", name))
        lines += ["%s = %s" % item for item in keys.items()]
    return "\n".join(lines) + "\n"


def write_old(path, text):
    path.write_text(text)
    os.utime(path, (OLD_S, OLD_S))


class Place:
    """A home folder and the environment of both."""

    def __init__(self, folder, sim):
        self.folder, self.sim = folder, sim
        (folder / ".aws").mkdir()
        self.token = folder / "token"
        self.token.write_text(TOKEN)
        self.env = {
            "PATH": "/usr/bin:/bin", "HOME": str(folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_ENDPOINT_URL_STS": sim.urls["sts"],
        }

    def fill(self, text):
        """{home}, {token} and the simulator's {container}, {imds}."""
        for name, value in dict(self.sim.urls, home=self.folder,
                                token=self.token).items():
            text = text.replace("{%s}" % name, str(value))
        return text

    def write(self, credentials, config):
        for name, sections in (("credentials", credentials),
                               ("config", config)):
            path = self.folder / ".aws" / name
            path.unlink(missing_ok=True)
            if sections is not None:
                write_old(path, self.fill(ini(sections, name == "config")))

    def with_env(self, extra):
        env = dict(self.env)
        env.update((k, self.fill(v)) for k, v in extra.items()
                   if v is not None)
        return {k: v for k, v in env.items() if extra.get(k, "") is not None}


def run(env, *options, timeout=PATIENCE_S):
    return subprocess.run([PROGRAM, *options], env=env, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=timeout)


# --- in one form ---

def session_of(sim, key):
    for s in sim.sessions():
        if s["accessKeyId"] == key:
            return s
    return None


def anonymous(arn):
    """An ARN without a session's name that nobody set."""
    head, _, name = arn.rpartition("/")
    return head if name == SESSION or name.startswith("botocore-session-") \
        else arn


def who(sim, keys):
    """Whose the keys are; None: there are none."""
    if keys is None:
        return None
    session = session_of(sim, keys[0])
    if session is None:
        return tuple(keys)
    assert keys == [session["accessKeyId"], session["secretAccessKey"],
                    session["sessionToken"]]
    return anonymous(session["arn"])


def sts_requests(sim):
    """What STS was asked by whom, oldest first, repetitions once."""
    asked = []
    for note in sim.requests("sts"):
        form = dict(urllib.parse.parse_qsl(body_of(note).decode()))
        form["RoleSessionName"] = anonymous(
            "/" + form.get("RoleSessionName", ""))
        signed = header_of(note, "authorization")
        key = signed.partition("Credential=")[2].partition("/")[0] \
            if signed else None
        session = key and session_of(sim, key)
        this = (sorted(form.items()),
                anonymous(session["arn"]) if session else key)
        if this not in asked[-1:]:
            asked.append(this)
    return asked


def ours(place, env, *options):
    """(who, what STS was asked, the answer or the text of the fault)."""
    sim = place.sim
    sim.ask("DELETE", "/requests")
    got = run(env, *options)
    if got.returncode == 0:
        assert got.stderr == "", got.stderr
        answer = json.loads(got.stdout)
        keys = [answer["AccessKeyId"], answer["SecretAccessKey"],
                answer.get("SessionToken")]
    else:
        assert got.returncode == 1 and got.stdout == "", got
        assert got.stderr.startswith("aws-credentials: ") and \
            got.stderr.count("\n") == 1, got.stderr
        answer, keys = got.stderr, None
    # what nobody may send is not ours to sign well
    wrong = judge_requests(sim, got.returncode != 0 and
                           "InvalidClientTokenId" in got.stderr)
    assert not wrong, wrong
    asked = sts_requests(sim)
    return who(sim, keys), asked, answer


def theirs(place, botocore, env):
    sim = place.sim
    sim.ask("DELETE", "/requests")
    told = botocore.find(env)
    asked = sts_requests(sim)
    found = who(sim, told["keys"])
    sim.ask("DELETE", "/requests")
    return found, asked, told["why"]
