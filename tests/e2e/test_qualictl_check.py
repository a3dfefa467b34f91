"""qualictl check: a healthy host has no warning, and each single fault gives
its line and its remedy, and no other."""
import collections
import hashlib
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import time

import pytest

from actions import start
from check_rig import (GROUPS, NAMES, Host, Listener, Proxy, Report,
                       certificate, folder_of, old_tls, run_check,
                       text_states, unused_port)
from conftest import SRC, program
from sim import PASSWORD, PATIENCE_S, WORKER_KEY, WORKER_SECRET, json_of

STATE_DIR = "/var/lib/quali-job-worker"
NOBODY = pwd.getpwnam("nobody")
IDENTITY = """<GetCallerIdentityResponse
 xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
 <Arn>%s</Arn><UserId>x</UserId><Account>%s</Account>
 </GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture(name="host")
def fixture_host(sim, make_worker):
    host = Host(sim, make_worker)
    yield host
    host.close()


def secrets_stay(report):
    for secret in (PASSWORD, WORKER_SECRET):
        assert secret not in report.output


def snapshot(folder):
    """Path -> contents, mode and owner of all below a folder."""
    found = {}
    for at, _, files in os.walk(folder):
        for name in [""] + files:
            path = os.path.join(at, name)
            info = os.lstat(path)
            content = b""
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
            found[path] = (info.st_mode, info.st_uid,
                           hashlib.sha256(content).hexdigest())
    return found


def outside(sim):
    """What AWS and CloudShell have, apart from the log of requests."""
    return sim.jobs(), sim.sandboxes(), sim.executions(), sim.settings()


# --- a healthy host ---

def is_healthy(host, **how):
    report = host.check(**how)
    assert report.status == 0, report.output
    assert report.data["ok"] is True
    assert report.states() == [(name, "ok") for name in NAMES], report.output
    assert report.data["summary"].startswith("All is well")
    assert report.data["blueprint"] is None
    secrets_stay(report)
    return report


def test_healthy(host):
    is_healthy(host)
    text = host.check(text=True)
    assert text.returncode == 0
    assert text_states(text.stdout) == [(name, "ok") for name in NAMES]
    assert text.stdout.endswith("All is well (25 ok).\n")
    assert text.stderr == ""
    notes = host.sim.requests("cloudshell")
    assert [n["operation"] for n in notes] == ["Login", "ListBlueprints",
                                               "Logout"] * 2


@pytest.mark.tls
def test_healthy_over_tls(host):
    report = is_healthy(host)
    for group in ("codepipeline", "cloudshell"):
        assert "quali-sim test CA" in report.one(group + ".tls")["text"]


@pytest.mark.tls
def test_healthy_through_a_proxy(host):
    proxy = host.keep(Proxy())
    host.env["HTTPS_PROXY"] = "http://me:hush@127.0.0.1:%d" % proxy.port
    report = is_healthy(host)
    for group in ("codepipeline", "cloudshell"):
        line = report.one(group + ".proxy")
        assert "127.0.0.1:%d" % proxy.port in line["text"]
        assert "HTTPS_PROXY" in line["text"]
    assert "hush" not in report.output
    assert {a.split()[0] for a in proxy.asked} == {"CONNECT"}
    assert len({a for a in proxy.asked}) == 3       # with STS


@pytest.mark.tls
@pytest.mark.parametrize("variable,value,used", [
    ("NO_PROXY", "127.0.0.1", False),
    ("no_proxy", "example.org, 127.0.0.1", False),
    ("NO_PROXY", "*", False),
    ("NO_PROXY", "127.0.0.2", True),
    ("NO_PROXY", "0.0.1", True),
    ("NO_PROXY", "127.0.0.0/8", False),
    ("NO_PROXY", "127.1.0.0/16", True),
    ("NO_PROXY", "", True),
])
def test_exceptions_of_a_proxy(host, variable, value, used):
    """The line says what libcurl does."""
    proxy = host.keep(Proxy())
    host.env["https_proxy"] = "127.0.0.1:%d" % proxy.port
    host.env[variable] = value
    report = is_healthy(host)
    assert bool(proxy.asked) is used
    line = report.one("codepipeline.proxy")
    assert ("https_proxy" in line["text"]) is used, line
    if not used:
        assert variable in line["text"], line


def test_time_of_a_healthy_run(host):
    """A figure to look at."""
    took = []
    for _ in range(5):
        began = time.monotonic()
        is_healthy(host)
        took.append(time.monotonic() - began)
    print("healthy: %.3f s" % sorted(took)[2])


def test_what_is_not_polled_does_not_count(host):
    """The worker does not even read the definition."""
    host.set(**{"run-command__poll": "no"})
    folder = os.path.join(host.worker.folder, "actions")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "run-command.json"), "w",
              encoding="utf-8") as f:
        f.write("{broken")
    is_healthy(host)


# --- it changes nothing ---

def test_changes_nothing(host):
    before = snapshot(host.worker.folder), outside(host.sim)
    is_healthy(host)
    assert (snapshot(host.worker.folder), outside(host.sim)) == before


def test_beside_a_worker(host):
    """It takes no job from a worker that runs, and leaves its ledger alone."""
    sim, worker = host.sim, host.worker
    sim.settings(cloudshell={"setup": "never"})
    worker.start()
    job = sim.job_add("start-sandbox", configuration=start())
    sim.wait_requests("cloudshell", "GetSandbox")
    ledger = worker.ledger("SELECT id, state, action FROM job")
    report = host.check()
    assert report.status == 0, report.output
    line = report.one("permission.PollForJobs")
    assert line["status"] == "skipped" and "a worker runs" in line["text"]
    assert all(state == "ok" for name, state in report.states()
               if name != "permission.PollForJobs"), report.output
    assert worker.ledger("SELECT id, state, action FROM job") == ledger
    assert sim.job(job)["acknowledged"] == 1
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)


def test_drops_what_a_poll_hands_out(host):
    """Without a worker a poll may bring a job: nobody sees or claims it, and
    the worker gets it later."""
    sim = host.sim
    sim.settings(codepipeline={"redeliver_ms": 500})
    job = sim.job_add("start-sandbox", configuration=start(
        InputsJSON='{"Build": "for-your-eyes-only"}'))
    report = is_healthy(host)
    assert sim.job(job)["deliveries"] == 1
    assert sim.job(job)["acknowledged"] == 0
    assert job not in report.output
    assert "for-your-eyes-only" not in report.output
    host.worker.start()
    sim.succeeded(job)


# --- a server with a certificate of its own ---

@pytest.mark.tls
@pytest.mark.parametrize("pair,verify,known", [
    ("other", None, None),          # self-signed
    ("server", None, None),         # of a CA that nobody here knows
    ("unknown", None, None),        # whose CA it sends along
    ("other", "no", None),
    ("other", None, "there"),       # ca_file names another certificate
    ("other", "no", "there"),
])
def test_trust_by_copy_and_paste(host, ca, make_sim, tmp_path, pair, verify,
                                 known):
    """The lines that it prints make the next run clean, and a job succeeds."""
    lab = make_sim(folder_of(ca, str(tmp_path / "lab"), pair))
    bundle = None
    if known:
        bundle = str(tmp_path / "known.pem")
        shutil.copy(os.path.join(ca, "wrong.pem"), bundle)
    host.set(cloudshell__url=lab.urls["cloudshell"],
             cloudshell__ca_file=bundle, cloudshell__verify=verify)
    report = host.check()
    line = report.one("cloudshell.tls")
    assert report.wrong() == [line]
    assert line["status"] == ("warning" if verify else "failed")
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in",
         os.path.join(ca, pair + ".pem")], capture_output=True, text=True,
        check=True, timeout=PATIENCE_S).stdout.strip().partition("=")[2]
    for word in (digest, "CN=localhost", "issuer", "valid from"):
        assert word in line["text"]
    _, *commands = line["remedy"].split("\n")
    assert len(commands) == (1 if known and not verify else 2), commands
    for command in commands:
        done = subprocess.run(["sh", "-c", command], capture_output=True,
                              text=True, check=False, timeout=PATIENCE_S,
                              env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, (command, done.stderr)
    if known:
        with open(os.path.join(ca, "wrong.pem"), encoding="ascii") as f, \
                open(bundle, encoding="ascii") as now:
            assert now.read().startswith(f.read())
    is_healthy(host)
    host.worker.start()
    job = host.sim.job_add("start-sandbox", configuration=start())
    host.sim.succeeded(job)


@pytest.mark.tls
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("owner,who", [(0, "commands, as root:\n"),
                                       (NOBODY.pw_uid, "commands:\n")])
def test_who_can_make_it_trusted(host, ca, make_sim, tmp_path, owner, who):
    lab = make_sim(folder_of(ca, str(tmp_path / "lab"), "other"))
    host.set(cloudshell__url=lab.urls["cloudshell"], cloudshell__ca_file=None)
    give_away(host.worker.folder)
    os.chown(host.worker.conf, owner, -1)
    os.chmod(host.worker.conf, 0o644)
    report = host.check(user=NOBODY.pw_uid, group=NOBODY.pw_gid,
                        extra_groups=[])
    assert who in report.one("cloudshell.tls")["remedy"], report.output


# --- a blueprint ---

@pytest.mark.parametrize("loose", [False, True])
def test_inputs_of_a_blueprint(host, loose):
    """The InputsJSON that it prints starts a sandbox."""
    host.sim.settings(cloudshell={"loose": loose, "blueprints": [{
        "name": "Lab \"Z\u00fcrich\"", "id":
        "5b1f0a3e-0d1c-4a57-9a4e-1f2b3c4d5e6f", "public": True, "inputs": [
            {"name": "Build", "default": "1.10"},
            {"name": "Say \"hi\"", "default": "a\\b"},
            {"name": "Empty", "default": ""},
            {"name": "Must"}]}]})
    report = host.check("--blueprint", "Lab \"Z\u00fcrich\"")
    assert report.status == 0 and not report.wrong(), report.output
    found = report.data["blueprint"]
    assert found["name"] == "Lab \"Z\u00fcrich\"" and found["setup"] == "PT1M"
    assert [(i["name"], i["default"], i["required"])
            for i in found["inputs"]] == [
        ("Build", "1.10", False), ("Say \"hi\"", "a\\b", False),
        ("Empty", "", False), ("Must", None, True)]
    text = report.one("cloudshell.blueprint")["text"]
    assert "setup takes about 1 min, " in text and "Must (required)" in text
    paste = report.one("cloudshell.inputs")["text"]
    assert paste == "InputsJSON: " + found["inputs_json"]
    given = json.loads(found["inputs_json"])
    assert given == {"Build": "1.10", "Say \"hi\"": "a\\b", "Empty": "",
                     "Must": ""}
    given["Must"] = "x"
    host.worker.start()
    host.sim.succeeded(host.sim.job_add("start-sandbox", configuration=start(
        BlueprintName="Lab \"Z\u00fcrich\"",
        InputsJSON=found["inputs_json"].replace(
            '"Must": ""', '"Must": "x"'))))


def test_inputs_that_are_too_long(host):
    host.sim.settings(cloudshell={"blueprints": [{
        "name": "Long", "id": "5b1f0a3e-0d1c-4a57-9a4e-1f2b3c4d5e6f",
        "public": True, "inputs": [{"name": "A", "default": "x" * 1000}]}]})
    report = host.check("--blueprint", "Long")
    assert report.status == 0
    (line,) = report.wrong()
    assert (line["name"], line["status"]) == ("cloudshell.inputs", "warning")
    assert "1000 characters" in line["text"]
    assert "leave out" in line["remedy"]


def test_an_edited_definition_has_a_version_of_its_own(host):
    """Following quali-migration(7), Changing a definition: no warning."""
    folder = os.path.join(host.worker.folder, "actions")
    os.mkdir(folder)
    with open(os.path.join(SRC, "src", "actions", "start-sandbox.json"),
              encoding="utf-8") as f:
        definition = dict(json.load(f), version="11")
    with open(os.path.join(folder, "start-sandbox.json"), "w",
              encoding="utf-8") as f:
        json.dump(definition, f)
    host.set(worker__versions="11 10")
    report = host.check()
    (line,) = report.wrong()
    assert "Quali-Start-Sandbox in version 11, too" in line["text"]
    host.register("start-sandbox")
    is_healthy(host)


def test_unknown_blueprint(host):
    report = host.check("--blueprint", "Demo Bluprint")
    assert report.status == 1
    (line,) = report.wrong()
    assert (line["name"], line["status"]) == ("cloudshell.blueprint",
                                              "failed")
    assert "Needs Input" in line["text"]
    assert line["remedy"] == "did you mean \"Demo Blueprint\"?"
    assert report.one("cloudshell.inputs")["status"] == "skipped"


# --- offline, and rights ---

def test_offline(host):
    before = len(host.sim.requests())
    report = host.check("--offline")
    assert report.status == 0 and not report.wrong(), report.output
    assert report.states() == \
        [(name, "ok") for name in GROUPS["local"]] + \
        [(name, "skipped") for name in GROUPS["aws"] + GROUPS["cloudshell"]]
    assert {line["text"] for line in report.lines
            if line["status"] == "skipped"} == {"--offline"}
    assert len(host.sim.requests()) == before


def give_away(folder):
    for at, _, files in os.walk(folder):
        for name in [""] + files:
            os.chown(os.path.join(at, name), NOBODY.pw_uid, NOBODY.pw_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_as_an_unprivileged_user(host):
    give_away(host.worker.folder)
    is_healthy(host, user=NOBODY.pw_uid, group=NOBODY.pw_gid,
               extra_groups=[])


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_files_that_it_may_not_read(host):
    """Status 77 says that the rights are missing, not the password."""
    give_away(host.worker.folder)
    os.chown(host.worker.password_path, 0, 0)
    report = host.check(user=NOBODY.pw_uid, group=NOBODY.pw_gid,
                        extra_groups=[])
    assert report.status == 77, report.output
    (line,) = report.wrong()
    assert (line["name"], line["status"]) == ("cloudshell.password", "failed")
    assert "Permission denied" in line["text"]
    assert report.one("cloudshell.tls")["status"] == "ok"
    assert report.one("cloudshell.login")["status"] == "skipped"
    assert host.sim.requests("cloudshell") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_lock_that_it_may_not_see(host):
    """Without the state folder nobody can tell whether a worker runs."""
    give_away(host.worker.folder)
    os.chown(host.worker.state_dir, 0, 0)
    report = host.check(user=NOBODY.pw_uid, group=NOBODY.pw_gid,
                        extra_groups=[])
    assert report.status == 1
    (line,) = report.wrong()
    assert line["name"] == "files" and "worker.state_dir" in line["text"]
    line = report.one("permission.PollForJobs")
    assert line["status"] == "skipped" and "cannot tell" in line["text"]
    assert host.sim.requests("codepipeline", "PollForJobs") == []


# --- the service ---

INSTALLED = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$ETC"
cp -a "$FROM" "$ETC/quali-job-worker"
[ -z "$PASSWD" ] || mount --bind "$PASSWD" /etc/passwd
[ -z "$PASSWD" ] || mount --bind "$GROUP" /etc/group
exec $RUN
"""


