/**
 * Finds the field that an error of the server belongs to.
 *
 * Pydantic's `loc` goes through the value, but also through things that are not in it: the variant
 * of a union that was tried (`"int"`, `"Circle"`, a discriminator's tag), `"[key]"` for the key of a map,
 * the names of wrapping validators. So the way is found with the schema at hand.
 */

import { isObject } from "./lossless-json.js";
import { isWithin, pathKey } from "./paths.js";

/** @typedef {import("./schema.js").SchemaReader} SchemaReader */
/** @typedef {import("./schema.js").Node} Node */
/** @typedef {import("./paths.js").Path} Path */
/** @typedef {{loc: (string | number)[], message: string, type?: string}} ServerError */

/**
 * @typedef {object} Placed
 * @property {Path} path The place it was found to be about, or the nearest known one around that.
 * @property {string} message
 * @property {string} type
 * @property {boolean} exact Whether there is a field for it; not so for the configuration as a whole.
 * @property {boolean} other Whether it is about a variant of a union that is not the chosen one.
 */

/**
 * @typedef {object} Placement
 * @property {Placed[]} all In the order of the server, without those of variants that are not chosen.
 * @property {Map<string, Placed[]>} at By the key of the path.
 * @property {Map<string, number>} within How many errors a path and all below it have.
 */

/**
 * @param {readonly ServerError[]} errors
 * @param {SchemaReader} reader
 * @param {any} value
 * @returns {Placement}
 */
export function placeErrors(errors, reader, value) {
  const root = reader.node(reader.root);
  const placed = errors.map((error) => place(error, reader, root, value));
  const chosen = placed.filter((error) => !error.other);
  // A union reports what each of its variants would have wanted. Only the chosen one is of interest,
  // unless it is not known which that is.
  const all = placed.filter((error) => !error.other || !chosen.some(({ path }) => isWithin(error.path, path)));
  /** @type {Map<string, Placed[]>} */
  const at = new Map();
  /** @type {Map<string, number>} */
  const within = new Map();
  for (const error of all) {
    const key = pathKey(error.path);
    at.set(key, [...(at.get(key) ?? []), error]);
    for (let length = 0; length <= error.path.length; length += 1) {
      const around = pathKey(error.path.slice(0, length));
      within.set(around, (within.get(around) ?? 0) + 1);
    }
  }
  return { all, at, within };
}

/**
 * @param {ServerError} error
 * @param {SchemaReader} reader
 * @param {Node} root
 * @param {any} rootValue
 * @returns {Placed}
 */
function place(error, reader, root, rootValue) {
  /** @type {(string | number)[]} */
  const path = [];
  let node = root;
  let value = rootValue;
  let prefix = "";
  let other = false;
  for (let i = 0; i < error.loc.length; i += 1) {
    const part = /** @type {string | number} */ (error.loc[i]);
    if (node.kind === "union") {
      const chosen = reader.variantOf(node, value);
      const tagged = node.variants.findIndex((variant) => isTagOf(reader, node, variant, part));
      if (tagged >= 0 && chosen >= 0 && tagged !== chosen && !isTagOf(reader, node, /** @type {any} */ (node.variants[chosen]), part)) {
        other = true;
        prefix = `as ${/** @type {any} */ (node.variants[tagged]).label}: `;
        break;
      }
      const next = chosen >= 0 ? chosen : tagged;
      if (next < 0) break;
      node = reader.node(/** @type {any} */ (node.variants[next]).schema);
      if (tagged >= 0) continue;
    }
    const step = stepInto(reader, node, value, part);
    if (step) {
      path.push(part);
      node = step.node;
      value = step.value;
    } else if (part === "[key]") {
      prefix = "key: ";
    } else if (node.kind === "list" || node.kind === "tuple" || node.kind === "map" || node.kind === "group") {
      // Either the name of a validator that wraps this value, or a place that this page does not know.
      if (!String(part).includes("[")) prefix = `${prefix}${part}: `;
    }
  }
  return { path, message: prefix + error.message, type: error.type ?? "", exact: path.length > 0, other };
}

/**
 * @param {SchemaReader} reader
 * @param {Node} node
 * @param {any} value
 * @param {string | number} part
 * @returns {{node: Node, value: any} | null}
 */
function stepInto(reader, node, value, part) {
  const schema = node.schema;
  if ((node.kind === "list" || node.kind === "tuple") && typeof part === "number") {
    const inner = node.kind === "tuple" ? schema.prefixItems[part] : schema.items;
    return { node: reader.node(inner ?? true), value: Array.isArray(value) ? value[part] : undefined };
  }
  if (node.kind === "group" || node.kind === "map") {
    const known = schema.properties?.[part];
    const present = isObject(value) && Object.hasOwn(value, String(part));
    if (known === undefined && !present) return null;
    const inner = known ?? schema.additionalProperties;
    return { node: reader.node(isObject(inner) ? inner : true), value: isObject(value) ? value[String(part)] : undefined };
  }
  return null;
}

/**
 * Whether a part of a `loc` is pydantic's name for a variant.
 *
 * @param {SchemaReader} reader
 * @param {Node} union
 * @param {import("./schema.js").Variant} variant
 * @param {string | number} part
 * @returns {boolean}
 */
function isTagOf(reader, union, variant, part) {
  if (union.discriminator !== null) return String(variant.tag) === String(part);
  if (typeof part !== "string") return false;
  // `function-after[check(), list[int]]` and the like: what is wrapped comes last.
  const wrapped = /^(?:function-\w+|lax-or-strict|nullable|json-or-python|default|constrained-\w+)\[(.*)\]$/.exec(part);
  if (wrapped) {
    const inner = /** @type {string} */ (wrapped[1]);
    return isTagOf(reader, union, variant, inner.slice(inner.lastIndexOf("),") + 2).trim()) || isTagOf(reader, union, variant, inner);
  }
  const reference = typeof variant.schema.$ref === "string" ? variant.schema.$ref.split("/").pop() : undefined;
  const node = reader.node(variant.schema);
  if (part === reference || part === node.title) return true;
  switch (node.kind) {
    case "integer":
      return part === "int" || part === "constrained-int";
    case "number":
      return part === "float" || part === "constrained-float";
    case "decimal":
      return part === "decimal";
    case "boolean":
      return part === "bool";
    case "string":
      return (STRING_TAGS[String(node.schema.format)] ?? ["str", "constrained-str", "bytes"]).includes(part);
    case "constant":
      return part === "none" || part.startsWith("literal[");
    case "choice":
      return part.startsWith("literal[") || part === "enum";
    case "list":
      return /^(list|set|frozenset|tuple|deque|generator|constrained-list)\b/.test(part);
    case "tuple":
      return part.startsWith("tuple");
    case "map":
      return part.startsWith("dict");
    case "json":
      return part === "any";
    default:
      return false;
  }
}

const STRING_TAGS = /** @type {Record<string, string[]>} */ ({
  "date-time": ["datetime"],
  date: ["date"],
  time: ["time"],
  duration: ["timedelta"],
  uuid: ["uuid"],
  uri: ["url", "multi-host-url"],
  password: ["secret-str", "str", "function-plain"],
  binary: ["bytes"],
});
