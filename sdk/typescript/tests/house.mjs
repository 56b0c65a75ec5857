// A real server for the tests: started on a free port with its own data, ended by its own pid.
//
// The binary is the one PEPAY_TEST_SERVER_BINARY names; without it the tests fail and say so, since
// an SDK that was tested against doubles only was not tested.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pepay } from "pepay";
import WebSocket from "ws";

/** Node before 22 has no websockets of its own. */
export const webSocketFactory = (url) => new WebSocket(url);

export class House {
  #child;
  #data;
  #port = 0;
  #given;

  /** Starts a server, with these options besides, and waits until it answers. */
  static async start(...given) {
    const house = new House();
    house.#given = given;
    house.#data = await mkdtemp(join(tmpdir(), "pepay-sdk-"));
    await house.open();
    return house;
  }

  /** Starts the server again, where it was and with what it knew. */
  async open() {
    const binary = process.env.PEPAY_TEST_SERVER_BINARY;
    if (!binary) throw new Error("PEPAY_TEST_SERVER_BINARY must name a pepay binary");
    const given = ["dev", "--port", String(this.#port), "--data-dir", this.#data, ...this.#given];
    this.#child = spawn(binary, given, { stdio: ["ignore", "pipe", "ignore"] });
    const url = await this.#said();
    this.#port = Number(new URL(url).port);
    const file = await readFile(join(this.#data, "dev.env"), "utf8");
    const lines = file.split("\n").filter((line) => line.includes("="));
    this.env = Object.fromEntries(
      lines.map((line) => {
        const [, name, value] = /^([^=]+)=(.*)$/.exec(line);
        return [name, value.replace(/^['"]|['"]$/g, "")];
      }),
    );
    this.url = url;
  }

  /** Where it listens, as it prints it when it does. */
  #said() {
    return new Promise((resolve, reject) => {
      let text = "";
      this.#child.stdout.on("data", (chunk) => {
        text += chunk;
        const match = /API\s+(http:\/\/\S+)\s[\s\S]*All of it in\s+\S+\s/.exec(text);
        if (match) resolve(match[1]);
      });
      this.#child.once("error", reject);
      this.#child.once("exit", (code) =>
        reject(new Error(`the server ended with ${code}:\n${text}`)),
      );
    });
  }

  /** Ends the server and keeps its data. */
  async shut(signal = "SIGTERM") {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill(signal);
    await gone;
  }

  /** Ends the server for good. */
  async end() {
    await this.shut();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** A client with the demo merchant's key. */
  client(options = {}) {
    return new Pepay({
      baseUrl: this.url,
      apiKey: this.env.PEPAY_API_KEY,
      webSocketFactory,
      ...options,
    });
  }

  /** A client with the demo merchant's commerce key, and no other. */
  shop(options = {}) {
    const commerceApiKey = this.env.PEPAY_COMMERCE_API_KEY;
    return this.client({ apiKey: undefined, commerceApiKey, ...options });
  }

  /** A client of the owner, who signs in for it. */
  async owner() {
    const { PEPAY_EMAIL: email, PEPAY_PASSWORD: password } = this.env;
    const stranger = new Pepay({ baseUrl: this.url });
    const { access_token: bearerToken } = await stranger.auth.signIn({ email, password });
    return this.client({ apiKey: undefined, bearerToken });
  }

  /** The client of an invoice's payor. */
  payor(invoice) {
    const { session_token: sessionToken, signature } = invoice;
    return new Pepay({ baseUrl: this.url, sessionToken, signature, webSocketFactory });
  }
}