class Installed:
    """The settings of a host as those of the service, in a mount namespace of
    its own."""

    USER = (64901, 64901)

    def __init__(self, host, tmp_path):
        self.host, self.tmp = host, tmp_path
        self.folder = str(tmp_path / "etc")
        os.mkdir(self.folder)
        os.makedirs(os.path.join(self.folder, "aws"))
        os.symlink("aws", os.path.join(self.folder, ".aws"))
        host.set(cloudshell__password_file=None)
        shutil.copy(host.worker.conf, self.folder)
        self.write("cloudshell-password", PASSWORD + "\n", 0o600)
        self.write("aws/credentials", "[default]\naws_access_key_id = %s\n"
                   "aws_secret_access_key = %s\n" % (
                       host.env["AWS_ACCESS_KEY_ID"],
                       host.env["AWS_SECRET_ACCESS_KEY"]), 0o640)
        self.write("environment", "".join(
            "%s='%s'\n" % item for item in host.env.items()
            if item[0].startswith("AWS_") and "KEY" not in item[0]), 0o600)
        os.chmod(os.path.join(self.folder, "aws"), 0o750)
        for name in ("aws", "aws/credentials"):
            os.chown(os.path.join(self.folder, name), 0, self.USER[1])
        for at, _, files in os.walk(host.worker.folder):
            for name in [""] + files:
                os.chown(os.path.join(at, name), *self.USER)

    def write(self, name, text, mode):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def accounts(self, name, line):
        path = str(self.tmp / name)
        with open("/etc/" + name, encoding="utf-8") as f, \
                open(path, "w", encoding="utf-8") as to:
            to.write(f.read() + line)
        return path

    def check(self, before="", user=True):
        etc = subprocess.run(
            [program("qualictl"), "help", "check"], capture_output=True,
            text=True, check=True, timeout=PATIENCE_S).stdout
        etc = re.search(r"\((\S+)/quali-job-worker/worker.conf\)",
                        etc).group(1)
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ETC": etc,
            "FROM": self.folder, "RUN": before + program("qualictl") +
            " -j check", "AWS_ACCESS_KEY_ID": "AKIAOFTHECALLER",
            "AWS_SECRET_ACCESS_KEY": "not the service's",
            "CLOUDSHELL_USER": "somebody else",
            "PASSWD": user and self.accounts(
                "passwd", "quali-job-worker:x:%d:%d::/:/bin/false\n" %
                self.USER),
            "GROUP": self.accounts("group", "quali-job-worker:x:%d:\n" %
                                   self.USER[1]),
        }
        env["PASSWD"] = env["PASSWD"] or ""
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", INSTALLED], env=env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False)
        self.at = etc + "/quali-job-worker"
        return Report(done)


