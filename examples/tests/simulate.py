"""Allocates an address on a simulated phpIPAM, with the standard library alone.

python3 simulate.py IPAM VERSION, where IPAM is the program `ipam` with the feature `simulate`.
"""

import base64
import json
import signal
import subprocess
import sys
import urllib.request


def call(method, path, header, fields=None):
    body = None if fields is None else json.dumps(fields).encode()
    request = urllib.request.Request(url + path, body, header | {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


command = [sys.argv[1], "simulate", "--profile", sys.argv[2], "--port", "0", "--subnets", "2", "--json"]
simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
try:
    server = json.loads(simulator.stdout.readline())
    url = f"{server['url']}/api/{server['app']}/"
    basic = base64.b64encode(f"{server['user']}:{server['password']}".encode()).decode()
    token = {"token": call("POST", "user/", {"Authorization": f"Basic {basic}"})["data"]["token"]}

    subnet = call("GET", "subnets/cidr/10.0.1.0/24/", token)["data"][0]
    taken = call("POST", f"addresses/first_free/{subnet['id']}/", token, {"hostname": "web1.example"})
    assert taken["data"] == "10.0.1.2", taken
    found = call("GET", f"addresses/{taken['id']}/", token)["data"]
    assert (found["ip"], found["hostname"]) == ("10.0.1.2", "web1.example"), found

    # The same with the code of an app, without a login.
    url = f"{server['url']}/api/{server['code_app']}/"
    listed = call("GET", f"subnets/{subnet['id']}/addresses/", {"token": server["code"]})["data"]
    assert [row["ip"] for row in listed] == ["10.0.1.1", "10.0.1.2"], listed
    print(f"{server['version']} {taken['data']}")
finally:
    simulator.send_signal(signal.SIGTERM)
    assert simulator.wait(10) == 0
