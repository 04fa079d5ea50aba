/** Fields with few answers: yes or no, one of several, and the one there is. */

import { html } from "../lib/preact.js";
import { controlAttributes } from "./context.js";
import { sameJson, stringifyJson } from "./lossless-json.js";
import { optionText } from "./schema.js";

/** @typedef {import("./context.js").Slot} Slot */

/** Up to this many options, and this many letters in all, are shown side by side. */
const SIDE_BY_SIDE = { options: 4, letters: 32 };

/** @param {Slot} slot */
export function BooleanControl(slot) {
  const { node, value, update } = slot;
  const shown = value === undefined && node.hasDefault ? node.default : value;
  const set = typeof shown === "boolean";
  return html`<span class="form-boolean">
    <input
      ...${controlAttributes(slot)}
      type="checkbox"
      class="form-checkbox"
      checked=${shown === true}
      indeterminate=${!set}
      onChange=${(/** @type {any} */ event) => {
        const checked = event.currentTarget.checked;
        update(() => checked);
      }}
    />
    <span class="form-boolean-text" aria-hidden="true">${set ? String(shown) : shown === undefined || shown === null || shown === "" ? "not set" : stringifyJson(shown)}</span>
  </span>`;
}

/**
 * Whether a choice is drawn as buttons side by side, which are named by `aria-labelledby` and not by a `label`.
 *
 * @param {import("./schema.js").Node} node
 * @param {any} value
 */
export function isSideBySide(node, value) {
  if (node.kind !== "choice") return false;
  const texts = node.options.map(optionText);
  const known = value === undefined || value === null || node.options.some((option) => sameJson(option, value));
  return known && texts.length <= SIDE_BY_SIDE.options && texts.join("").length <= SIDE_BY_SIDE.letters;
}

/** @param {Slot} slot */
export function ChoiceControl(slot) {
  const { node, value, update, item } = slot;
  const shown = value === undefined && node.hasDefault ? node.default : value;
  const chosen = node.options.findIndex((option) => sameJson(option, shown));
  const texts = node.options.map(optionText);
  const foreign = chosen < 0 && shown !== undefined && shown !== null;
  const attributes = controlAttributes(slot);

  if (isSideBySide(node, shown)) {
    const { id, disabled, ...group } = attributes;
    const labelled = slot.inline ? {} : { "aria-labelledby": `${id}-label` };
    return html`<span class="form-options" role="radiogroup" ...${group} ...${labelled}>
      ${texts.map((text, i) => {
        // The group's own id goes to the radio that the Tab key reaches, so that a label and a link find it.
        const reached = i === Math.max(0, chosen);
        return html`<label class="form-option" key=${i}>
          <input
            type="radio"
            id=${reached ? id : undefined}
            name=${id}
            checked=${i === chosen}
            disabled=${disabled}
            onChange=${() => update(() => node.options[i])}
          />
          <span>${text}</span>
        </label>`;
      })}
    </span>`;
  }
  return html`<select
    ...${attributes}
    class="form-input form-select"
    value=${String(foreign ? -2 : chosen)}
    onChange=${(/** @type {any} */ event) => {
      const index = Number(event.currentTarget.value);
      if (index !== -2) update(() => (index >= 0 ? node.options[index] : item ? null : undefined));
    }}
  >
    ${chosen < 0 && !foreign && html`<option value="-1">choose…</option>`}
    ${foreign && html`<option value="-2">${stringifyJson(shown)} (not one of these)</option>`}
    ${texts.map((text, i) => html`<option key=${i} value=${String(i)}>${text}</option>`)}
  </select>`;
}

/**
 * Nothing to choose; a value that is another can be put right.
 *
 * @param {Slot} slot
 */
export function ConstantControl(slot) {
  const { form, node, value, update } = slot;
  const only = node.schema.const;
  const shown = value === undefined && node.hasDefault ? node.default : value;
  const right = sameJson(shown, only);
  const { id, "aria-describedby": describedBy } = controlAttributes(slot);
  return html`<span class="form-constant" id=${id} tabindex=${right ? undefined : "-1"} aria-describedby=${describedBy}>
    <code>${shown === undefined ? "not set" : optionText(typeof shown === "object" && shown !== null ? stringifyJson(shown) : shown)}</code>
    ${!right && html`<button type="button" class="form-button" disabled=${form.disabled} onClick=${() => update(() => only)}>
      set to ${optionText(only)}
    </button>`}
  </span>`;
}