def can_unshare():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "true"], check=False, stderr=subprocess.DEVNULL,
        timeout=PATIENCE_S).returncode == 0


installed_only = pytest.mark.skipif(not can_unshare(),
                                    reason="needs a mount namespace")


@installed_only
def test_service_as_root(host, tmp_path):
    """As root it uses what the service would use, with the service's rights,
    and not what root's own environment says."""
    report = Installed(host, tmp_path).check()
    assert report.status == 0, report.output
    assert not report.wrong(), report.output
    assert "the service's: user quali-job-worker" in \
        report.one("environment")["text"]
    assert "profile" in report.one("aws.credentials")["text"]
    assert "readable for root only" in \
        report.one("cloudshell.password")["text"]


@installed_only
def test_service_as_root_with_the_services_rights(host, tmp_path):
    """What root may read and the service may not is a fault."""
    installed = Installed(host, tmp_path)
    os.chown(os.path.join(installed.folder, "aws/credentials"), 0, 0)
    report = installed.check()
    assert report.status == 1, report.output
    (line,) = report.wrong()
    assert line["name"] == "aws.credentials"
    assert "Permission denied" in line["text"]
    _, *commands = line["remedy"].split("\n")
    assert commands == [
        "chgrp quali-job-worker %s/aws/credentials" % installed.at,
        "chmod g+r %s/aws/credentials" % installed.at]
    os.chmod(os.path.join(installed.folder, "aws"), 0o700)
    report = installed.check()
    assert report.status == 1, report.output
    (line,) = report.wrong()
    assert line["remedy"].split("\n")[1:] == [
        "chgrp quali-job-worker %s/aws" % installed.at,
        "chmod g+rx %s/aws" % installed.at]


