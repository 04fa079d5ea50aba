/** Fields for dates and times: the browser's own where it can hold the value whole, else its text. */

import { html, useState } from "../lib/preact.js";
import { controlAttributes } from "./context.js";
import { TextControl } from "./text-control.js";

/** @typedef {import("./context.js").Slot} Slot */

/** What the browser's fields can show and give back: a browser knows milliseconds, pydantic microseconds. */
const NATIVE = /** @type {Record<string, RegExp>} */ ({
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/,
  "date-time": /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)([^\d.:].*)?$/,
});

/**
 * Whether this control is for the schema.
 *
 * @param {import("./schema.js").Schema} schema
 */
export function isDate(schema) {
  return schema.type === "string" && Object.hasOwn(NATIVE, String(schema.format));
}

/** @param {Slot} slot */
export function DateControl(slot) {
  const { node, value, update, item, label } = slot;
  const format = String(node.schema.format);
  const empty = value === undefined || value === null || value === "";
  const fits = empty || (typeof value === "string" && isNative(format, value));
  // Once text, always text: a field that changes its kind under the hand loses the focus.
  const [asText, setAsText] = useState(!fits);
  /** The offset that is chosen while there is no date yet. */
  const [zone, setZone] = useState("Z");
  if (!fits && !asText) setAsText(true);
  if (!fits || asText) return html`<${TextControl} ...${slot} />`;

  const attributes = controlAttributes(slot);
  const nothing = item ? (node.nullable ? "" : null) : undefined;
  const shared = { ...attributes, autocomplete: "off", "data-empty": empty ? "true" : undefined };
  if (format !== "date-time") {
    return html`<input
      ...${shared}
      type=${format}
      class="form-input form-input-date"
      step=${format === "time" ? "any" : undefined}
      value=${empty ? "" : value}
      onInput=${(/** @type {any} */ event) => {
        const typed = event.currentTarget.value;
        update(() => keepSpelling(value, typed) ?? (typed || nothing));
      }}
    />`;
  }
  const match = empty ? null : /** @type {RegExp} */ (NATIVE[format]).exec(value);
  const local = match?.[1] ?? "";
  const offset = match ? (match[2] ?? "") : zone;
  return html`<span class="form-datetime">
    <input
      ...${shared}
      type="datetime-local"
      class="form-input form-input-date"
      step="any"
      value=${local}
      onInput=${(/** @type {any} */ event) => {
        const typed = event.currentTarget.value;
        update(() => (typed === "" ? nothing : (keepSpelling(local, typed) ?? typed) + offset));
      }}
    />
    <input
      type="text"
      class="form-input form-input-zone"
      aria-label=${`${label}: offset from UTC, Z or like +02:00, empty for none`}
      title="Offset from UTC: Z, or like +02:00; empty for none"
      autocomplete="off"
      spellcheck="false"
      disabled=${attributes.disabled}
      value=${offset}
      onInput=${(/** @type {any} */ event) => {
        const typed = event.currentTarget.value;
        setZone(typed);
        if (!empty) update(() => local + typed);
      }}
    />
  </span>`;
}

/**
 * Whether the browser's field shows this very value: 30 February is one that it would empty.
 *
 * @param {string} format
 * @param {string} value
 */
function isNative(format, value) {
  const match = NATIVE[format]?.exec(value);
  if (!match) return false;
  const probe = document.createElement("input");
  probe.type = format === "date-time" ? "datetime-local" : format;
  probe.value = match[1] && format === "date-time" ? match[1] : value;
  return probe.value !== "";
}

/**
 * The browser writes `10:00:00` as `10:00`; the same moment keeps the spelling it came with.
 *
 * @param {any} before
 * @param {string} typed
 */
function keepSpelling(before, typed) {
  /** @param {string} text */
  const short = (text) => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace(/(T|^)(\d\d:\d\d):00$/, "$1$2");
  return typeof before === "string" && typed !== "" && short(before) === short(typed) ? before : null;
}
