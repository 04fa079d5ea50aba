/** One item of a list or a map: its name, its control or its folded summary, and the buttons that act on it. */

import { html, useEffect, useState } from "../lib/preact.js";
import { errorsWithin, isBlock } from "./context.js";
import { isWithin, pathId } from "./paths.js";
import { summaryLine } from "./summary-line.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * @typedef {object} ItemShellProps
 * @property {Slot} slot
 * @property {any} name The index, or the field for the key.
 * @property {any} [grip] The handle to drag it by.
 * @property {boolean} [fresh] Just added: it starts open.
 * @property {(() => void) | null} [onUp]
 * @property {(() => void) | null} [onDown]
 * @property {() => void} onRemove
 */

/** @param {ItemShellProps} props */
export function ItemShell({ slot, name, grip, fresh, onUp, onDown, onRemove }) {
  const { form, path, label } = slot;
  const foldable = isBlock(form.reader, slot.node);
  const count = errorsWithin(slot);
  const [open, setOpen] = useState(Boolean(fresh) || count > 0);
  /** What was once open stays on the page, so that what is half typed in it is not lost. */
  const [opened, setOpened] = useState(open);
  const revealed = form.revealed !== null && isWithin(path, form.revealed);
  useEffect(() => {
    if (count > 0 || revealed) setOpen(true);
  }, [count > 0, revealed]);
  const shown = open || revealed;
  if (shown && !opened) setOpened(true);
  const id = pathId(form.id, path);

  const buttons = html`<span class="form-item-buttons">
    ${onUp !== undefined &&
    html`<button type="button" class="form-icon" data-act="up" disabled=${form.disabled || onUp === null} aria-label=${`Move ${label} up`} title="Move up" onClick=${onUp}>
        <span aria-hidden="true">↑</span>
      </button>
      <button type="button" class="form-icon" data-act="down" disabled=${form.disabled || onDown === null} aria-label=${`Move ${label} down`} title="Move down" onClick=${onDown}>
        <span aria-hidden="true">↓</span>
      </button>`}
    <button type="button" class="form-icon" data-act="remove" disabled=${form.disabled} aria-label=${`Remove ${label}`} title="Remove" onClick=${onRemove}>
      <span aria-hidden="true">×</span>
    </button>
  </span>`;

  if (!foldable) {
    return html`<div class="form-item">
      <div class="form-item-line">
        ${grip}${name}
        <div class="form-item-control">${form.field({ ...slot, item: true, inline: true })}</div>
        ${buttons}
      </div>
    </div>`;
  }
  return html`<div class="form-item form-item-block" data-open=${shown ? "true" : "false"}>
    <div class="form-item-line">
      ${grip}
      <button
        type="button"
        class="form-fold"
        aria-expanded=${shown ? "true" : "false"}
        aria-controls=${opened ? `${id}-body` : undefined}
        aria-label=${`${label}${count > 0 ? `, ${count} ${count === 1 ? "problem" : "problems"}` : ""}`}
        onClick=${() => {
          form.release();
          setOpen(!shown);
        }}
      >
        <span class="form-chevron" aria-hidden="true"></span>
      </button>
      ${name}
      <span class="form-summary">${shown ? "" : summaryLine(form.reader, slot.node, slot.value)}</span>
      ${count > 0 && html`<span class="form-count" aria-hidden="true">${count}</span>`}
      ${buttons}
    </div>
    ${opened && html`<div class="form-item-body" id=${`${id}-body`} hidden=${!shown}>${form.field({ ...slot, item: true, inline: true })}</div>`}
  </div>`;
}