@installed_only
def test_service_as_its_user(host, tmp_path):
    """The service's user may not read the password: it says so."""
    report = Installed(host, tmp_path).check(
        "setpriv --reuid 64901 --regid 64901 --clear-groups ")
    assert report.status == 77, report.output
    assert {line["name"] for line in report.wrong()} == {
        "environment", "cloudshell.password"}
    for line in report.wrong():
        assert "Permission denied" in line["text"]
        assert "sudo qualictl check" in line["remedy"]


@installed_only
def test_service_as_a_stranger(host, tmp_path):
    """Another user learns what needs root."""
    installed = Installed(host, tmp_path)
    os.chmod(os.path.join(installed.folder, "environment"), 0o644)
    report = installed.check(
        "setpriv --reuid 64999 --regid 64999 --clear-groups ")
    assert report.status == 77, report.output
    assert {line["name"] for line in report.wrong()} == {
        "files", "cloudshell.password", "aws.credentials"}, report.output
    for line in report.wrong():
        assert "Permission denied" in line["text"]
        assert "sudo qualictl check" in line["remedy"]


@installed_only
def test_service_without_its_user(host, tmp_path):
    report = Installed(host, tmp_path).check(user=False)
    assert report.status == 0, report.output
    (line,) = report.wrong()
    assert (line["name"], line["status"]) == ("environment", "warning")
    assert "no user quali-job-worker" in line["text"]


@installed_only
def test_variables_of_the_service_that_cannot_be_read(host, tmp_path):
    installed = Installed(host, tmp_path)
    installed.write("environment", "#" * 100000, 0o600)
    report = installed.check()
    assert report.status == 1, report.output
    (line,) = report.wrong()
    assert (line["name"], line["status"]) == ("environment", "failed")
    assert "larger than 64 KiB" in line["text"]


NAME_SERVER = r"""
set -e
mount --make-rprivate /
mount --bind "$RESOLV" /etc/resolv.conf
ip link set lo up
/usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
while True: s.recv(4096)' >/dev/null 2>&1 &
until grep -q ":0035 " /proc/net/udp; do sleep 0.05; done
status=0
$RUN || status=$?
kill $!
exit $status
"""


@installed_only
@pytest.mark.skipif(not shutil.which("ip", path="/usr/sbin:/sbin"),
                    reason="needs ip")
