"""Continuation tokens, made and checked as quali-job-protocol(7) describes
them, with nothing of the worker's own code."""
import ctypes
import ctypes.util
import functools
import hashlib
import hmac
import json
import re
import uuid

from actions import artifact_of, run, start
from sim import PASSWORD

PASSES, MEMORY, ARGON2ID13 = 2, 8 * 1024 * 1024, 2
USER, DOMAIN = "ci", "Global"
BOUND = ("action", "pipelineExecutionId", "pipeline", "stage", "name")


def ended(*texts):
    """Texts with a NUL behind each."""
    return b"".join(t.encode() + b"\0" for t in texts)


@functools.lru_cache(maxsize=None)
def key_of(password=PASSWORD, user=USER, domain=DOMAIN):
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    assert sodium.sodium_init() >= 0
    salt = hashlib.blake2b(ended("quali-job-worker continuation token", user,
                                 domain), digest_size=16).digest()
    key = ctypes.create_string_buffer(32)
    secret = password.encode()
    assert sodium.crypto_pwhash(
        key, ctypes.c_ulonglong(len(key)), secret,
        ctypes.c_ulonglong(len(secret)), salt, ctypes.c_ulonglong(PASSES),
        ctypes.c_size_t(MEMORY), ctypes.c_int(ARGON2ID13)) == 0
    return key.raw


def text_of(members):
    """The one text of a token: sorted, without blanks, no more escapes than
    needed and their digits in capitals."""
    text = json.dumps(members, ensure_ascii=False, sort_keys=True,
                      separators=(",", ":"))
    return re.sub(r"(\\\\)|\\u([0-9a-f]{4})", lambda m: m.group(1) or
                  "\\u" + m.group(2).upper(), text)


class Owner:
    """What a token is bound to. job: as the simulator tells it, and as it
    takes it for a new one."""

    def __init__(self, job):
        self.job = {k: job[k] for k in BOUND}

    def but(self, **changes):
        return Owner(dict(self.job, **changes))

    def mac(self, members, key=None):
        rest = {k: v for k, v in members.items() if k != "mac"}
        text = ended("quali-job-worker token",
                     *(self.job[k] for k in BOUND), text_of(rest))
        return hmac.new(key or key_of(), text, hashlib.sha256).hexdigest()

    def sign(self, members, key=None):
        """A token as a worker writes it."""
        return text_of(dict(members, mac=self.mac(members, key)))

    def wrote(self, token, key=None):
        """Whether a worker can have written this, byte for byte."""
        return self.sign(json.loads(token), key) == token


def owner_of(action, **names):
    """Of an action in a pipeline execution of its own."""
    return Owner(dict({"pipelineExecutionId": str(uuid.uuid4()),
                       "pipeline": "P", "stage": "S", "name": "A"}, **names,
                      action=action))


def facts(**changes):
    """The members of a token; None leaves one out."""
    members = {"quali": 2, "left_s": 600, "intent": "none",
               "sandbox_ours": False, "stop_accepted": False}
    members.update(changes)
    return {k: v for k, v in members.items() if v is not None}


def queue(sim, owner, token, box):
    """A job with this continuation token; box: what its artifact names."""
    action = owner.job["action"]
    configuration = {"start-sandbox": start, "run-command": run,
                     "end-sandbox": dict}[action]()
    return sim.job_add(
        configuration=configuration, continuationToken=token,
        input=None if action == "start-sandbox" else artifact_of(box),
        **owner.job)
