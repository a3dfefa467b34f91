"""Everything over TLS, and what happens when a certificate is wrong."""
import os
import shutil

import pytest

from actions import run_whole, start

pytestmark = pytest.mark.tls


def test_whole_pipeline(sim, worker):
    """AWS_CA_BUNDLE and cloudshell.ca_file carry a whole pipeline."""
    assert worker.running()
    assert sim.urls["codepipeline"].startswith("https://")
    run_whole(sim)
    (box,) = sim.sandboxes()
    assert box["stops"] == 1


def test_aws_ca_file_setting(sim, make_worker):
    """aws.ca_file does what AWS_CA_BUNDLE does."""
    bundle = os.path.join(sim.tls, "ca.pem")
    make_worker({"aws.ca_file": bundle}, {"AWS_CA_BUNDLE": None}).start()
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))


def test_unknown_ca_of_aws(sim, make_worker):
    """Without the CA nothing is sent to AWS, and the log says why."""
    worker = make_worker(env={"AWS_CA_BUNDLE": None}).start(ready=False)
    worker.wait_stderr(r"(?i)certificate|ssl|tls")
    assert worker.running() and sim.requests("codepipeline") == []


def test_unknown_ca_of_cloudshell(sim, make_worker):
    """Without the CA the worker does not send the password, and tells the
    author."""
    make_worker({"cloudshell.ca_file": None}).start()
    console = sim.failed(sim.job_add("start-sandbox", configuration=start()))
    assert "certificate" in console["message"].lower()
    assert sim.requests("cloudshell") == []


def test_certificates_of_a_running_job(sim, make_worker, tmp_path):
    """A job goes on with the certificates it began with; the next one tells
    which file is missing."""
    bundle = str(tmp_path / "ca.pem")
    shutil.copy(os.path.join(sim.tls, "ca.pem"), bundle)
    worker = make_worker({"cloudshell.ca_file": bundle}).start()
    sim.settings(cloudshell={"setup": "never"})
    job = sim.job_add("start-sandbox", configuration=start())
    sim.wait_requests("cloudshell", "GetSandbox")
    os.unlink(bundle)
    before = len(sim.requests("cloudshell", "GetSandbox"))
    sim.wait_requests("cloudshell", "GetSandbox", before + 3)
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)
    later = sim.failed(sim.job_add("start-sandbox", configuration=start()))
    assert later["type"] == "SystemUnavailable", later
    assert "cloudshell.ca_file: %s: No such file" % bundle in \
        later["message"], worker.stderr()


def test_certificates_with_remarks(sim, make_worker, tmp_path):
    """What stands between the certificates may be in any encoding, and lines
    may end as on other systems."""
    bundle = str(tmp_path / "ca.pem")
    with open(os.path.join(sim.tls, "ca.pem"), "rb") as f:
        text = f.read()
    with open(bundle, "wb") as f:
        f.write(b"# Autorit\xe9 d'essai\r\n" + text.replace(b"\n", b"\r\n"))
    make_worker({"cloudshell.ca_file": bundle}).start()
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))


def test_file_without_certificates(sim, make_worker, tmp_path):
    """A file that holds none is told as what it is."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("none here\n")
    make_worker({"cloudshell.ca_file": str(bundle)}).start()
    console = sim.failed(sim.job_add("start-sandbox", configuration=start()))
    assert console["type"] == "ConfigurationError", console
    assert "cannot check the certificate" in console["message"]
    assert "ca_file" in console["message"]
    assert sim.requests("cloudshell") == []


def test_verify_off_is_for_cloudshell_alone(sim, make_worker):
    """verify = no reaches a CloudShell server with any certificate."""
    make_worker({"cloudshell.ca_file": None,
                 "cloudshell.verify": "no"}).start()
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))


def start_at(sim, make_worker, other, trusted):
    """A job that starts a sandbox at another simulator's CloudShell."""
    job = sim.job_add("start-sandbox", configuration=start())
    make_worker({"cloudshell.url": other.urls["cloudshell_tls"],
                 "cloudshell.ca_file": trusted}).start()
    return job


@pytest.mark.parametrize("name", ["wrong", "expired", "unknown", "other"])
def test_bad_certificates_of_cloudshell(sim, make_worker, make_sim, ca, name):
    """For another name, expired, of an unknown CA, self-signed: refused, and
    no password is sent."""
    other = make_sim(cloudshell_tls=os.path.join(ca, name))
    job = start_at(sim, make_worker, other, os.path.join(ca, "ca.pem"))
    assert "certificate" in sim.failed(job)["message"].lower()
    assert other.requests("cloudshell") == []


@pytest.mark.parametrize("name, trusted", [("other", "other"),
                                           ("unknown", "private")])
def test_certificates_of_a_lab(sim, make_worker, make_sim, ca, name, trusted):
    """A self-signed certificate may be trusted itself, and a private CA."""
    other = make_sim(cloudshell_tls=os.path.join(ca, name))
    sim.succeeded(start_at(sim, make_worker, other,
                           os.path.join(ca, trusted + ".pem")))
    assert other.requests("cloudshell", "StartSandbox")
