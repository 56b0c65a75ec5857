"""Events as somebody else's programs see them.

Deliveries are verified by the package `standardwebhooks`, the stream is driven by the package
`websockets`; neither knows of Pepay. `tests/it/foreign.rs` starts this against a real server and
says by PEPAY_API_URL and PEPAY_API_KEY where it is. Whatever is not as documented ends it.
"""

import hashlib
import hmac
import http.server
import json
import os
import queue
import threading
import urllib.request

import standardwebhooks
from websockets.sync.client import connect

URL = os.environ["PEPAY_API_URL"]
KEY = os.environ["PEPAY_API_KEY"]
PATIENCE_SECONDS = 30


def check(is_so, *what):
    """Like assert, but not to be switched off."""
    if not is_so:
        raise SystemExit(" ".join(str(one) for one in what))


def call(method, path, body=None):
    """One request to the API; answers its text."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return answer.read().decode()


def invoice():
    return json.loads(call("POST", "/api/v1/invoices", {"amount_usd": 12.5}))["invoice_id"]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is posted."""

    received = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.put((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def deliveries(count):
    """So many deliveries of different events, by event id."""
    found = {}
    while len(found) < count:
        headers, body = Receiver.received.get(timeout=PATIENCE_SECONDS)
        lower = {name.lower(): value for name, value in headers.items()}
        found[lower["webhook-id"]] = (lower, body)
    return found


def verify(secret, headers, body):
    """Both schemes, and that neither takes anything else."""
    event = standardwebhooks.Webhook(secret).verify(body, headers)
    check(event["id"] == headers["x-pepay-event-id"] == headers["webhook-id"], headers)
    check(event["type"] == headers["x-pepay-event"], headers)
    check(headers["content-type"] == "application/json", headers)
    check(headers["x-pepay-network-environment"] == "devnet", headers)
    for forged in (body + b" ", body.replace(b"12", b"13", 1)):
        try:
            standardwebhooks.Webhook(secret).verify(forged, headers)
        except standardwebhooks.WebhookVerificationError:
            continue
        check(False, "a forged body was verified")
    check(pepay_signature(secret, headers, body) == headers["x-pepay-signature"], headers)


def pepay_signature(secret, headers, body):
    signed = headers["x-pepay-timestamp"].encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def stream(since=None):
    query = "" if since is None else f"?since={since}"
    address = URL.replace("http", "ws", 1) + "/ws/merchant/events" + query
    return connect(address, additional_headers={"x-api-key": KEY}, open_timeout=PATIENCE_SECONDS)


def hear(socket, kinds):
    """The next frames, which must be these: names of controls, and events as `evt`."""
    texts = []
    for kind in kinds:
        text = socket.recv(timeout=PATIENCE_SECONDS)
        frame = json.loads(text)
        is_event = frame["object"] == "event"
        check(is_event == (kind == "evt"), "expected", kind, "and heard", text)
        check(is_event or frame["type"] == kind, "expected", kind, "and heard", text)
        if is_event:
            texts.append(text)
    return texts


def ids(texts):
    return [json.loads(text)["id"] for text in texts]


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = f"http://127.0.0.1:{server.server_port}/hook"
    endpoint = {"url": hook, "enabled_events": ["invoice.created"]}
    endpoint = json.loads(call("POST", "/api/v1/webhooks", endpoint))
    secret = endpoint["secret"]

    with stream() as socket:
        hear(socket, ["ready"])
        for _ in range(3):
            invoice()
        told = hear(socket, ["evt"] * 3)
    received = deliveries(3)
    check(sorted(received) == sorted(ids(told)), "socket and webhook tell of different events")
    for text in told:
        headers, body = received[json.loads(text)["id"]]
        verify(secret, headers, body)
        check(body.decode() == text, "socket and webhook differ:", body, text)
        found = call("GET", "/api/v1/events/" + json.loads(text)["id"])
        check(found == '{"success":true,"data":' + text + "}", "REST differs:", found)

    # While a rotation overlaps, whoever has either secret can verify.
    path = f"/api/v1/webhooks/{endpoint['id']}/rotate-secret"
    fresh = json.loads(call("POST", path, {"overlap_seconds": 3600}))["secret"]
    check(fresh != secret, "the secret is the same")
    invoice()
    ((headers, body),) = deliveries(1).values()
    verify(fresh, headers, body)
    standardwebhooks.Webhook(secret).verify(body, headers)
    previous = pepay_signature(secret, headers, body)
    check(previous == headers["x-pepay-signature-previous"], headers)

    # What happened meanwhile is told at the return, once, and then what happens.
    missed = [invoice() for _ in range(2)]
    with stream(since=ids(told)[-1]) as socket:
        replayed = hear(socket, ["ready", "replay_started"] + ["evt"] * 3 + ["replay_finished"])
        live = invoice()
        replayed += hear(socket, ["evt"])
    about = [json.loads(text)["data"]["object"]["id"] for text in replayed]
    check(about[1:] == missed + [live], "replay and live do not meet:", about)
    history = json.loads(call("GET", "/api/v1/events?limit=100"))["data"]["data"]
    history = [event["id"] for event in reversed(history)]
    check(ids(told) + ids(replayed) == history, "the two streams are not history:", history)
    print("as documented")


main()
