/** A value as JSON text, for what no other control can hold. What does not parse stays typed, and says where it fails. */

import { html, useEffect } from "../lib/preact.js";
import { controlAttributes } from "./context.js";
import { useDraft } from "./draft.js";
import { JsonSyntaxError, parseJson, stringifyJson } from "./lossless-json.js";
import { pathId, pathKey } from "./paths.js";

/** @typedef {import("./context.js").Slot} Slot */

/** @param {Slot & {onHold?: (held: boolean) => void}} slot `onHold` is told when one begins and ends to type here. */
export function JsonControl(slot) {
  const { form, value, update, path, item, onHold } = slot;
  const [text, setText] = useDraft(value, jsonText);
  const problem = problemOf(text, Boolean(item));
  const key = pathKey(path);
  useEffect(() => {
    form.unparsed(key, problem);
    return () => form.unparsed(key, null);
  }, [key, problem]);

  /** @param {any} event */
  const onInput = (event) => {
    const typed = event.currentTarget.value;
    if (problemOf(typed, Boolean(item)) !== null) {
      setText(typed, value);
      return;
    }
    const next = typed.trim() === "" ? undefined : parseJson(typed);
    setText(typed, next);
    update(() => next);
  };
  const attributes = controlAttributes(slot);
  const id = pathId(form.id, path);
  const lines = Math.min(16, text.split("\n").length);
  return html`<span class="form-json">
    <textarea
      ...${attributes}
      class="form-input form-input-mono form-input-json"
      rows=${lines}
      spellcheck="false"
      autocomplete="off"
      placeholder="JSON"
      aria-label=${`${slot.label}, as JSON`}
      aria-invalid=${problem === null ? attributes["aria-invalid"] : "true"}
      aria-describedby=${[problem !== null && `${id}-syntax`, attributes["aria-describedby"]].filter(Boolean).join(" ") || undefined}
      value=${text}
      onInput=${onInput}
      onFocus=${() => onHold?.(true)}
      onBlur=${() => onHold?.(false)}
    ></textarea>
    ${problem !== null && html`<span class="form-error" id=${`${id}-syntax`}>Not JSON yet, so not kept: ${problem}</span>`}
  </span>`;
}

/** @param {any} value */
function jsonText(value) {
  return value === undefined ? "" : stringifyJson(value, 2);
}

/**
 * @param {string} text
 * @param {boolean} item
 * @returns {string | null}
 */
function problemOf(text, item) {
  if (text.trim() === "") return item ? "a value is missing" : null;
  try {
    parseJson(text);
    return null;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
}
