// Runs the tests: those named on the command line, or all of them.
//
// By name, because Node 18 to 24 do not agree on what a folder of tests is. What they need is said
// before the first one runs.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

if (!process.env.PEPAY_TEST_SERVER_BINARY) {
  console.error("PEPAY_TEST_SERVER_BINARY must name a pepay binary, such as target/debug/pepay");
  process.exit(1);
}
const wanted = process.argv.slice(2);
const files = readdirSync(`${ROOT}tests`)
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => `tests/${name}`);
const { status } = spawnSync(process.execPath, ["--test", ...files], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exit(status ?? 1);
