"""aws-credentials while somebody writes AWS's files, and programs that
misbehave."""
import json
import os
import subprocess
import tempfile

import pytest

from resolver import PROGRAM, run
from sim import PATIENCE_S, wait_for

WHOLE = ("[default]\naws_access_key_id = AKIDWHOLE\n"
         "aws_secret_access_key = hidden\n")
LATE = "AWS's files changed a moment ago"
# What is there while somebody writes the file.
HALVES = {
    "empty": "", "half a section": "[defa", "half a line": WHOLE[:30],
    "half a pair": WHOLE[:40], "no profile": "[other]\nregion = a-b-1\n",
}


@pytest.fixture(name="home")
def fixture_home(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path


def environment(home, **more):
    return dict({"PATH": "/usr/bin:/bin", "HOME": str(home),
                 "AWS_EC2_METADATA_DISABLED": "true",
                 "AWS_REGION": "us-east-2"}, **more)


def begin(env):
    return subprocess.Popen([PROGRAM], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def waits(process):
    """Whether it watches the folder."""
    folder = "/proc/%d/fd" % process.pid
    try:
        return any("inotify" in os.readlink(os.path.join(folder, fd))
                   for fd in os.listdir(folder))
    except FileNotFoundError:
        return process.poll() is not None


def finish(process):
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@pytest.mark.parametrize("profile", [None, "default"])
@pytest.mark.parametrize("how", ["in place", "by another file"])
@pytest.mark.parametrize("half", HALVES)
def test_half_written(home, half, how, profile):
    path = home / ".aws" / "credentials"
    path.write_text(HALVES[half])
    env = environment(home)
    if profile:
        env["AWS_PROFILE"] = profile
    process = begin(env)
    wait_for(lambda: waits(process), "its wait")
    if how == "in place":
        path.write_text(WHOLE)
    else:
        (home / "new").write_text(WHOLE)
        os.rename(home / "new", path)
    status, out, err = finish(process)
    assert (status, err) == (0, "")
    assert json.loads(out)["AccessKeyId"] == "AKIDWHOLE"


@pytest.mark.parametrize("half", HALVES)
def test_stays_half(home, half):
    """The error is that of the file, and says that it is fresh."""
    (home / ".aws" / "credentials").write_text(HALVES[half])
    got = run(environment(home, AWS_PROFILE="default"))
    assert got.returncode == 1 and LATE in got.stderr
    assert "hidden" not in got.stderr


@pytest.mark.parametrize("half", HALVES)
def test_old_file(home, half):
    path = home / ".aws" / "credentials"
    path.write_text(HALVES[half])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    got = run(environment(home, AWS_PROFILE="default"))
    assert got.returncode == 1 and LATE not in got.stderr


def test_environment_does_not_wait(home):
    (home / ".aws" / "credentials").write_text("")
    process = begin(environment(home, AWS_ACCESS_KEY_ID="A",
                                AWS_SECRET_ACCESS_KEY="B"))
    status, out, _ = finish(process)
    assert status == 0 and json.loads(out)["AccessKeyId"] == "A"


def test_file_being_written_is_not_another_identity(home, make_sim):
    """An empty file does not lead on to the container while it is fresh, but
    does when nobody fills it."""
    sim = make_sim()
    env = environment(home, **sim.container_env())
    path = home / ".aws" / "credentials"
    path.write_text("")
    process = begin(env)
    wait_for(lambda: waits(process), "its wait")
    path.write_text(WHOLE)
    status, out, _ = finish(process)
    assert status == 0 and json.loads(out)["Source"] == "profile"
    assert not sim.requests("container")
    path.write_text("")
    status, out, err = finish(begin(env))
    assert (status, err) == (0, "")
    assert json.loads(out)["Source"] == "container"


# --- programs that misbehave ---

MISBEHAVE = {
    "endless": ("yes hidden", ["wrote more than 64 KiB"]),
    "endless errors": ("head -c 1000000 /dev/zero | tr '\\\\0' x >&2; exit 1",
                       ["ended with status 1. It said: "]),
    "killed": ("kill -9 $$", ["died of signal 9"]),
    "huge JSON": ("echo '{\"Version\": 1}'; head -c 70000 /dev/zero",
                  ["wrote more than 64 KiB"]),
    "many values": ("printf '['; head -c 60000 /dev/zero | tr '\\\\0' ,",
                    ["JSON with more than"]),
    "deep": ("head -c 60000 /dev/zero | tr '\\\\0' [",
             ["printed no JSON: ", "nested too deep"]),
    "NUL": ("printf '{\"Version\": 1}\\\\0hidden'", ["printed no JSON"]),
    "prints its keys on stderr": (
        "echo '{\"SecretAccessKey\": \"hidden\"}' >&2; exit 1",
        ["It said: {\"SecretAccessKey\": \"***\"}"]),
    "control characters": ("printf 'a\\\\033[31mb\\\\nc' >&2; exit 1",
                           ["It said: a [31mb c"]),
    "its own output on stderr": (
        "echo '{\"x\": \"hid/den\"}' | tee /dev/stderr",
        ["Version is not the number 1", "\"***\""]),
}


@pytest.mark.parametrize("how", MISBEHAVE)
def test_process_misbehaves(home, how):
    script, words = MISBEHAVE[how]
    config = home / ".aws" / "config"
    config.write_text("[default]\ncredential_process = /bin/sh -c \"%s\"\n" %
                      script.replace('"', '\\"'))
    os.utime(config, (1_700_000_000, 1_700_000_000))
    got = run(environment(home))
    assert (got.returncode, got.stdout) == (1, "")
    assert got.stderr.count("\n") == 1
    assert ("credential_process of profile default of %s: /bin/sh " % config
            in got.stderr)
    for word in words:
        assert word in got.stderr
    for secret in ("hidden", "hid/den"):
        assert secret not in got.stderr


def test_child_that_holds_the_pipe(home):
    config = home / ".aws" / "config"
    config.write_text(
        "[default]\ncredential_process = /bin/sh -c 'sleep 1000 & echo $! >"
        "%s; echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"A\\\", "
        "\\\"SecretAccessKey\\\": \\\"B\\\"}\"'\n" % (home / "pid"))
    os.utime(config, (1_700_000_000, 1_700_000_000))
    got = run(environment(home))
    assert (got.returncode, got.stderr) == (0, "")
    assert json.loads(got.stdout)["AccessKeyId"] == "A"
    pid = int((home / "pid").read_text())

    def gone():
        try:
            with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
                return f.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True
    wait_for(gone, "the end of its child")


def test_proxy_and_roles_anywhere(home):
    helper = home / "aws_signing_helper"
    helper.write_text("#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": "
                      "\"A\", \"SecretAccessKey\": \"B\"}'\n")
    helper.chmod(0o700)
    config = home / ".aws" / "config"
    for option, warned in (("", True), (" --with-proxy", False)):
        config.write_text("[default]\ncredential_process = %s credential-"
                          "process%s\n" % (helper, option))
        os.utime(config, (1_700_000_000, 1_700_000_000))
        for proxy in ({}, {"HTTPS_PROXY": "http://127.0.0.1:1"}):
            answer = json.loads(run(environment(home, **proxy)).stdout)
            assert any("--with-proxy" in w for w in answer["Warnings"]) == (
                warned and bool(proxy))
    helper.write_text("#!/bin/sh\nexit 1\n")
    config.write_text("[default]\ncredential_process = %s credential-process"
                      "\n" % helper)
    os.utime(config, (1_700_000_000, 1_700_000_000))
    got = run(environment(home, HTTPS_PROXY="http://127.0.0.1:1"))
    assert got.returncode == 1 and "add --with-proxy" in got.stderr


def test_closed_folder(sim):
    """A folder that this user may not search may hold another identity than
    the next source: the look-up does not go on to that one. A home folder
    that is hidden as a whole counts as none."""
    user = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as home:
        aws = os.path.join(home, ".aws")
        os.mkdir(aws)
        env = {"HOME": home, "AWS_REGION": "us-east-2", **sim.imds_env()}

        def look():
            return subprocess.run(
                [PROGRAM], env=env, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=PATIENCE_S,
                check=False, **user)
        os.chmod(home, 0o755)
        assert '"Source":"ec2"' in look().stdout
        os.chmod(aws, 0)
        closed = look()
        assert closed.returncode != 0 and not closed.stdout
        assert "%s/credentials: Permission denied" % aws in closed.stderr
        os.chmod(home, 0)
        assert '"Source":"ec2"' in look().stdout
        os.chmod(home, 0o700)
