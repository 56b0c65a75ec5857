// The README's programs: the first one is run as it stands there, all of them must be JavaScript.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { Pepay } from "pepay";
import { House } from "./house.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(`${ROOT}README.md`, "utf8");
const programs = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);

let house;
before(async () => (house = await House.start()));
after(() => house?.end());

test("the first payment is paid by the program that the README shows", () => {
  assert.ok(programs[0].split("\n").filter((line) => line.trim()).length <= 12);
  mkdirSync(`${ROOT}.examples`, { recursive: true });
  writeFileSync(`${ROOT}.examples/readme.mjs`, programs[0]);
  const env = { ...process.env, ...house.env };
  const how = { env, encoding: "utf8" };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [`${ROOT}.examples/readme.mjs`],
    how,
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^pay here: http\S+\/pay\?session=\S+\npaid 49\.990\n$/);
});

test("every program is one, and calls methods that there are", async () => {
  assert.ok(programs.length >= 6);
  const client = new Pepay({ baseUrl: house.url });
  for (const program of programs) {
    const body = program.replace(/^import .*$/gm, "");
    await transform(`async function shown() {\n${body}\n}`, { loader: "js" });
    for (const [, path] of program.matchAll(/\bpepay((?:\.\w+)+)\(/g)) {
      const method = path
        .slice(1)
        .split(".")
        .reduce((group, name) => group?.[name], client);
      assert.equal(typeof method, "function", `pepay${path}`);
    }
  }
});
