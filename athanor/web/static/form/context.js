/** What the parts of one form share, and what each of them is given. Types only, and what reads them. */

import { boundsText } from "./decimal.js";
import { pathId, pathKey } from "./paths.js";

/** @typedef {import("./schema.js").Node} Node */
/** @typedef {import("./schema.js").SchemaReader} SchemaReader */
/** @typedef {import("./placing.js").Placement} Placement */
/** @typedef {import("./paths.js").Path} Path */

/**
 * @typedef {object} FormContext
 * @property {string} id Unique on the page; ids of elements begin with it.
 * @property {SchemaReader} reader
 * @property {Placement} placement
 * @property {boolean} disabled
 * @property {Path | null} revealed The place that must not be folded away now.
 * @property {() => void} release Lets `revealed` be folded again.
 * @property {(slot: Slot) => any} field A value with its label, description and errors.
 * @property {(slot: Slot) => any} editor Its control or controls alone.
 * @property {(key: string, message: string | null) => void} unparsed Says that what is typed at a place is
 *   not in the value, and why; null when it is again.
 * @property {(message: string) => void} announce Tells those who listen instead of look.
 */

/**
 * @typedef {(change: (current: any) => any) => void} Update Changes a value through a function of the present
 *   one, so that two changes in one moment are both kept. undefined leaves the member out.
 */

/**
 * @typedef {object} Slot One value in the form.
 * @property {FormContext} form
 * @property {Node} node
 * @property {any} value
 * @property {Update} update
 * @property {Path} path
 * @property {string} label
 * @property {boolean} [required]
 * @property {boolean} [item] In a list or map: there is no undefined here.
 * @property {boolean} [inline] Drawn without its label, which is then spoken only.
 */

/** The kinds that need lines of their own. */
const BLOCKS = new Set(["group", "map", "list"]);

/**
 * @param {SchemaReader} reader
 * @param {Node} node
 * @returns {boolean}
 */
export function isBlock(reader, node) {
  if (node.kind === "tuple") return node.schema.prefixItems.some((/** @type {any} */ part) => isBlock(reader, reader.node(part)));
  if (node.kind !== "union") return BLOCKS.has(node.kind);
  // One level suffices, and a union that holds itself has an end here.
  return node.variants.some((variant) => ["group", "map", "list", "tuple", "union"].includes(reader.node(variant.schema).kind));
}

/**
 * @param {Slot} slot
 * @returns {import("./placing.js").Placed[]}
 */
export function errorsAt(slot) {
  return slot.form.placement.at.get(pathKey(slot.path)) ?? [];
}

/**
 * @param {Slot} slot
 * @returns {number} How many errors this value and all in it have.
 */
export function errorsWithin(slot) {
  return slot.form.placement.within.get(pathKey(slot.path)) ?? 0;
}

/**
 * The attributes that tie a control to its label, its hints and its errors.
 *
 * @param {Slot} slot
 */
export function controlAttributes(slot) {
  const id = pathId(slot.form.id, slot.path);
  const described = [];
  if (errorsAt(slot).length > 0) described.push(`${id}-errors`);
  if (slot.node.description && !slot.inline) described.push(`${id}-description`);
  if (hintText(slot)) described.push(`${id}-hint`);
  return {
    id,
    disabled: slot.form.disabled,
    "aria-label": slot.inline ? slot.label : undefined,
    "aria-invalid": errorsAt(slot).length > 0 ? "true" : undefined,
    "aria-required": slot.required ? "true" : undefined,
    "aria-describedby": described.join(" ") || undefined,
  };
}

/**
 * What the schema allows, in few words.
 *
 * @param {Slot} slot
 * @returns {string}
 */
export function hintText(slot) {
  return HINTS[slot.node.kind]?.(slot.node.schema) ?? "";
}


/** @type {Record<string, (schema: import("./schema.js").Schema) => string>} */
const HINTS = {
  number: boundsText,
  integer: boundsText,
  decimal: (schema) => boundsText((schema.anyOf ?? []).find((/** @type {any} */ arm) => arm.type === "number") ?? {}),
  string: (schema) => [schema.format === "uri" ? "" : range(schema.minLength, schema.maxLength, "characters"), schema.pattern ? `matches ${schema.pattern}` : ""]
    .filter(Boolean).join(", "),
  list: (schema) => [range(schema.minItems, schema.maxItems, "items"), schema.uniqueItems ? "all different" : ""]
    .filter(Boolean).join(", "),
  map: (schema) => range(schema.minProperties, schema.maxProperties, "entries"),
};

/**
 * @param {unknown} low
 * @param {unknown} high
 * @param {string} unit
 */
function range(low, high, unit) {
  const some = low !== undefined && Number(low) > 0;
  const few = high !== undefined;
  if (some && few) return Number(low) === Number(high) ? `${low} ${unit}` : `${low} – ${high} ${unit}`;
  if (some) return Number(low) === 1 ? "not empty" : `at least ${low} ${unit}`;
  return few ? `at most ${high} ${unit}` : "";
}
