/** One value of the form: its label, its control, what it is for, what is wrong with it, and the way back. */

import { html, useState } from "../lib/preact.js";
import { BooleanControl, ChoiceControl, ConstantControl, isSideBySide } from "./choice-control.js";
import { errorsAt, isBlock } from "./context.js";
import { DateControl, isDate } from "./date-control.js";
import { structuredCopy } from "./defaults.js";
import { GroupControl } from "./group-control.js";
import { JsonControl } from "./json-control.js";
import { ListControl, TupleControl } from "./list-control.js";
import { isNumber, isObject, sameJson, stringifyJson } from "./lossless-json.js";
import { MapControl } from "./map-control.js";
import { NoneToggle, useNone } from "./nullable.js";
import { NumberControl } from "./number-control.js";
import { pathId } from "./paths.js";
import { TextControl } from "./text-control.js";
import { UnionControl } from "./union-control.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * A value with everything around it.
 *
 * @param {Slot} slot
 */
export function Field(slot) {
  const { form, node, path, label, required, inline } = slot;
  const id = pathId(form.id, path);
  const errors = errorsAt(slot);
  const { none, toggle } = useNone(slot);
  const block = isBlock(form.reader, node);
  const control = none
    ? null
    : html`<${Editor} ...${slot} required=${required && !node.hasDefault} />`;
  const noneToggle = node.nullable && html`<${NoneToggle} slot=${slot} none=${none} toggle=${toggle} />`;
  const below = html`
    ${errors.length > 0 &&
    html`<div class="form-errors" id=${`${id}-errors`}>
      ${errors.map((error, i) => html`<p class="form-error" key=${i}>${error.message}</p>`)}
    </div>`}
  `;
  const description = node.description && html`<p class="form-description" id=${`${id}-description`}>${node.description}</p>`;
  const marks = html`<span class="form-marks">
    ${required && !node.hasDefault && slot.value === undefined && errors.length === 0 && html`<span class="form-required">required</span>`}
    <${Reset} ...${slot} />
  </span>`;

  if (inline) {
    return html`<div class="form-inline" data-invalid=${errors.length > 0 ? "true" : undefined}>
      <div class="form-inline-control">${control}${noneToggle}</div>
      ${below}
    </div>`;
  }
  if (block) {
    return html`<div class="form-block" role="group" aria-labelledby=${`${id}-label`} data-kind=${node.kind} data-invalid=${errors.length > 0 ? "true" : undefined}>
      <div class="form-heading"><span class="form-label" id=${`${id}-label`}>${label}</span>${noneToggle}${marks}</div>
      ${description}${below}
      ${control && html`<div class="form-block-content">${control}</div>`}
    </div>`;
  }
  const grouped = isSideBySide(node, slot.value ?? node.default) || none || node.kind === "constant" || node.kind === "tuple";
  return html`<div class="form-row" data-invalid=${errors.length > 0 ? "true" : undefined}>
    <div class="form-row-label">
      ${grouped
        ? html`<span class="form-label" id=${`${id}-label`}>${label}</span>`
        : html`<label class="form-label" id=${`${id}-label`} for=${id}>${label}</label>`}
    </div>
    <div class="form-row-control">
      <div class="form-row-line">${control}${noneToggle}${marks}</div>
      ${below}${description}
    </div>
  </div>`;
}

/**
 * The control for a kind of value; a value of another kind than the schema's is shown as JSON, not hidden.
 *
 * @param {Slot} slot
 */
export function Editor(slot) {
  const { node, value } = slot;
  // While one types in the JSON field it stays, though what was typed so far would fit the proper control.
  const [held, setHeld] = useState(false);
  if (held || !fits(node.kind, value)) return html`<${JsonControl} ...${slot} onHold=${setHeld} />`;
  switch (node.kind) {
    case "number":
    case "integer":
    case "decimal":
      return html`<${NumberControl} ...${slot} />`;
    case "boolean":
      return html`<${BooleanControl} ...${slot} />`;
    case "choice":
      return html`<${ChoiceControl} ...${slot} />`;
    case "constant":
      return html`<${ConstantControl} ...${slot} />`;
    case "string":
      return isDate(node.schema) ? html`<${DateControl} ...${slot} />` : html`<${TextControl} ...${slot} />`;
    case "group":
      return html`<div class="form-members"><${GroupControl} ...${slot} /></div>`;
    case "map":
      return html`<${MapControl} ...${slot} />`;
    case "list":
      return html`<${ListControl} ...${slot} />`;
    case "tuple":
      return html`<${TupleControl} ...${slot} />`;
    case "union":
      return html`<${UnionControl} ...${slot} />`;
    default:
      return html`<${JsonControl} ...${slot} />`;
  }
}

/**
 * Whether the control of a kind can show a value; those not named here can show any.
 *
 * @param {import("./schema.js").Kind} kind
 * @param {any} value
 */
function fits(kind, value) {
  if (value === undefined || value === null) return true;
  switch (kind) {
    case "number":
    case "integer":
    case "decimal":
      return isNumber(value) || typeof value === "string";
    case "group":
    case "map":
      return isObject(value);
    case "list":
    case "tuple":
      return Array.isArray(value);
    default:
      return true;
  }
}

/**
 * The way back to the default, there when the value is another; its room is kept, so nothing jumps.
 *
 * @param {Slot} slot
 */
function Reset({ form, node, value, update, label, required, item }) {
  if (item || node.kind === "constant" || (required && !node.hasDefault)) return null;
  const differs = value !== undefined && !(node.hasDefault && sameJson(value, node.default));
  const to = node.hasDefault ? stringifyJson(node.default) : "what the experiment sets";
  const shown = to.length > 60 ? `${to.slice(0, 59)}…` : to;
  return html`<button
    type="button"
    class="form-reset"
    data-shown=${differs ? "true" : "false"}
    disabled=${form.disabled || !differs}
    aria-label=${`Reset ${label} to ${shown}`}
    title=${`Reset to ${shown}`}
    onClick=${() => update(() => (node.hasDefault ? structuredCopy(node.default) : undefined))}
  >
    reset
  </button>`;
}
