"""real_addresses.py PROGRAM HOME: aws-credentials without endpoints of
somebody's own, in a network namespace where the loopback interface has AWS's
link-local addresses. Prints what came out; status 77: no such namespace."""
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys

from endpoints import Container, Metadata, Server, keys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFINDEX, SIOCSIFADDR, SIOCSIFFLAGS = 0x8933, 0x8916, 0x8914
IFF_UP, IFF_RUNNING = 0x1, 0x40
IPV4 = ("169.254.169.254", "169.254.170.2", "169.254.170.23")
IPV6 = ("fd00:ec2::254", "fd00:ec2::23")
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"


def enter():
    libc = ctypes.CDLL(None, use_errno=True)
    flags = CLONE_NEWNET | (CLONE_NEWUSER if os.geteuid() != 0 else 0)
    if libc.unshare(flags) != 0:
        sys.stderr.write("no network namespace: %s" % os.strerror(
            ctypes.get_errno()))
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack(
            "16sH14x", b"lo", IFF_UP | IFF_RUNNING))
        for i, address in enumerate(IPV4):
            fcntl.ioctl(s, SIOCSIFADDR, struct.pack(
                "16sHH4s8x", b"lo:%d" % i, socket.AF_INET, 0,
                socket.inet_aton(address)))
        index = struct.unpack("16si20x", fcntl.ioctl(
            s, SIOCGIFINDEX, struct.pack("16s24x", b"lo")))[1]
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        for address in IPV6:
            fcntl.ioctl(s, SIOCSIFADDR, struct.pack(
                "16sIi", socket.inet_pton(socket.AF_INET6, address), 128,
                index))


def run(program, home, env, service=None, host=None):
    server = service and Server(service, host, 80)
    try:
        got = subprocess.run(
            [program], env=dict(env, PATH="/usr/bin:/bin", HOME=home),
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False)
    finally:
        if server:
            server.close()
    return {"answer": json.loads(got.stdout) if got.returncode == 0
            else got.stderr, "requests": [
                "%s %s" % (r.command, r.path) for r in server.requests]
            if server else []}


def main(program, home):
    enter()
    region = {"AWS_REGION": "us-east-2"}
    both = {RELATIVE: "/v2/credentials/an-id?x=1", FULL: "http://localhost/"}
    old = Metadata(keys=(200, keys("EC2", Code="Success",
                                   Expiration="2020-01-01T00:00:00Z")))
    own = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "x"}

    def look(*args):
        return run(program, home, *args)

    print(json.dumps({
        "relative": look(dict(region, **both), Container(), IPV4[1]),
        "relative refused": look(dict(region, **both), Container("token"),
                                 IPV4[1]),
        "eks": look(dict(region, **{FULL: "http://%s/x" % IPV4[2]}),
                    Container(), IPV4[2]),
        "eks, IPv6": look(dict(region, **{FULL: "http://[%s]/x" % IPV6[1]}),
                          Container(), IPV6[1]),
        "ec2": look({}, Metadata(), IPV4[0]),
        "ec2, IPv6": look({MODE: "ipv6"}, Metadata(), IPV6[0]),
        "ec2, expired": look(region, old, IPV4[0]),
        "ec2, nobody": look({}),
        "ec2, another service": look({}, Metadata(tokens=False), IPV4[0]),
        "region, nobody": look(own),
    }))


main(sys.argv[1], sys.argv[2])
