"""The certificates of make-ca, seen through the simulated CloudShell."""
import http.client
import json
import os
import ssl
import subprocess
import urllib.parse

import pytest

from rig import Sim


@pytest.fixture(name="start")
def fixture_start(tmp_path, ca):
    """start(name): a simulator whose CloudShell has this certificate."""
    started = []

    def start(name):
        started.append(Sim(str(tmp_path), cloudshell_tls=os.path.join(
            ca, name)))
        return started[-1]

    yield start
    for s in started:
        s.stop()


def login(sim, trusted):
    """Status of a login over TLS; trusted: file of certificates."""
    u = urllib.parse.urlsplit(sim.urls["cloudshell_tls"])
    assert u.scheme == "https"
    c = http.client.HTTPSConnection(
        u.hostname, u.port, timeout=10,
        context=ssl.create_default_context(cafile=trusted))
    c.request("PUT", "/api/login", json.dumps({
        "username": "ci", "domain": "Global", "password": "sim-password"}),
        {"Content-Type": "application/json"})
    status = c.getresponse().status
    c.close()
    return status


@pytest.mark.parametrize("name, trusted, words", [
    ("server", "ca", None),
    ("other", "other", None),
    ("other", "ca", "self-signed certificate"),
    ("unknown", "private", None),
    ("unknown", "ca", "self-signed certificate in certificate chain"),
    ("expired", "ca", "certificate has expired"),
    ("wrong", "ca", "IP address mismatch"),
])
def test_certificates(start, ca, name, trusted, words):
    sim = start(name)
    trusted = os.path.join(ca, trusted + ".pem")
    if words is None:
        assert login(sim, trusted) == 200
        assert sim.requests()[-1]["operation"] == "Login"
    else:
        with pytest.raises(ssl.SSLCertVerificationError) as e:
            login(sim, trusted)
        assert words in str(e.value)


def test_both_speak_for_one_cloudshell(start, ca):
    """A token from the one is good for the other."""
    sim = start("server")
    assert sim.urls["cloudshell"].startswith("http://")
    assert login(sim, os.path.join(ca, "ca.pem")) == 200
    sim.login()
    assert [n["operation"] for n in sim.requests("?service=cloudshell")] == \
        ["Login", "Login"]


def test_no_port_without_the_option(sim):
    assert "cloudshell_tls" not in sim.urls


def test_missing_certificate(tmp_path):
    made = subprocess.run(
        [os.environ["QUALI_SIM"], "--ports", str(tmp_path / "ports"),
         "--cloudshell-tls", str(tmp_path / "none")],
        env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, timeout=20)
    assert made.returncode == 1 and b"none.pem" in made.stderr


def test_make_ca_says_why_it_fails(tmp_path):
    """A folder it cannot write into; its own messages and openssl's."""
    (tmp_path / "ca.key").mkdir()
    made = subprocess.run(
        [os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-ca"),
         str(tmp_path)], env={"PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE, timeout=60)
    assert made.returncode != 0 and b"ca.key" in made.stderr
