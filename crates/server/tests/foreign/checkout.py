"""Step 3 of the checkout, judged by the public reference's own description of it.

The package `openapi-core` reads `checkout_invoice.yaml` and judges a request of the shape that the
reference shows, and what the server answers to it. `tests/it/commerce/reference.rs` starts this and
says by variables where the server is and which estimate and address are ready. Whatever is not as
described ends it.
"""

import json
import os
import pathlib
import urllib.request

import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

PATH = "/api/commerce/merchant/checkout/invoice"
JSON = "application/json"


def reference():
    text = pathlib.Path(__file__).with_name("checkout_invoice.yaml").read_text()
    return yaml.safe_load(text)


def example(spec):
    """The reference's own request, with the ids of this house in it."""
    operation = spec["paths"][PATH]["post"]
    examples = operation["requestBody"]["content"][JSON]["examples"]
    body = dict(examples["create_invoice"]["value"])
    body["estimateId"] = os.environ["PEPAY_ESTIMATE"]
    body["addressId"] = os.environ["PEPAY_ADDRESS"]
    body["customer_id"] = os.environ["PEPAY_CUSTOMER"]
    return body


def call(header, body):
    data = json.dumps(body).encode()
    headers = {header: os.environ["PEPAY_API_KEY"], "content-type": JSON}
    request = urllib.request.Request(os.environ["PEPAY_API_URL"] + PATH, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.headers.get_content_type(), answer.read()


def judged(openapi, header, body):
    """Sends it, and has both the request and the answer judged."""
    request = MockRequest(
        "http://localhost:3000",
        "post",
        PATH,
        headers={header: os.environ["PEPAY_API_KEY"]},
        data=json.dumps(body).encode(),
        content_type=JSON,
    )
    openapi.validate_request(request)
    status, content_type, answer = call(header, body)
    response = MockResponse(answer, status_code=status, content_type=content_type)
    openapi.validate_response(request, response)
    return json.loads(answer)


def main():
    spec = reference()
    openapi = OpenAPI.from_dict(spec)
    body = example(spec)
    first = judged(openapi, "x-commerce-api-key", body)
    again = judged(openapi, "x-api-key", {**body, "webhookUrl": None})
    if first != again:
        raise SystemExit(f"asked again it is another order: {again}")
    # What the reference shows is there, and of the type it shows.
    answers = spec["paths"][PATH]["post"]["responses"]["200"]["content"][JSON]["examples"]
    shown = answers["created"]["value"]["data"]
    for name, value in shown.items():
        given = first["data"].get(name)
        if not isinstance(given, type(value)):
            raise SystemExit(f"{name} is {given!r} and should be like {value!r}")
    print("as described")


main()
