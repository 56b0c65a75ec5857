// What is shipped: small, of one piece, leaving out what nobody uses, and loading everywhere.
//
// Sizes are measured as a user's bundler makes them, minified and compressed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const WHOLE_BYTES_MAX = 15 * 1024;
const VERIFIER_BYTES_MAX = 2 * 1024;
const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));

/** What a bundler for browsers makes of a program. */
async function bundled(program) {
  const result = await build({
    stdin: { contents: program, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0].text;
}

test("the whole package is at most 15 KB, minified and compressed", async () => {
  const text = await bundled('export * from "pepay"');
  const bytes = gzipSync(text, { level: 9 }).length;
  console.log(`pepay: ${bytes} bytes minified and compressed, ${text.length} minified`);
  assert.ok(bytes <= WHOLE_BYTES_MAX, `${bytes} bytes`);
  assert.match(text, /\/api\/v1\/invoices/);
});

test("who takes the webhook verifier alone gets nothing else", async () => {
  for (const entry of ["pepay", "pepay/webhooks"]) {
    const text = await bundled(
      `import { createWebhookVerifier } from "${entry}";
       console.log(createWebhookVerifier({ secrets: ["s"] }))`,
    );
    const bytes = gzipSync(text, { level: 9 }).length;
    assert.ok(bytes <= VERIFIER_BYTES_MAX, `${entry}: ${bytes} bytes`);
    for (const other of ["/api/", "x-api-key", "fetch", "WebSocket", "idempotency", "Cloudflare"]) {
      assert.ok(!text.includes(other), `${entry} brought ${other}`);
    }
  }
});

test("there are no dependencies, and no scripts that run where it is installed", () => {
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.peerDependencies, undefined);
  const installs = ["preinstall", "install", "postinstall", "prepare"];
  assert.deepEqual(
    Object.keys(manifest.scripts).filter((name) => installs.includes(name)),
    [],
  );
  assert.equal(manifest.sideEffects, false);
});

test("tools are pinned, and the lockfile names no registry", () => {
  for (const [name, version] of Object.entries(manifest.devDependencies)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
  const lock = readFileSync(`${ROOT}package-lock.json`, "utf8");
  assert.ok(!lock.includes('"resolved"'));
});

test("the ES module and the CommonJS module are the same, and so are their classes", async () => {
  const require = createRequire(import.meta.url);
  const modules = [await import("pepay"), require("pepay")];
  assert.deepEqual(...modules.map((module) => Object.keys(module).sort()));
  assert.equal(require("pepay/webhooks").createWebhookVerifier, modules[1].createWebhookVerifier);
  const webhooks = await import("pepay/webhooks");
  assert.equal(webhooks.createWebhookVerifier, modules[0].createWebhookVerifier);
  assert.ok(webhooks.createWebhookVerifier);
  for (const { Pepay, PepayConfigurationError } of modules) {
    assert.throws(() => new Pepay({ baseUrl: "nowhere" }), PepayConfigurationError);
  }
});

test("the types hold for ES modules, CommonJS and bundlers, with and without the DOM", () => {
  const folder = mkdtempSync(join(tmpdir(), "pepay-types-"));
  try {
    mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
    symlinkSync(ROOT, join(folder, "node_modules/pepay"));
    for (const name of ["@types/node", "@types/ws", "undici-types"]) {
      symlinkSync(`${ROOT}node_modules/${name}`, join(folder, "node_modules", name));
    }
    const program = readFileSync(`${ROOT}tests/consumer.ts`, "utf8");
    const node = { module: "NodeNext", types: ["node"], lib: ["ES2022"] };
    const page = { module: "ESNext", moduleResolution: "Bundler", types: ["node"] };
    for (const [name, options] of Object.entries({
      "consumer.mts": node,
      "consumer.cts": node,
      "consumer.ts": { ...page, lib: ["ES2022", "DOM", "DOM.Iterable"] },
    })) {
      writeFileSync(join(folder, name), program);
      const compilerOptions = { strict: true, noEmit: true, target: "ES2022", ...options };
      const config = { compilerOptions, files: [name] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
      const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
      execFileSync(process.execPath, [compiler, "-p", folder], { stdio: "pipe", encoding: "utf8" });
    }
  } catch (error) {
    assert.fail(error.stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
