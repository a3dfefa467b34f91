"""Real names of AWS's hosts, through a proxy that leads to the simulator: which
host each process asks for, and who is not asked through the proxy."""
import os
import shutil
import subprocess
import tempfile

import pytest

from actions import artifact_of, members, run, run_job, start
from conftest import SRC
from faults import told
from proxy import Proxy
from sim import REGION, header_of, wait_for

pytestmark = pytest.mark.tls
AWS = "amazonaws.com"
BUCKET = "sim-artifacts"
NAMES = ["codepipeline.us-east-2." + AWS, "codepipeline-fips.us-east-2." + AWS,
         "codepipeline.us-east-2.api.aws",
         "codepipeline-fips.us-east-2.api.aws",
         "s3.us-east-2." + AWS, "s3.dualstack.us-east-2." + AWS,
         "*.s3.us-east-2." + AWS, "*.s3.eu-west-1." + AWS,
         "*.s3-fips.us-east-2." + AWS, "*.s3.dualstack.us-east-2." + AWS,
         "*.s3-fips.dualstack.us-east-2." + AWS]


@pytest.fixture(scope="module", name="ca")
def fixture_ca():
    """A test CA, and a server that is AWS."""
    folder = tempfile.mkdtemp(prefix="qjw-ca-")
    subprocess.run([os.path.join(SRC, "tests", "sim", "make-ca"), folder,
                    *NAMES], check=True, timeout=60,
                   env={"PATH": "/usr/bin:/bin"})
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(name="proxy")
def fixture_proxy(sim):
    made = Proxy(("codepipeline", sim.urls["codepipeline"]),
                 ("s3", sim.urls["s3"]))
    yield made
    made.close()


@pytest.fixture(name="behind")
def fixture_behind(make_worker, proxy):
    """behind(settings, env): a worker without an endpoint of its own, whose
    way to AWS is the proxy. CloudShell is next to it."""
    def make(settings=None, env=None):
        given = {"AWS_ENDPOINT_URL_CODEPIPELINE": None,
                 "AWS_ENDPOINT_URL_S3": None, "HTTPS_PROXY": proxy.url,
                 "NO_PROXY": "127.0.0.1"}
        given.update(env or {})
        return make_worker(settings, given)
    return make


def both_ways(sim):
    """A job that reads an artifact and writes one."""
    job = sim.job_add("run-command", configuration=run(), outputs=1,
                      input=artifact_of(sim.sandbox_add()))
    (output,) = sim.succeeded(job)["outputs"]
    assert members(sim.object(output)) != {}
    return job


# --- names of hosts, end to end ---

@pytest.mark.parametrize("fips, dualstack, codepipeline, s3", [
    (False, False, NAMES[0], "s3.us-east-2." + AWS),
    (True, False, NAMES[1], "s3-fips.us-east-2." + AWS),
    (False, True, NAMES[2], "s3.dualstack.us-east-2." + AWS),
    (True, True, NAMES[3], "s3-fips.dualstack.us-east-2." + AWS)])
def test_names(sim, behind, proxy, fips, dualstack, codepipeline, s3):
    """Supervisor and executor ask the proxy for AWS's own names, and trust
    AWS_CA_BUNDLE; nothing else goes through the proxy."""
    behind(env={"AWS_USE_FIPS_ENDPOINT": str(fips),
                "AWS_USE_DUALSTACK_ENDPOINT": str(dualstack)}).start()
    both_ways(sim)
    assert proxy.hosts() == {codepipeline, BUCKET + "." + s3}
    assert {a.rpartition(":")[2] for a in proxy.asked} == {"443"}
    for note in sim.requests("s3"):
        assert note["target"].count("/") > 1
        assert not note["target"].startswith("/" + BUCKET)
        assert header_of(note, "host") == BUCKET + "." + s3


def test_bucket_with_dots(sim, behind, proxy):
    """The certificate does not cover its name in the host, so it stands in
    the path; a dual-stack host takes it, too."""
    sim.settings(s3={"bucket": "sim.artifacts"})
    worker = behind().start()
    both_ways(sim)
    worker.stop()
    behind(env={"AWS_USE_DUALSTACK_ENDPOINT": "true"}).start()
    both_ways(sim)
    assert {h for h in proxy.hosts() if "s3" in h} == {
        "s3.us-east-2." + AWS, "s3.dualstack.us-east-2." + AWS}
    for note in sim.requests("s3"):
        assert note["target"].startswith("/sim.artifacts/")


def test_bucket_with_dots_and_fips(sim, behind, proxy):
    """FIPS endpoints do not take it: a text, not an error of DNS or TLS."""
    sim.settings(s3={"bucket": "sim.artifacts"})
    behind(env={"AWS_USE_FIPS_ENDPOINT": "true"}).start()
    told(sim, run_job(sim, sim.sandbox_add()), "ConfigurationError",
         "input artifact s3://sim.artifacts", "FIPS endpoints",
         "another artifact bucket", "AWS_USE_FIPS_ENDPOINT")
    assert proxy.hosts() == {NAMES[1]}