def test_name_server_that_hangs(host, tmp_path):
    """The look-up ends, and the line says so."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    host.set(cloudshell__url="http://lab.example:82")
    done = subprocess.run(
        ["unshare", "-mn", "sh", "-c", NAME_SERVER],
        env=dict(host.env, RESOLV=str(resolv),
                 PATH="/usr/sbin:/usr/bin:/sbin:/bin",
                 RUN="%s -j -f %s check" % (program("qualictl"),
                                            host.worker.conf)),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False)
    line = Report(done).one("cloudshell.dns")
    assert line["status"] == "failed"
    assert "no name server says in time" in line["text"], done.stdout


# --- one fault, one line ---

Case = collections.namedtuple(
    "Case", "make name status text remedy tls bad slow")
CASES = {}


def case(name, status, text, remedy, tls=False, bad=False, slow=False):
    """Registers a function that makes the fault."""
    def add(make):
        CASES[make.__name__] = Case(make, name, status, text, remedy, tls,
                                    bad, slow)
        return make
    return add


def params():
    for name, c in CASES.items():
        marks = [pytest.mark.tls] if c.tls else []
        marks += [pytest.mark.bad_signatures] if c.bad else []
        yield pytest.param(c, marks=marks, id=name)


# configuration and files

@case("configuration", "failed", r"worker.conf:\d+: worker.max_job: unknown "
      r"setting", r"worker.conf\(5\)")
def unknown_setting(host, **_):
    host.set(worker__max_job="3")


@case("configuration", "failed", r"worker.conf:\d+: cloudshell.url: must",
      r"worker.conf\(5\)")
def url_without_scheme(host, **_):
    host.set(cloudshell__url="cloudshell.example")


@case("configuration", "failed", r"cloudshell.user: not set",
      r"worker.conf\(5\)")
def no_user(host, **_):
    host.set(cloudshell__user=None)


@case("configuration", "failed", r"No such file", r"worker.conf\(5\)|-f")
def no_settings(host, **_):
    os.unlink(host.worker.conf)


@case("files", "failed", r"worker.libexec_dir: .*executor: No such file",
      r"correct the setting")
def no_executor(host, tmp_path, **_):
    os.symlink(program("aws-credentials"),
               str(tmp_path / "aws-credentials"))
    host.set(worker__libexec_dir=str(tmp_path))


@case("files", "failed", r"worker.state_dir: .*No such file",
      r"correct the setting")
def no_state_dir(host, tmp_path, **_):
    host.set(worker__state_dir=str(tmp_path / "none"))


@case("files", "failed", r"worker.state_dir: .*No such file",
      r"make the folder: systemd makes it for the service only")
def usual_state_dir_by_hand(host, **_):
    """By hand nobody makes the default one."""
    if os.path.exists(STATE_DIR):
        pytest.skip("the package has run here")
    host.set(worker__state_dir=None)


@case("files", "failed", r"cloudshell.ca_file: .*none: No such file",
      r"correct the setting")
def no_ca_file(host, tmp_path, **_):
    host.set(cloudshell__ca_file=str(tmp_path / "none"))


@case("files", "failed", r"worker.query: .* has no queryable property",
      r"^Several CloudShell servers in quali-job-worker\(8\) shows")
def query_without_property(host, **_):
    host.set(worker__query="lab-1")


@case("files", "failed", r"start-sandbox.json: .*JSON|start-sandbox.json: ",
      r"compare the file with the installed one")
def broken_definition(host, **_):
    folder = os.path.join(host.worker.folder, "actions")
    os.mkdir(folder)
    with open(os.path.join(folder, "start-sandbox.json"), "w",
              encoding="ascii") as f:
        f.write('{"category": "Deploy"')


# the password

@case("cloudshell.password", "failed", r"password: No such file",
      r"write the password there\nsh -c")
def no_password(host, **_):
    os.unlink(host.worker.password_path)


@case("cloudshell.password", "failed", r"the file is empty",
      r"write the password there\nsh -c")
def empty_password(host, **_):
    host.worker.write_password("")


@case("cloudshell.password", "failed", r"password_file: not set",
      r"mode 600")
def no_password_file(host, **_):
    host.set(cloudshell__password_file=None)


@case("cloudshell.password", "warning", r"everybody on this host may read",
      r"chmod o= /\S+/password")
def open_password(host, **_):
    os.chmod(host.worker.password_path, 0o644)


@case("cloudshell.password", "warning", r"looks like a placeholder",
      r"user's own")
def placeholder_password(host, **_):
    host.worker.write_password("changeme")
    host.sim.settings(cloudshell={"password": "changeme"})


@case("cloudshell.password", "warning", r"begins or ends with a blank",
      r"remove it")
def blank_in_password(host, **_):
    host.worker.write_password("pass-word ")
    host.sim.settings(cloudshell={"password": "pass-word "})


# credentials and region

@case("aws.credentials", "failed", r"no credentials",
      r"sources of credentials")
def no_credentials(host, **_):
    del host.env["AWS_ACCESS_KEY_ID"], host.env["AWS_SECRET_ACCESS_KEY"]


@case("aws.credentials", "failed", r"no secret access key",
      r"sources of credentials")
def half_credentials(host, **_):
    del host.env["AWS_SECRET_ACCESS_KEY"]


@case("aws.credentials", "failed", r"profile nobody is neither in",
      r"sources of credentials")
def no_profile(host, **_):
    host.set(aws__profile="nobody")


@case("aws.credentials", "warning", r"session token.*nothing renews",
      r"source that renews itself")
def temporary_keys(host, **_):
    host.env["AWS_SESSION_TOKEN"] = "sim-worker-token"


@case("aws.credentials", "warning", r"expire at 20\d\d.*nothing renews",
      r"source that renews itself")
def keys_that_expire(host, **_):
    host.env["AWS_SESSION_TOKEN"] = "sim-worker-token"
    host.env["AWS_CREDENTIAL_EXPIRATION"] = time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))


def roles_anywhere(host, ending):
    """The helper of IAM Roles Anywhere as the source of credentials."""
    helper = os.path.join(host.worker.folder, "aws_signing_helper")
    with open(helper, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\n" + ending)
    os.chmod(helper, 0o755)
    os.mkdir(os.path.join(host.worker.folder, ".aws"))
    with open(os.path.join(host.worker.folder, ".aws", "config"), "w",
              encoding="ascii") as f:
        f.write("[default]\ncredential_process = %s credential-process "
                "--role-arn x\n" % helper)
    del host.env["AWS_ACCESS_KEY_ID"], host.env["AWS_SECRET_ACCESS_KEY"]
    host.env["HTTPS_PROXY"] = "http://proxy.invalid:3128"


@case("aws.credentials", "warning", r"uses no proxy: add --with-proxy",
      r"sources of credentials")
def roles_anywhere_without_proxy(host, **_):
    roles_anywhere(host, "echo '%s'\n" % json.dumps({
        "Version": 1, "AccessKeyId": WORKER_KEY,
        "SecretAccessKey": WORKER_SECRET, "SessionToken": "sim-worker-token",
        "Expiration": "2099-01-01T00:00:00Z"}))


@case("aws.credentials", "failed", r"ended with status 1.*no way out.*add "
      r"--with-proxy", r"sources of credentials")
def roles_anywhere_fails_without_proxy(host, **_):
    roles_anywhere(host, "echo no way out >&2; exit 1\n")


@case("aws.credentials", "failed", r"expired|has passed|AWS_CREDENTIAL_EXPI",
      r"sources of credentials|renew them")
def keys_that_expired(host, **_):
    host.env["AWS_SESSION_TOKEN"] = "sim-worker-token"
    host.env["AWS_CREDENTIAL_EXPIRATION"] = "2020-01-01T00:00:00Z"


@case("aws.region", "failed", r"no region", r"set region in \[aws\]")
def no_region(host, **_):
    del host.env["AWS_REGION"]


@case("aws.region", "failed", r"region", r"correct region in \[aws\]")
def malformed_region(host, **_):
    host.env["AWS_REGION"] = "US EAST"


@case("aws.region", "warning", r"no region named like moon-base-1",
      r"spelling", bad=True)
def odd_region(host, **_):
    host.env["AWS_REGION"] = "moon-base-1"
    host.sim.settings(codepipeline={"region": "moon-base-1"})
    host.register()


# the way to CodePipeline

@case("codepipeline.dns", "failed", r"codepipeline.invalid:443 has no address",
      r"correct AWS_ENDPOINT_URL_CODEPIPELINE.*name servers")
def codepipeline_without_address(host, **_):
    host.env["AWS_ENDPOINT_URL_CODEPIPELINE"] = "https://codepipeline.invalid"


@case("codepipeline.tcp", "failed", r"refuses the connection",
      r"check that the server runs")
def codepipeline_refuses(host, **_):
    host.env["AWS_ENDPOINT_URL_CODEPIPELINE"] = \
        "http://127.0.0.1:%d" % unused_port()


@case("codepipeline.tls", "failed", r"speaks plain http, not TLS",
      r"port that speaks TLS", bad=True)
def codepipeline_without_tls(host, **_):
    host.env["AWS_ENDPOINT_URL_CODEPIPELINE"] = \
        host.sim.urls["codepipeline"].replace("http:", "https:")


@case("codepipeline.tls", "failed", r"authority that is not trusted.*issuer "
      r"CN=quali-sim test CA", r"ca_file in \[aws\] or AWS_CA_BUNDLE",
      tls=True)
def codepipeline_untrusted(host, make_sim, ca, tmp_path, **_):
    host.set(cloudshell__ca_file=os.path.join(ca, "ca.pem"))
    plain = make_sim()
    plain.settings(codepipeline={"action_types": []})
    host.env["AWS_ENDPOINT_URL_STS"] = plain.urls["sts"]
    del host.env["AWS_CA_BUNDLE"]


@case("codepipeline.proxy", "failed", r"refuses to connect to .* \(HTTP 403\)",
      r"allow 127.0.0.1:\d+, or name the host in NO_PROXY", tls=True)
def proxy_refuses(host, make_sim, **_):
    proxy = host.keep(Proxy(403))
    host.env["https_proxy"] = "http://127.0.0.1:%d" % proxy.port
    host.set(cloudshell__url=make_sim().urls["cloudshell"])


@case("codepipeline.proxy", "failed", r"wants a user name and a password",
      r"into the proxy's URL", tls=True)
def proxy_wants_a_password(host, make_sim, **_):
    proxy = host.keep(Proxy(407))
    host.env["https_proxy"] = "http://127.0.0.1:%d" % proxy.port
    host.set(cloudshell__url=make_sim().urls["cloudshell"])


@case("codepipeline.proxy", "failed", r"opens no connection",
      r"name the host in NO_PROXY", tls=True, slow=True)
def proxy_hangs(host, make_sim, **_):
    proxy = host.keep(Proxy(None))
    host.env["https_proxy"] = "http://127.0.0.1:%d" % proxy.port
    host.set(cloudshell__url=make_sim().urls["cloudshell"])


@case("codepipeline.tcp", "failed", r"127.0.0.1:\d+ refuses the connection",
      r"correct https_proxy", tls=True)
def no_proxy_there(host, make_sim, **_):
    host.env["https_proxy"] = "http://127.0.0.1:%d" % unused_port()
    host.set(cloudshell__url=make_sim().urls["cloudshell"])


@case("codepipeline.dns", "failed", r"proxy.invalid:3128 has no address",
      r"correct HTTPS_PROXY", tls=True)
def proxy_without_address(host, make_sim, **_):
    host.env["HTTPS_PROXY"] = "http://proxy.invalid:3128"
    host.set(cloudshell__url=make_sim().urls["cloudshell"])


# identity, clock, permissions

@case("aws.identity", "failed", r"GetCallerIdentity: SignatureDoesNotMatch",
      r"replace the keys", bad=True)
def wrong_secret(host, **_):
    host.env["AWS_SECRET_ACCESS_KEY"] = "wrong"


@case("aws.identity", "failed", r"InvalidClientTokenId", r"replace the keys",
      bad=True)
def unknown_keys(host, **_):
    host.env["AWS_ACCESS_KEY_ID"] = "AKIANOBODYKNOWS"


@case("aws.identity", "failed", r"CodePipeline refuses the keys: "
      r".*UnrecognizedClientException", r"replace the keys")
def keys_that_codepipeline_refuses(host, **_):
    host.sim.fault("codepipeline", "*", "error", {
        "code": "UnrecognizedClientException", "status": 400,
        "message": "The security token is invalid"}, count=-1)


@case("aws.identity", "warning", r"root user of account 111122223333",
      r"qualictl policy")
def root_user(host, **_):
    host.sim.fault("sts", "GetCallerIdentity", "body", {
        "status": 200, "body": IDENTITY % (
            "arn:aws:iam::111122223333:root", "111122223333")}, count=-1)


@case("aws.identity", "warning", r"of account 444455556666, but the settings "
      r"say 111122223333", r"aws_account_id")
def another_account(host, **_):
    host.sim.settings(container={"with_account": True})
    del host.env["AWS_ACCESS_KEY_ID"], host.env["AWS_SECRET_ACCESS_KEY"]
    host.env.update(host.sim.container_env())
    host.sim.fault("sts", "GetCallerIdentity", "body", {
        "status": 200, "body": IDENTITY % (
            "arn:aws:iam::444455556666:user/x", "444455556666")}, count=-1)


@case("aws.identity", "warning", r"could not connect",
      r"does not need STS")
def no_sts(host, **_):
    host.env["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:%d" % unused_port()


@case("clock", "warning", r"clock is 1\d\d s behind AWS's", r"timedatectl")
def clock_behind(host, **_):
    host.sim.settings(codepipeline={"clock_offset_s": 120})


@case("clock", "failed", r"clock is \d{4} s ahead of AWS's", r"timedatectl",
      bad=True)
def clock_far_ahead(host, **_):
    host.sim.settings(codepipeline={"clock_offset_s": -4000})


def permission_cases():
    for operation in ("AcknowledgeJob", "GetJobDetails",
                      "PutJobSuccessResult", "PutJobFailureResult",
                      "PollForJobs"):
        def make(host, operation=operation, **_):
            host.sim.settings(codepipeline={
                "denied": ["codepipeline:" + operation]})
        make.__name__ = "denied_" + operation
        case("permission." + operation, "failed",
             operation + ": AccessDeniedException", r"qualictl policy")(make)


permission_cases()


@case("permission.AcknowledgeJob", "failed", r"AcknowledgeJob: HTTP 503|"
      r"no complete answer|AcknowledgeJob: ", r"see what answers")
def codepipeline_answers_nonsense(host, **_):
    host.sim.fault("codepipeline", "*", "html", count=-1)


@case("actions", "failed", r"Quali-End-Sandbox is not registered in us-east-2 "
      r"in any version", r"qualictl actions install.*first set portal_url")
def no_action_type(host, **_):
    host.sim.settings(codepipeline={"action_types": []})
    host.register("start-sandbox", "run-command")


@case("actions", "warning", r"polls for Quali-\S+ in version 11, too",
      r"versions of \[worker\]")
def version_not_registered(host, **_):
    host.set(worker__versions="10 11")


@case("actions", "warning", r"Quali-Start-Sandbox, version 10, is registered, "
      r"but differs from .*configurationProperties\[SandboxName\].description",
      r'raise "version" in /\S+/actions/start-sandbox.json and call')
def different_action_type(host, **_):
    folder = os.path.join(host.worker.folder, "actions")
    os.mkdir(folder)
    with open(os.path.join(SRC, "src", "actions", "start-sandbox.json"),
              encoding="utf-8") as f:
        definition = json.load(f)
    (named,) = [p for p in definition["configurationProperties"]
                if p["name"] == "SandboxName"]
    named["description"] = "Another one."
    with open(os.path.join(folder, "start-sandbox.json"), "w",
              encoding="utf-8") as f:
        json.dump(definition, f)


# the way to CloudShell

@case("cloudshell.dns", "failed", r"lab.invalid:82 has no address",
      r"correct url in \[cloudshell\] of /\S+/worker.conf")
def cloudshell_without_address(host, **_):
    host.set(cloudshell__url="http://lab.invalid:82")


@case("cloudshell.tcp", "failed", r"refuses the connection",
      r"check that the server runs.*url in \[cloudshell\]")
def cloudshell_refuses(host, **_):
    host.set(cloudshell__url="http://127.0.0.1:%d" % unused_port())


@case("cloudshell.tcp", "failed", r"does not answer within 5 s",
      r"firewall.*url in \[cloudshell\]", slow=True)
def cloudshell_behind_a_firewall(host, **_):
    """A listener whose queue is full drops what comes, as a firewall does."""
    full = host.keep(Listener())
    full.socket.listen(0)
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", full.port))
        full.open.append(s)
    host.set(cloudshell__url="http://127.0.0.1:%d" % full.port)


@case("cloudshell.tls", "failed", r"takes the connection, but does not answer",
      r"check that it speaks TLS", slow=True)
def cloudshell_hangs(host, **_):
    silent = host.keep(Listener())
    host.set(cloudshell__url="https://127.0.0.1:%d" % silent.port)


@case("cloudshell.tls", "failed", r"speaks plain http, not TLS",
      r"write http://127.0.0.1:\d+ in url", bad=True)
def cloudshell_without_tls(host, **_):
    host.set(cloudshell__url=host.sim.urls["cloudshell"].replace(
        "http:", "https:"))


@case("cloudshell.login", "failed", r"speaks TLS on this port, but the url "
      r"says http", r"write https:// in url", tls=True)
def cloudshell_with_tls(host, **_):
    host.set(cloudshell__url=host.sim.urls["cloudshell"].replace(
        "https:", "http:"))


@case("cloudshell.tls", "failed", r"no TLS with 127.0.0.1:\d+: ",
      r"check that it speaks TLS")
def cloudshell_speaks_something_else(host, **_):
    other = host.keep(Listener(lambda c: (c.sendall(b"220 mail ready\r\n"),
                                          c.recv(1), c.close())))
    host.set(cloudshell__url="https://127.0.0.1:%d" % other.port)


@case("cloudshell.tls", "failed", r"TLS older than 1.2", r"turn on TLS 1.2")
def cloudshell_with_old_tls(host, ca, **_):
    old = host.keep(old_tls(ca))
    host.set(cloudshell__url="https://127.0.0.1:%d" % old.port,
             cloudshell__ca_file=os.path.join(ca, "ca.pem"))


@case("cloudshell.tls", "failed", r"is self-signed and not trusted",
      r"trust it with these commands:\nopenssl s_client", tls=True)
def cloudshell_self_signed(host, ca, make_sim, tmp_path, **_):
    lab = make_sim(folder_of(ca, str(tmp_path / "lab"), "other"))
    host.set(cloudshell__url=lab.urls["cloudshell"])


@case("cloudshell.tls", "failed", r"is for another name.*elsewhere.invalid",
      r"write one of its names in url", tls=True)
def cloudshell_of_another_name(host, ca, make_sim, tmp_path, **_):
    lab = make_sim(folder_of(ca, str(tmp_path / "lab"), "wrong"))
    host.set(cloudshell__url=lab.urls["cloudshell"])


@case("cloudshell.tls", "failed", r"certificate of \S+ has expired",
      r"new certificate", tls=True)
def cloudshell_expired(host, ca, make_sim, tmp_path, **_):
    lab = make_sim(folder_of(ca, str(tmp_path / "lab"), "expired"))
    host.set(cloudshell__url=lab.urls["cloudshell"])


@case("cloudshell.tls", "failed", r"is not valid yet", r"this host's clock",
      tls=True)
def cloudshell_not_valid_yet(host, ca, make_sim, tmp_path, **_):
    lab = make_sim(certificate(ca, str(tmp_path / "lab"), "450101000000Z",
                               "460101000000Z"))
    host.set(cloudshell__url=lab.urls["cloudshell"])


@case("cloudshell.tls", "warning", r"expires at ", r"renewed", tls=True)
def cloudshell_expires_soon(host, ca, make_sim, tmp_path, **_):
    ends = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + 86400))
    lab = make_sim(certificate(ca, str(tmp_path / "lab"), "200101000000Z",
                               ends))
    host.set(cloudshell__url=lab.urls["cloudshell"])


@case("cloudshell.tls", "failed", r"cannot check the certificate",
      r"certificates in PEM form into /\S+", tls=True)
def no_certificate_in_ca_file(host, tmp_path, **_):
    path = tmp_path / "ca.pem"
    path.write_text("none here\n")
    host.set(cloudshell__ca_file=str(path))


@case("cloudshell.tls", "warning", r"verify = no", r"trust it with",
      tls=True)
def unverified(host, **_):
    host.set(cloudshell__verify="no", cloudshell__ca_file=None)


@case("cloudshell.tls", "warning", r"plain http: anybody on the way",
      r"turn on TLS in the server")
def plain_http(host, **_):
    """A name that is not loopback's, by a proxy that goes there."""
    proxy = host.keep(Listener(lambda c: forward(
        c, host.sim.urls["cloudshell"])))
    host.env["http_proxy"] = "http://127.0.0.1:%d" % proxy.port
    host.env["no_proxy"] = "127.0.0.1"
    host.set(cloudshell__url="http://lab.example:82")


