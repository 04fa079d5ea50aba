/** One line about a folded group: `Model A: ngram-3 · Model B: ngram-5`. */

import { isNumber, isObject } from "./lossless-json.js";
import { labelFromName } from "./schema.js";

/** @typedef {import("./schema.js").SchemaReader} SchemaReader */
/** @typedef {import("./schema.js").Node} Node */

const MEMBERS = 5;
const LETTERS = 40;

/**
 * @param {SchemaReader} reader
 * @param {Node} node
 * @param {any} value
 * @returns {string}
 */
export function summaryLine(reader, node, value) {
  if (node.kind === "union") {
    const variant = node.variants[reader.variantOf(node, value)];
    if (!variant) return value === undefined || value === null ? "not chosen" : shortText(value);
    const inner = reader.node(variant.schema);
    return isObject(value) && inner.kind === "group"
      ? [variant.label, members(reader, inner, value, node.discriminator)].filter(Boolean).join(" · ")
      : summaryLine(reader, inner, value);
  }
  if (node.kind === "group" && isObject(value)) return members(reader, node, value, null) || "nothing set";
  return isSecret(node) ? "••••" : shortText(value);
}

/**
 * @param {SchemaReader} reader
 * @param {Node} node
 * @param {Record<string, any>} value
 * @param {string | null} hidden
 */
function members(reader, node, value, hidden) {
  const parts = [];
  for (const [name, schema] of Object.entries(node.schema.properties ?? {})) {
    if (value[name] === undefined || name === hidden) continue;
    if (parts.length === MEMBERS) {
      parts.push("…");
      break;
    }
    const member = reader.node(schema);
    const text = isSecret(member) ? "••••" : shortText(value[name]);
    parts.push(`${member.title || labelFromName(name)}: ${text}`);
  }
  return parts.join(" · ");
}

/** @param {Node} node */
function isSecret(node) {
  return node.schema.format === "password" || Boolean(node.schema.writeOnly);
}

/**
 * @param {any} value
 * @returns {string}
 */
function shortText(value) {
  if (value === null) return "none";
  if (Array.isArray(value)) {
    if (value.length > 0 && value.length <= 4 && value.every((item) => isNumber(item) || typeof item === "string")) {
      return cut(value.map(String).join(", "));
    }
    return `${value.length} ${value.length === 1 ? "item" : "items"}`;
  }
  if (isObject(value)) {
    const size = Object.keys(value).length;
    return `${size} ${size === 1 ? "entry" : "entries"}`;
  }
  return value === "" ? "empty" : cut(String(value));
}

/** @param {string} text */
function cut(text) {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LETTERS ? `${line.slice(0, LETTERS - 1)}…` : line;
}
