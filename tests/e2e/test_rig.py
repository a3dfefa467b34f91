"""What the Simulator class says of the sources of credentials, with botocore
in a process of its own as the program that looks for them."""
import json
import subprocess

import pytest

from sim import REGION

LOOK = """
import json, botocore.session
s = botocore.session.Session()
found = s.get_credentials()
keys = found.get_frozen_credentials() if found else None
print(json.dumps(keys and [found.method, *keys]))
"""


def look(tmp_path, env):
    """[method, key id, secret, token] that botocore finds, or None."""
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
             "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    given.update(env)
    out = subprocess.run(["/usr/bin/python3", "-c", LOOK], env=given,
                         check=True, timeout=60, stdout=subprocess.PIPE,
                         cwd=str(tmp_path)).stdout
    return json.loads(out)


@pytest.mark.parametrize("origin, method", [
    ("container", "container-role"), ("imds", "iam-role")])
def test_sources(sim, tmp_path, origin, method):
    """botocore finds what the simulator says it handed out."""
    env = {"container": sim.container_env(), "imds": sim.imds_env()}[origin]
    found = look(tmp_path, env)
    (told,) = sim.sessions()
    assert told["origin"] == origin
    assert found == [method, told["accessKeyId"], told["secretAccessKey"],
                     told["sessionToken"]]
    assert sim.sessions("sts") == []
    sim.expire_sessions(origin)
    assert sim.sessions()[0]["expired"]


def test_no_source(sim, tmp_path):
    """Nothing of the machine comes in from elsewhere."""
    assert look(tmp_path, sim.sts_env()) is None
    assert sim.requests() == []


def test_deny(sim):
    """Permissions are taken away and given back."""
    sim.deny("codepipeline:ListPipelines")
    assert sim.ask("GET", "/settings")["codepipeline"]["denied"] == \
        ["codepipeline:ListPipelines"]
    sim.deny()
    assert sim.ask("GET", "/settings")["codepipeline"]["denied"] == []


@pytest.mark.cloudshell_tls("other")
def test_marker(sim):
    """The marker gives the simulator its other port."""
    assert sim.urls["cloudshell_tls"].startswith("https://127.0.0.1:")
