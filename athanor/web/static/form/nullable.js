/** A value that may be none: its control, and the toggle that says so. */

import { html, useRef, useState } from "../lib/preact.js";
import { startingValue } from "./defaults.js";
import { pathId } from "./paths.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * Whether a slot holds none now, and how to change that.
 *
 * Turning it on again brings back what was there before.
 *
 * @param {Slot} slot
 * @returns {{none: boolean, toggle: () => void}}
 */
export function useNone({ form, node, value, update, item }) {
  const before = useRef(/** @type {any} */ (undefined));
  /** Turned on, though there is nothing yet that could be its value. */
  const [engaged, setEngaged] = useState(false);
  const byDefault = value === undefined && node.hasDefault && node.default === null;
  // Who empties the field to type another value does not mean none: it stays a field.
  const none = node.nullable && (value === null || (byDefault && !engaged && before.current === undefined));
  if (value !== undefined && value !== null) before.current = value;
  const toggle = () => {
    if (!none) {
      setEngaged(false);
      update(() => null);
      return;
    }
    setEngaged(true);
    const inner = { ...node, nullable: false, hasDefault: node.hasDefault && node.default !== null };
    const start = before.current ?? startingValue(form.reader, inner) ?? empty(inner, Boolean(item));
    update(() => start);
  };
  return { none, toggle };
}

/**
 * @param {import("./schema.js").Node} node
 * @param {boolean} item
 */
function empty(node, item) {
  if (node.kind === "list") return [];
  if (node.kind === "map") return {};
  if (node.kind === "string" && !node.schema.format) return "";
  return item ? "" : undefined;
}

/**
 * While it is none, this is the control of the place.
 *
 * @param {{slot: Slot, none: boolean, toggle: () => void}} props
 */
export function NoneToggle({ slot, none, toggle }) {
  const { form, path, label } = slot;
  return html`<label class="form-none">
    <input
      type="checkbox"
      class="form-checkbox"
      id=${`${pathId(form.id, path)}${none ? "" : "-none"}`}
      aria-label=${`none: ${label}`}
      checked=${none}
      disabled=${form.disabled}
      onChange=${toggle}
    />
    <span aria-hidden="true">none</span>
  </label>`;
}