@pytest.mark.bad_signatures     # the oracle knows one region
def test_bucket_in_another_region(sim, behind, proxy):
    """The executor follows S3 to the region's own host, and stays there."""
    sim.settings(s3={"bucket_region": "eu-west-1"})
    behind().start()
    both_ways(sim)
    assert proxy.hosts() == {NAMES[0], BUCKET + ".s3.us-east-2." + AWS,
                             BUCKET + ".s3.eu-west-1." + AWS}
    notes = sim.requests("s3")
    assert [(n["operation"], n["status"], header_of(n, "host").split(".")[2])
            for n in notes] == [
        ("GetObject", 301, "us-east-2"), ("GetObject", 200, "eu-west-1"),
        ("PutObject", 200, "eu-west-1")]
    assert all("/eu-west-1/s3/" in header_of(n, "authorization")
               for n in notes[1:])


@pytest.mark.bad_signatures
def test_bucket_in_another_partition(sim, behind, proxy):
    """There the job's credentials are worth nothing: nobody is asked."""
    sim.settings(s3={"bucket_region": "cn-north-1"})
    behind().start()
    told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
         "PermanentRedirect", "is not found in region us-east-2")
    assert not any("cn-north-1" in h for h in proxy.hosts())
    assert len(sim.requests("s3")) == 1


# --- who goes through the proxy ---

@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_variables(sim, make_worker, proxy, name):
    """Without NO_PROXY each of the three services is asked through it."""
    make_worker(env={name: proxy.url}).start()
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
    assert set(proxy.asked) == {sim.urls[x].rpartition("/")[2] for x in (
        "codepipeline", "s3", "cloudshell")}


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_exceptions(sim, make_worker, proxy, name):
    """With it, none is."""
    make_worker(env={"https_proxy": proxy.url, name: "127.0.0.1"}).start()
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
    assert proxy.asked == []


def test_password_of_the_proxy(sim, behind, proxy):
    """It goes to the proxy alone, and appears nowhere."""
    sim.secrets["proxy"] = "hunter2-proxy"
    behind(env={"HTTPS_PROXY": proxy.url.replace(
        "//", "//worker:hunter2-proxy@")}).start()
    both_ways(sim)
    assert proxy.heads and all(any(
        line.startswith("Proxy-Authorization: Basic ") for line in head)
        for head in proxy.heads)
    assert not any(header_of(n, "proxy-authorization")
                   for n in sim.requests())


def test_proxy_that_refuses(sim, behind, proxy):
    """The text says what could not be reached; when the proxy lets it
    through, the worker goes on."""
    routes, proxy.routes = proxy.routes, ()
    worker = behind({"worker.poll_interval": "100ms"}).start()
    worker.wait_stderr(r"PollForJobs: could not .*codepipeline\.us-east-2\."
                       r"amazonaws\.com:443.*502")
    assert sim.requests("codepipeline") == []
    proxy.routes = routes
    both_ways(sim)


# --- what cannot be ---

def test_custom_endpoint_with_fips(sim, behind, proxy):
    """Told at the start, with what to change."""
    worker = behind(env={"AWS_USE_FIPS_ENDPOINT": "true",
                         "AWS_ENDPOINT_URL": sim.urls["codepipeline"]})
    worker.start()
    worker.wait_stderr(r"not polling: the endpoint URL of codepipeline cannot "
                       r"be combined with FIPS endpoints: unset .*"
                       r"AWS_USE_FIPS_ENDPOINT")
    worker.wait_stderr(r"jobs cannot reach their artifacts in S3: the "
                       r"endpoint URL of s3 cannot be combined with FIPS")
    assert proxy.asked == [] and sim.requests() == []


def test_custom_endpoint_of_s3_with_dualstack(sim, behind, proxy):
    """S3's fault is told at the start, too, and fails the job that needs
    it."""
    worker = behind(env={"AWS_USE_DUALSTACK_ENDPOINT": "true",
                         "AWS_ENDPOINT_URL_S3": sim.urls["s3"]})
    worker.start()
    worker.wait_stderr(r"jobs cannot reach their artifacts in S3: the "
                       r"endpoint URL of s3 cannot be combined with "
                       r"dual-stack endpoints: unset .*"
                       r"AWS_USE_DUALSTACK_ENDPOINT")
    told(sim, run_job(sim, sim.sandbox_add()), "ConfigurationError",
         "input artifact", "AWS_ENDPOINT_URL", "AWS_USE_DUALSTACK_ENDPOINT")
    assert proxy.hosts() == {NAMES[2]}


def test_fips_in_china(behind, proxy):
    """No name is made that does not exist."""
    worker = behind(env={"AWS_USE_FIPS_ENDPOINT": "true",
                         "AWS_REGION": "cn-north-1"}).start()
    worker.wait_stderr(r"not polling: region cn-north-1 has no FIPS "
                       r"endpoints: unset AWS_USE_FIPS_ENDPOINT")
    wait_for(lambda: any("cn-north-1 has no FIPS" in text for text in
                         worker.notify.lines("STATUS")), "the status line",
             lambda: worker.notify.lines("STATUS"))
    assert proxy.asked == []


def test_fips_name_that_does_not_exist(behind, proxy):
    """AWS's rules give a name for each region; that it leads nowhere is told
    with the setting."""
    proxy.routes = ()
    behind(env={"AWS_USE_FIPS_ENDPOINT": "true"}).start().wait_stderr(
        r"AWS may have no FIPS endpoint in this region: see "
        r"AWS_USE_FIPS_ENDPOINT or use_fips_endpoint")
    assert proxy.hosts() == {"codepipeline-fips.%s.%s" % (REGION, AWS)}
