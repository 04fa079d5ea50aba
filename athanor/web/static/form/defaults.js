/** The values that a form starts from: the schema's defaults, and nothing invented. */

import { isObject } from "./lossless-json.js";
import { SchemaReader } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./schema.js").Node} Node */

/**
 * The value a new form of this schema starts with.
 *
 * Defaults are written out; a required value without one is left out, so that the server asks for
 * it. Only what can be but one thing is filled in: constants, and the group around required members.
 *
 * @param {Schema} schema What pydantic's `model_json_schema()` gives.
 * @returns {Record<string, any>}
 */
export function defaultsFor(schema) {
  const reader = new SchemaReader(schema);
  const value = startingValue(reader, reader.node(schema));
  return isObject(value) ? value : {};
}

/**
 * @param {SchemaReader} reader
 * @param {Node} node
 * @param {Set<Schema>} [within] The schemas around this one, against a model that requires itself.
 * @returns {any} undefined when the schema says nothing.
 */
export function startingValue(reader, node, within = new Set()) {
  if (node.hasDefault) return structuredCopy(node.default);
  if (node.kind === "constant") return node.schema.const;
  if (node.nullable) return null;
  if (node.kind !== "group") return undefined;
  const properties = node.schema.properties ?? {};
  if (within.has(properties)) return undefined;
  const around = new Set(within).add(properties);
  const required = node.schema.required ?? [];
  /** @type {Record<string, any>} */
  const value = {};
  for (const [name, schema] of Object.entries(properties)) {
    const member = reader.node(schema);
    // Without a default and not required: pydantic makes one in code, so it stays away.
    if (!member.hasDefault && !required.includes(name)) continue;
    const inner = startingValue(reader, member, around);
    if (inner !== undefined && !(member.nullable && !member.hasDefault)) value[name] = inner;
  }
  return value;
}

/**
 * What a new item of a list, or a value turned on after "none", starts with.
 *
 * @param {SchemaReader} reader
 * @param {Node} node
 * @returns {any} null where there is nothing to start from: a list has no place for undefined.
 */
export function startingItem(reader, node) {
  const value = startingValue(reader, node);
  if (value !== undefined && !(value === null && !node.hasDefault)) return value;
  if (node.kind === "string" && !node.schema.format && !node.nullable) return "";
  if (node.kind === "list" && !node.nullable) return [];
  if (node.kind === "map" && !node.nullable) return {};
  return null;
}

/**
 * A copy that shares nothing with the schema; kept numbers are frozen and may be shared.
 *
 * @param {any} value
 * @returns {any}
 */
export function structuredCopy(value) {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structuredCopy(item)]));
}
