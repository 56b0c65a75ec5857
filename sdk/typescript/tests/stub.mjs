// A server that answers exactly what a test tells it to, to see what the client makes of it.
//
// For what a real server does seldom: failures, half answers, silence. It keeps every request it
// got, in the order in which they came.

import { createServer } from "node:http";
import { once } from "node:events";

export class Stub {
  requests = [];
  #answers = [];
  #server;

  /** Starts; each request takes the next of the answers, and the last one again and again. */
  static async start(...answers) {
    const stub = new Stub();
    stub.#answers = answers;
    stub.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { method, url, headers } = request;
      const at = Math.min(stub.requests.length, stub.#answers.length - 1);
      stub.requests.push({ method, url, headers, body, at: Date.now() });
      const answer = stub.#answers[at];
      if (typeof answer === "function") return answer(response, stub.requests.at(-1));
      const { status = 200, json = {}, text, headers: given = {} } = answer;
      const type = text === undefined ? "application/json" : "text/html";
      response.writeHead(status, { "content-type": type, ...given });
      response.end(text ?? JSON.stringify(json));
    });
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    stub.url = `http://127.0.0.1:${stub.#server.address().port}`;
    return stub;
  }

  async end() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
