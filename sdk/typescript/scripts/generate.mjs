// Writes `src/generated/` from the OpenAPI document of the server, or checks that it is up to date.
//
// The types of the SDK are the server's own: nobody types them twice, and a changed field fails
// the build of whoever used it. The output depends on the document alone, so that running this
// twice changes nothing. `--check` fails, and writes nothing, if the tree holds something else.

import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { operations, readDocument, resolve } from "./openapi.mjs";
import { property, quoted, comment, typeName, typeOf } from "./schema_types.mjs";

const TARGET = new URL("../src/generated/", import.meta.url);
const NOTICE = "Generated from openapi.json by scripts/generate.mjs: run `npm run generate`.";
/** Written by hand, because OpenAPI cannot say that the type of an event decides its object. */
const BY_HAND = new Map([["PepayEvent", "../event.js"]]);

const document = readDocument();
const files = new Map([
  ["schemas.ts", schemas()],
  ["operations.ts", routes()],
]);
if (process.argv.includes("--check")) check();
else write();

function schemas() {
  const lines = [
    `// ${NOTICE}`,
    "//",
    "// Every object of the API. Optional fields may be left out or null, as each says.",
    "",
    ...[...BY_HAND].flatMap(([name, file]) => [
      `import type { ${name} } from "${file}";`,
      `export type { ${name} } from "${file}";`,
    ]),
    "",
  ];
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (BY_HAND.has(name)) continue;
    lines.push(...comment(schema.description ?? `\`${name}\` of the API.`, ""));
    const isInterface = schema.type === "object" && schema.properties;
    const written = typeOf(schema, "");
    lines.push(
      isInterface
        ? `export interface ${typeName(name)} ${written}`
        : `export type ${typeName(name)} = ${written};`,
      "",
    );
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function routes() {
  const lines = [
    `// ${NOTICE}`,
    "//",
    "// What each route takes and answers, which credential opens it, and whether it may be sent",
    "// twice. Types only: nothing of this file is in the program.",
    "",
    'import type * as schemas from "./schemas.js";',
    'import type { NoInput } from "../operation.js";',
    "",
    "/** Every public route, by its method and path. */",
    "export interface Operations {",
  ];
  for (const operation of operations(document)) {
    if (operation.isPublic) lines.push(...route(operation));
  }
  lines.push("}", "");
  return lines.join("\n");
}

function route(operation) {
  const { summary, description } = operation.operation;
  const about = description ? `${summary}\n\n${description}` : summary;
  const lines = [...comment(about, "  "), `  ${quoted(operation.route)}: {`];
  const given = [...operation.pathParameters.map(pathArgument), input(operation)];
  lines.push(`    arguments: [${given.join(", ")}];`);
  lines.push(`    answer: ${answer(operation)};`);
  if (operation.list) lines.push(`    item: ${typeOf(operation.list, "    ", "schemas.")};`);
  lines.push(`    credential: "${operation.credential}";`);
  lines.push(`    repeat: "${operation.isOnce ? "once" : "any"}";`);
  lines.push("  };");
  return lines;
}

function pathArgument(parameter) {
  const name = parameter.name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  // A reference to nothing: the document names the type and forgets to say what it is.
  const isDescribed = resolve(document, parameter.schema) !== undefined;
  return `${name}: ${isDescribed ? typeOf(parameter.schema, "    ", "schemas.") : "string"}`;
}

function input({ route, query, body }) {
  if (body) {
    const [schema] = Object.values(body.content).map((content) => content.schema);
    return `body${body.required ? "" : "?"}: ${typeOf(schema, "    ", "schemas.")}`;
  }
  const isRead = route.startsWith("GET ") || route.startsWith("DELETE ");
  if (!isRead || query.length === 0) return "input?: NoInput";
  const fields = query.flatMap((parameter) => property(queryProperty(parameter), "      "));
  const isNeeded = query.some((parameter) => parameter.required);
  return `query${isNeeded ? "" : "?"}: {\n${fields.join("\n")}\n    }`;
}

/** Queries are text: lists may be given as arrays, and times as numbers too. */
function queryProperty({ name, required, description, schema }) {
  let type = typeOf(schema, "      ", "schemas.");
  if (type === "string" && /commas?\b|prefixes/.test(description ?? "")) {
    type = "string | readonly string[]";
  }
  if (type === "string" && /^created/.test(name)) type = "string | number";
  return { name, isOptional: !required, description, type };
}

function answer({ operation, answer }) {
  if (!("application/json" in answer)) return "string";
  const json = typeOf(answer["application/json"].schema, "    ", "schemas.");
  const isAlsoCsv = operation.parameters?.some((parameter) => parameter.name === "format");
  return isAlsoCsv ? `${json} | string` : json;
}

function check() {
  const stale = [...files].filter(([name, text]) => {
    try {
      return readFileSync(new URL(name, TARGET), "utf8") !== text;
    } catch {
      return true;
    }
  });
  if (stale.length > 0) {
    const names = stale.map(([name]) => `src/generated/${name}`).join(", ");
    console.error(`stale: ${names}; run \`npm run generate\` and commit what it writes`);
    process.exit(1);
  }
  console.log("src/generated is what openapi.json says");
}

function write() {
  mkdirSync(TARGET, { recursive: true });
  for (const [name, text] of files) writeFileSync(new URL(name, TARGET), text);
}
