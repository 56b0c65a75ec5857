// JSON schemas as the text of TypeScript types.
//
// Only what our OpenAPI document uses is understood; anything else stops the generator, because a
// type that is silently `unknown` would be found by a user and not by us.

/** The name of a schema's type. */
export function typeName(name) {
  return name.replace(/_/g, "");
}

export function quoted(text) {
  return JSON.stringify(text);
}

/** A doc comment; nothing if there is nothing to say. */
export function comment(text, indent) {
  if (!text) return [];
  const lines = text.replace(/\*\//g, "*\\/").trimEnd().split("\n");
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

/** The lines of one property. */
export function property({ name, isOptional, description, type }, indent) {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
  return [...comment(description, indent), `${indent}${key}${isOptional ? "?" : ""}: ${type};`];
}

/** The type of a schema. `prefix` goes before names of other schemas. */
export function typeOf(schema, indent, prefix = "") {
  if (schema.$ref) return prefix + typeName(schema.$ref.split("/").pop());
  if (schema.allOf) return joined(schema.allOf, " & ", indent, prefix);
  if (schema.oneOf) return joined(withNullLast(schema.oneOf), " | ", indent, prefix);
  if (schema.enum) return schema.enum.map(quoted).join(" | ");
  if (Array.isArray(schema.type)) {
    const types = schema.type.map((type) => typeOf({ ...schema, type }, indent, prefix));
    return types.join(" | ");
  }
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `${grouped(typeOf(schema.items, indent, prefix))}[]`;
    case "object":
      return objectType(schema, indent, prefix);
    case undefined:
      if (Object.keys(schema).every((key) => key === "description")) return "unknown";
  }
  throw new Error(`no type for ${JSON.stringify(schema)}`);
}

function objectType(schema, indent, prefix) {
  if (!schema.properties) {
    const values = schema.additionalProperties;
    const type = values && values !== true ? typeOf(values, indent, prefix) : "unknown";
    return `Record<string, ${type}>`;
  }
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).flatMap(([name, value]) =>
    property(
      {
        name,
        isOptional: !required.has(name),
        description: value.description ?? describedChoice(value),
        type: typeOf(value, inner, prefix),
      },
      inner,
    ),
  );
  return `{\n${lines.join("\n")}\n${indent}}`;
}

/** What may be null says what it is beside the reference. */
function describedChoice(value) {
  return value.oneOf?.find((choice) => choice.description)?.description;
}

function withNullLast(choices) {
  return [...choices].sort((one, other) => (one.type === "null") - (other.type === "null"));
}

function joined(schemas, sign, indent, prefix) {
  return schemas.map((schema) => grouped(typeOf(schema, indent, prefix))).join(sign);
}

function grouped(type) {
  return /^[^{]* [|&] /.test(type) ? `(${type})` : type;
}
