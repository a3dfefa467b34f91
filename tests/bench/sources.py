"""Where AWS credentials come from: what a look-up and a start of the worker
take with each provider. And qualictl check."""
import json
import os
import subprocess
import time

from rig import BUILD, Failed, Rig, at, wait_until
from sim import ROLE, WEB_TOKEN, WORKER_KEY, WORKER_SECRET

LOOKUPS = 100
WORKER_STARTS = 20
CHECKS = 20
OLD_S = 1_700_000_000       # files of that age are not being written
PATIENCE_S = 120
# Three action types, each polled at the start and not again for 8 s, so that a
# stopped worker leaves no poll behind that counts as one of its successor's.
SETTINGS = {"worker.poll_interval": "10s", "worker.versions": "10"}
TYPES = 3

# row: name in the table
PROVIDERS = {
    "environment": "environment", "profile": "profile", "role": "role",
    "chain": "chain of two roles", "web": "web identity",
    "process": "process", "container": "container", "ec2": "ec2",
}
# What the worker's log says when it has credentials.
SAID = {
    "environment": "environment", "profile": "profile profile of",
    "role": "role %ssim-worker, assumed by profile role" % ROLE,
    "chain": "role %ssim-chained, assumed by profile chain" % ROLE,
    "web": "role %ssim-web, assumed by a web identity" % ROLE,
    "process": "process /bin/cat by profile process",
    "container": "container endpoint", "ec2": "EC2 instance role",
}
PROFILES = ("profile", "role", "chain", "web", "process")
PEAKS = ("environment", "role")

CONFIG = """[profile profile]
aws_access_key_id = {key}
aws_secret_access_key = {secret}
[profile role]
role_arn = {role}sim-worker
source_profile = profile
[profile chain]
role_arn = {role}sim-chained
source_profile = role
[profile web]
role_arn = {role}sim-web
web_identity_token_file = {folder}/token
[profile process]
credential_process = /bin/cat '{folder}/printed'
"""


def write_files(folder):
    """The files of all profiles, in a new ~/.aws."""
    os.mkdir(folder, 0o700)
    printed = {"Version": 1, "AccessKeyId": WORKER_KEY,
               "SecretAccessKey": WORKER_SECRET}
    for name, text in (("config", CONFIG.format(
            key=WORKER_KEY, secret=WORKER_SECRET, role=ROLE, folder=folder)),
            ("token", WEB_TOKEN), ("printed", json.dumps(printed))):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        os.utime(path, (OLD_S, OLD_S))


def environment(sim, provider):
    """What turns a worker's environment into one with this provider."""
    if provider == "environment":
        return {}
    env = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
           **sim.sts_env()}
    if provider in PROFILES:
        env["AWS_PROFILE"] = provider
    elif provider == "container":
        env.update(sim.container_env())
    else:
        env.update(sim.imds_env())
    return env


def runs_of(count, env, program, *args):
    """[(ms to the end of its output, peak RSS in MiB)], by
    tests/bench/child.c."""
    done = subprocess.run(
        [os.path.join(BUILD, "bench-child"), str(count),
         os.path.join(BUILD, program), *args], env=env,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return [(float(us) / 1000, int(kib) / 1024) for us, kib in
            (line.split() for line in done.stdout.splitlines())]


def start_once(rig, worker):
    """(ms to READY=1, ms to the receipt of the first poll that was accepted),
    from the start of the program."""
    rig.forget()
    worker.listen()
    before = len(worker.notify.lines("READY"))
    begin = time.monotonic()
    worker.start()

    def polls():
        return [n["time_ms"] for n in rig.requests("PollForJobs")
                if n["status"] == 200]
    wait_until(lambda: len(polls()) >= TYPES, "%d accepted polls" % TYPES)
    ready = worker.notify.times("READY")[before]
    first = min(polls())
    if worker.stop() != 0:
        raise Failed(worker.stderr())
    return (ready - begin) * 1000, first - begin * 1000


def of_provider(rig, provider):
    worker = rig.host(SETTINGS, environment(rig.sim, provider))
    write_files(os.path.join(worker.folder, ".aws"))
    took, peaks = zip(*runs_of(LOOKUPS, worker.env, "aws-credentials"))
    ready, first = zip(*(start_once(rig, worker)
                         for _ in range(WORKER_STARTS)))
    said = "AWS credentials from " + SAID[provider]
    if worker.stderr().count(said) != WORKER_STARTS:
        raise Failed("no %d times \"%s\":\n%s" % (WORKER_STARTS, said,
                                                  worker.stderr()[-2000:]))
    rows = {"look-" + provider: at(took, 50),
            "ready-" + provider: at(ready, 50),
            "poll-" + provider: at(first, 50)}
    if provider in PEAKS:
        rows["peak-" + provider] = at(peaks, 50)
    return rows


def sources(tls=False):
    """p50 of look-ups and starts, and of the peak RSS."""
    with Rig(tls) as rig:
        found = {}
        for provider in PROVIDERS:
            found.update(of_provider(rig, provider))
        # one figure below the other
        return {row: found[row] for kind in ("look", "ready", "poll", "peak")
                for row in found if row.startswith(kind + "-")}


def doctor():
    """p50 of qualictl check, which must find nothing; TLS."""
    with Rig(True) as rig:
        rig.sim.settings(codepipeline={"action_types": []})
        worker = rig.host(SETTINGS, rig.sim.sts_env())
        given = [os.path.join(BUILD, "qualictl"), "-f", worker.conf]
        for args in (["actions", "install"], ["check", "-j"]):
            done = subprocess.run(
                given + args, env=worker.env, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=PATIENCE_S,
                check=False)
            if done.returncode != 0:
                raise Failed(done.stdout + done.stderr)
        told = json.loads(done.stdout)
        if told["warnings"] or told["skipped"]:
            raise Failed("qualictl check: " + told["summary"])
        took = [ms for ms, _ in runs_of(
            CHECKS, worker.env, "qualictl", "-f", worker.conf, "check")]
        return {"doctor": at(took, 50) / 1000}


__all__ = ["PROVIDERS", "doctor", "sources"]
