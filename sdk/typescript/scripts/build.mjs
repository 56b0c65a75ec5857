// Builds `dist/`: one ES module and one CommonJS module for each entry, and the types of both.
//
// Two programs of one source and nothing else in them: there is no dependency to bundle. The types
// for CommonJS are the same text under the names that its readers look for.

import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** By format: CommonJS modules cannot share parts, so the second entry is a part of the first. */
const ENTRIES = { esm: ["index", "webhooks"], cjs: ["index"] };
const TYPES = `${ROOT}dist/types/`;

rmSync(`${ROOT}dist`, { recursive: true, force: true });
for (const [format, extension] of [
  ["esm", ".js"],
  ["cjs", ".cjs"],
]) {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES[format].map((entry) => `src/${entry}.ts`),
    outdir: "dist",
    outExtension: { ".js": extension },
    bundle: true,
    format,
    // A class must be the same one in both entries, or `instanceof` would not know it.
    splitting: format === "esm",
    chunkNames: "shared/[name]-[hash]",
    target: "es2022",
    platform: "neutral",
    sourcemap: true,
    logLevel: "warning",
  });
}

writeFileSync(
  `${ROOT}dist/webhooks.cjs`,
  '"use strict";\nexports.createWebhookVerifier = require("./index.cjs").createWebhookVerifier;\n',
);

copyFileSync(`${ROOT}../../LICENSE`, `${ROOT}dist/LICENSE`);

const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
execFileSync(process.execPath, [compiler, "-p", `${ROOT}tsconfig.json`], { stdio: "inherit" });
for (const file of readdirSync(TYPES, { recursive: true })) {
  if (!file.endsWith(".d.ts")) continue;
  const text = readFileSync(TYPES + file, "utf8");
  const forCommonJs = text.replace(/"(\.{1,2}\/[^"]+)\.js"/g, '"$1.cjs"');
  writeFileSync(TYPES + file.replace(/\.d\.ts$/, ".d.cts"), forCommonJs);
}