def forward(connection, url):
    """Pass one request to http://lab.example:82 on to the simulator."""
    port = int(url.rsplit(":", 1)[1])
    data = connection.recv(65536)
    if not data:
        return
    with socket.create_connection(("127.0.0.1", port)) as other:
        while data:
            other.sendall(data.replace(b"http://lab.example:82/", b"/", 1))
            connection.sendall(other.recv(65536))
            data = connection.recv(65536)
    connection.close()


# CloudShell itself

@case("cloudshell.login", "failed", r"refused the login of user \"ci\" to "
      r"domain \"Global\"", r"user and domain stand in /\S+/worker.conf, the "
      r"password in /\S+/password")
def wrong_password(host, **_):
    host.worker.write_password("another one")


@case("cloudshell.login", "failed", r"refused the login of user \"ci\" to "
      r"domain \"Moon\"", r"user and domain stand in")
def wrong_domain(host, **_):
    host.set(cloudshell__domain="Moon")


@case("cloudshell.login", "failed", r"is not a CloudShell Sandbox API",
      r"correct url in \[cloudshell\]")
def another_server(host, **_):
    host.sim.fault("cloudshell", "*", "html", count=-1)


@case("cloudshell.login", "failed", r"CloudShell", r"or the server",
      slow=True)
def login_hangs(host, **_):
    host.sim.fault("cloudshell", "Login", "hang", count=-1)


