"""Fixtures of the simulator's own tests.

QUALI_SIM: path of the simulator.
"""
import os
import subprocess

import pytest

from rig import HERE, Sim


@pytest.fixture(scope="session", name="ca")
def fixture_ca(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("ca"))
    subprocess.run([os.path.join(HERE, "make-ca"), folder], check=True,
                   env={"PATH": "/usr/bin:/bin"}, timeout=60)
    return folder


@pytest.fixture(scope="session", params=["plain", "tls"],
                name="running")
def fixture_running(request, tmp_path_factory, ca):
    folder = str(tmp_path_factory.mktemp("sim"))
    s = Sim(folder, ca if request.param == "tls" else None)
    yield s
    s.stop()


@pytest.fixture(name="sim")
def fixture_sim(running):
    running.admin("POST", "/reset", {})
    return running


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Nothing of the caller's reaches botocore."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy") or \
                name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
