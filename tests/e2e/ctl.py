"""Runs qualictl and aws-cli for one person, against the simulator."""
import json
import os
import pty
import select
import shutil
import subprocess
import tempfile

from sim import PATIENCE_S, PASSWORD, REGION, WORKER_KEY, WORKER_SECRET

OK, FAILED, USAGE, DENIED = 0, 1, 2, 77
NAMES = ["start-sandbox", "run-command", "end-sandbox"]
SANITIZER = "Sanitizer"


class Ctl:
    """A configuration and an environment; settings and env change them."""

    def __init__(self, sim, build, src, settings=None, env=None):
        self.sim, self.build, self.src = sim, build, src
        self.program = os.path.join(build, "qualictl")
        self.folder = tempfile.mkdtemp(prefix="qjw-ctl-")
        self.conf = os.path.join(self.folder, "worker.conf")
        self.actions = os.path.join(self.folder, "actions")
        os.mkdir(self.actions)
        self.said = []          # all that was printed
        self.env = self.environment(env or {})
        self.write_conf(settings or {})

    def environment(self, changes):
        env = {
            "PATH": "/usr/bin:/bin", "HOME": self.folder,
            "AWS_ACCESS_KEY_ID": WORKER_KEY,
            "AWS_SECRET_ACCESS_KEY": WORKER_SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_CODEPIPELINE": self.sim.urls["codepipeline"],
            "AWS_ENDPOINT_URL_STS": self.sim.urls["sts"],
        }
        env.update((k, os.environ[k]) for k in (
            "ASAN_OPTIONS", "UBSAN_OPTIONS") if k in os.environ)
        env.update(changes)
        return {k: v for k, v in env.items() if v is not None}

    def write_conf(self, settings):
        known = {
            "cloudshell.portal_url": "https://portal.lab.example",
            "aws.region": REGION,
            "worker.data_dir": os.path.join(self.src, "src"),
            "worker.actions_dir": self.actions,
            "worker.libexec_dir": self.build,
        }
        known.update(settings)
        with open(self.conf, "w", encoding="utf-8") as f:
            for name, value in known.items():
                section, _, setting = name.partition(".")
                if value is not None:
                    f.write("[%s]\n%s = %s\n" % (section, setting, value))

    # --- definitions ---

    def shipped(self, name):
        with open(os.path.join(self.src, "src", "actions", name + ".json"),
                  encoding="utf-8") as f:
            return json.load(f)

    def define(self, name, definition):
        """Put a file of one's own before the shipped one."""
        path = os.path.join(self.actions, name + ".json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(definition if isinstance(definition, str)
                    else json.dumps(definition))
        return path

    # --- runs ---

    def run(self, *args, status=OK, stdin=subprocess.DEVNULL, conf=True,
            **more):
        """(stdout, stderr) of a run that ends with this status."""
        command = [self.program] + (["-f", self.conf] if conf else [])
        done = subprocess.run(
            command + list(args), env=self.env, stdin=stdin,
            capture_output=True, timeout=PATIENCE_S, check=False, **more)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.said += [out, err]
        assert SANITIZER not in err, err
        assert done.returncode == status, (done.returncode, out, err)
        return out, err

    def json(self, *args, status=OK):
        out, _ = self.run("-j", *args, status=status)
        return json.loads(out)

    def states(self, *names):
        """{(provider, version): row of actions list}"""
        return {(r["provider"], r["version"]): r
                for r in self.json("actions", "list", *names)["types"]}

    def on_terminal(self, typed, *args):
        """(exit status, what the terminal showed) with something typed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(self.program, [self.program, "-f", self.conf, *args],
                      self.env)
        shown = b""
        try:
            while b"[y/N]" not in shown:
                assert select.select([terminal], [], [], PATIENCE_S)[0], shown
                shown += os.read(terminal, 4096)
            os.write(terminal, typed.encode())
            while select.select([terminal], [], [], PATIENCE_S)[0]:
                shown += os.read(terminal, 4096)
        except OSError:         # the other end is closed
            pass
        finally:
            os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.said.append(shown.decode())
        return status, shown.decode()

    def aws(self, *args, status=0):
        """Debian's aws-cli; its stdout."""
        done = subprocess.run(
            ["/usr/bin/aws", "codepipeline", "--endpoint-url",
             self.sim.urls["codepipeline"], "--region", REGION,
             "--no-cli-pager", "--output", "json", *args],
            env=dict(self.env, LANG="C.UTF-8"), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == status, done.stderr.decode()
        return done.stdout.decode()

    def leaks(self):
        return ["a secret in what qualictl said"
                for text in self.said for secret in (WORKER_SECRET, PASSWORD)
                if secret in text]

    def remove(self):
        shutil.rmtree(self.folder)
