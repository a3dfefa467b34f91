"""Continuation tokens, made and checked as quali-job-protocol(7) describes
them, with nothing of the worker's own code."""
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import re

from sim import PASSWORD

PASSES, MEMORY, ARGON2ID13 = 2, 8 * 1024 * 1024, 2
USER, DOMAIN = "ci", "Global"


def ended(*texts):
    """Texts with a NUL behind each."""
    return b"".join(t.encode() + b"\0" for t in texts)


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
    """What a token is bound to. job: as the simulator tells it."""

    def __init__(self, job):
        self.texts = [job["action"], job["pipelineExecutionId"],
                      job["pipeline"], job["stage"], job["name"]]

    def mac(self, members, key):
        rest = {k: v for k, v in members.items() if k != "mac"}
        return hmac.new(key, ended("quali-job-worker token", *self.texts,
                                   text_of(rest)), hashlib.sha256).hexdigest()


def facts(**changes):
    """Members that every token has."""
    members = {"quali": 2, "left_s": 600, "intent": "none",
               "sandbox_ours": False, "stop_accepted": False}
    members.update(changes)
    return members


def signed(owner, members, key=None):
    """A token as a worker writes it."""
    return text_of(dict(members, mac=owner.mac(members, key or key_of())))


def verified(owner, token, key=None):
    """Whether a worker has written it, byte for byte."""
    members = json.loads(token)
    return hmac.compare_digest(
        members["mac"], owner.mac(members, key or key_of())) and \
        text_of(members) == token