@case("cloudshell.blueprints", "warning", r"sees no blueprint in domain",
      r"make some public")
def no_blueprints(host, **_):
    host.sim.settings(cloudshell={"blueprints": []})


@case("cloudshell.blueprints", "failed", r"Invalid Api call|no such call|"
      r"not have", r"version 2 of the Sandbox API")
def old_api(host, **_):
    host.sim.fault("cloudshell", "ListBlueprints", "error", {
        "status": 404, "message": "Invalid Api call"}, count=-1)


@pytest.mark.parametrize("c", params())
def test_one_fault(host, c, make_sim, ca, tmp_path):
    """The fault's line alone is wrong; what depends on it is skipped, and all
    else is well."""
    c.make(host, make_sim=make_sim, ca=ca, tmp_path=tmp_path)
    report = host.check()
    assert {(line["name"], line["status"]) for line in report.wrong()} == \
        {(c.name, c.status)}, report.output
    assert any(re.search(c.text, line["text"]) and
               re.search(c.remedy, line["remedy"])
               for line in report.wrong()), report.output
    assert report.status == (1 if c.status == "failed" else 0)
    secrets_stay(report)
    if c.slow:
        return
    text = host.check(text=True)
    assert text.returncode == report.status
    assert text_states(text.stdout) == report.states()
    for line in report.wrong():
        assert re.search(r"^%s +%s " % (c.status, re.escape(c.name)),
                         text.stdout, re.M)


