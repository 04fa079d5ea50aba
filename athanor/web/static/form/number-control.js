/** A field for a number: typed as text so that no digit is lost, stepped by buttons or arrow keys. */

import { html } from "../lib/preact.js";
import { controlAttributes, hintText } from "./context.js";
import { boundsText, numberText, readNumber, stepped } from "./decimal.js";
import { useDraft } from "./draft.js";
import { pathId } from "./paths.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * What is no number is kept as the text it is, for the server to refuse; empty means left out.
 *
 * @param {Slot} slot
 */
export function NumberControl(slot) {
  const { form, node, value, update, label } = slot;
  const [text, setText] = useDraft(value, shownNumber);
  const bounds = boundsOf(node);
  const integer = node.kind === "integer";

  /** @param {string} typed */
  const commit = (typed) => {
    const next = valueOf(typed, slot);
    setText(typed, next);
    update(() => next);
  };
  /** @param {number} steps */
  const step = (steps) => {
    if (!form.disabled) commit(stepped(text === "" ? numberText(node.default) : text, steps, bounds, integer));
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(event.shiftKey ? steps * 10 : steps);
  };
  const number = readNumber(text);
  const hint = boundsText(bounds);
  return html`
    <span class="form-number">
      <input
        ...${controlAttributes(slot)}
        type="text"
        class="form-input form-input-number"
        inputmode=${integer ? "numeric" : "decimal"}
        autocomplete="off"
        spellcheck="false"
        role="spinbutton"
        aria-valuenow=${number === null ? undefined : Number(number)}
        aria-valuetext=${text === "" ? "empty" : text}
        aria-valuemin=${numberText(bounds.minimum) || undefined}
        aria-valuemax=${numberText(bounds.maximum) || undefined}
        placeholder=${numberText(node.default)}
        style=${{ width: `${Math.min(48, Math.max(15, text.length + 4))}ch` }}
        value=${text}
        onInput=${(/** @type {any} */ event) => commit(event.currentTarget.value)}
        onKeyDown=${onKeyDown}
      />
      <span class="form-steps">
        <${StepButton} label=${`Decrease ${label}`} sign="−" disabled=${form.disabled} onStep=${() => step(-1)} />
        <${StepButton} label=${`Increase ${label}`} sign="+" disabled=${form.disabled} onStep=${() => step(1)} />
      </span>
      ${hint && html`<span class="form-hint" id=${`${pathId(form.id, slot.path)}-hint`}>${hintText(slot)}</span>`}
    </span>
  `;
}

/**
 * For the mouse; the keyboard has the arrow keys, so it is not a stop of the Tab key.
 *
 * @param {{label: string, sign: string, disabled: boolean, onStep: () => void}} props
 */
function StepButton({ label, sign, disabled, onStep }) {
  return html`<button type="button" class="form-step" tabindex="-1" aria-label=${label} disabled=${disabled} onClick=${onStep}>
    <span aria-hidden="true">${sign}</span>
  </button>`;
}

/** @param {any} value */
function shownNumber(value) {
  return numberText(value) || (typeof value === "string" ? value : "");
}

/**
 * @param {string} typed
 * @param {Slot} slot
 * @returns {any}
 */
function valueOf(typed, { node, value, item }) {
  if (typed === "") return item ? (node.nullable ? "" : null) : undefined;
  const number = readNumber(typed);
  if (number === null) return typed;
  // A Decimal is a string in JSON, so that 1.10 stays 1.10; one that came as a number stays one.
  return node.kind === "decimal" && (typeof value === "string" || value === undefined || value === null) ? typed : number;
}

/**
 * @param {import("./schema.js").Node} node
 * @returns {import("./decimal.js").Bounds}
 */
function boundsOf(node) {
  if (node.kind !== "decimal") return node.schema;
  return (node.schema.anyOf ?? []).find((/** @type {any} */ arm) => arm.type === "number") ?? {};
}
