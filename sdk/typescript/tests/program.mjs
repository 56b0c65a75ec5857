// A program of ours, made ready to run: TypeScript becomes JavaScript, and `pepay` stays a package.
//
// What is made lies inside of the package's own folder, so that it finds the built package the way
// a user's program does.

import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Compiles an example and imports it. */
export async function example(name) {
  const outfile = `${ROOT}.examples/${name}.mjs`;
  const entryPoints = [`${ROOT}examples/${name}.ts`];
  const how = { bundle: true, packages: "external", platform: "node", format: "esm" };
  await build({ ...how, entryPoints, outfile, logLevel: "warning" });
  return import(pathToFileURL(outfile));
}

/** Bundles a program for a page, the package included. */
export async function forPage(contents) {
  const stdin = { contents, resolveDir: ROOT, loader: "ts" };
  const how = { bundle: true, format: "iife", platform: "browser", write: false };
  const { outputFiles } = await build({ ...how, stdin, logLevel: "warning" });
  return outputFiles[0].text;
}