def test_tries_one_login(host):
    """Accounts get locked."""
    host.worker.write_password("another one")
    host.check()
    assert len(host.sim.requests("cloudshell", "Login")) == 1


def test_permission_that_the_worker_does_not_need(host):
    """Polls tell what is registered where the list is not allowed."""
    host.sim.settings(codepipeline={
        "denied": ["codepipeline:ListActionTypes"]})
    report = host.check()
    assert report.status == 0 and not report.wrong(), report.output
    assert report.one("permission.ListActionTypes")["status"] == "skipped"
    line = report.one("actions")
    assert line["status"] == "ok" and "not compared" in line["text"]
    host.sim.settings(codepipeline={"action_types": []})
    report = host.check()
    assert {(line["name"], line["status"]) for line in report.wrong()} == {
        ("actions", "failed")}, report.output


@pytest.mark.parametrize("running", [False, True])
def test_polls_with_a_query(host, running):
    """With a queryable property it polls beside a worker, too, for a value that
    no job has."""
    sim, worker = host.sim, host.worker
    shutil.copytree(os.path.join(SRC, "src", "actions", "by-server"),
                    os.path.join(worker.folder, "actions"))
    host.set(worker__versions="10s", worker__query="lab-1")
    host.register()
    if running:
        sim.settings(cloudshell={"setup": "never"})
        worker.start()
    job = sim.job_add("start-sandbox", version="10s", configuration=start(
        Server="lab-1"))
    if running:
        sim.wait_requests("cloudshell", "GetSandbox")
    is_healthy(host)
    asked = [json_of(n)["queryParam"]["Server"] for n in sim.requests(
        "codepipeline", "PollForJobs")]
    ours = [a for a in asked if a != "lab-1"]
    assert len(ours) == 3 and all(a.startswith("qualictl-") for a in ours)
    assert sim.job(job)["deliveries"] == (1 if running else 0)


def test_usage(host):
    done = run_check(host.worker, "operand", text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert "takes only options" in done.stderr
