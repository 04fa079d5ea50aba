/** A value of one of several kinds: a selector of the kind, and the control of the one that is chosen. */

import { html, useRef, useState } from "../lib/preact.js";
import { controlAttributes } from "./context.js";
import { startingItem, startingValue } from "./defaults.js";
import { GroupControl } from "./group-control.js";
import { JsonControl } from "./json-control.js";
import { isObject } from "./lossless-json.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * The kind follows from the value, but while one types the kind that was chosen stays: `12a` does not turn
 * a number into a text under the hand.
 *
 * @param {Slot} slot
 */
export function UnionControl(slot) {
  const { form, node, update, label, item } = slot;
  const value = slot.value === undefined && node.hasDefault ? node.default : slot.value;
  /** @type {{current: {index: number, value: any} | null}} */
  const chosen = useRef(null);
  /** @type {{current: Map<number, any>}} What each kind held when another was chosen. */
  const left = useRef(new Map());
  const sticks = chosen.current !== null && Object.is(chosen.current.value, slot.value);
  const index = sticks && chosen.current ? chosen.current.index : form.reader.variantOf(node, value);
  const [held, setHeld] = useState(false);
  const variant = held ? undefined : node.variants[index];
  const inner = variant && form.reader.node(variant.schema);

  /** @param {any} event */
  const choose = (event) => {
    const to = Number(event.currentTarget.value);
    if (to === index) return;
    if (index >= 0) left.current.set(index, value);
    const target = node.variants[to];
    if (!target) {
      chosen.current = null;
      update(() => (item ? null : undefined));
      return;
    }
    const next = left.current.has(to) ? left.current.get(to) : startOf(slot, target);
    chosen.current = { index: to, value: next };
    update(() => next);
  };
  /** @type {import("./context.js").Update} */
  const updateInner = (change) =>
    update((current) => {
      const next = change(current === undefined && node.hasDefault ? node.default : current);
      chosen.current = { index, value: next };
      return next;
    });
  const attributes = controlAttributes(slot);
  const empty = value === undefined || value === null || value === "";
  // An emptied control must not say null where null means none.
  const innerNode = inner && node.nullable ? { ...inner, nullable: true } : inner;
  const innerSlot = innerNode && { ...slot, node: innerNode, value, update: updateInner, required: false };
  return html`<div class="form-union">
    <select
      ...${attributes}
      id=${`${attributes.id}${inner && inner.kind !== "group" ? "-kind" : ""}`}
      class="form-input form-select form-select-kind"
      aria-label=${`${label}: kind`}
      value=${String(index)}
      onChange=${choose}
    >
      ${(index < 0 || !slot.required) && html`<option value="-1">${index < 0 && !empty ? "none of these" : "choose…"}</option>`}
      ${node.variants.map((option, i) => html`<option key=${i} value=${String(i)}>${option.label}</option>`)}
    </select>
    ${(held || (!inner && !empty)) && html`<${JsonControl} ...${slot} inline=${true} onHold=${setHeld} />`}
    ${inner && innerSlot && inner.kind === "group" && html`<div class="form-members" key=${index}><${GroupControl} ...${innerSlot} hidden=${tagMember(node, inner)} /></div>`}
    ${inner &&
    innerSlot &&
    inner.kind !== "group" &&
    html`<div class="form-union-value" key=${index}>${form.editor({ ...innerSlot, inline: true })}</div>`}
  </div>`;
}

/**
 * The member that the selector stands for; one with several values is shown besides.
 *
 * @param {import("./schema.js").Node} node
 * @param {import("./schema.js").Node} inner
 */
function tagMember(node, inner) {
  const member = node.discriminator === null ? undefined : inner.schema.properties?.[node.discriminator];
  return member?.const !== undefined || member?.enum?.length === 1 ? node.discriminator : null;
}

/**
 * @param {Slot} slot
 * @param {import("./schema.js").Variant} variant
 */
function startOf({ form, node, item }, variant) {
  const inner = form.reader.node(variant.schema);
  const start = item ? startingItem(form.reader, inner) : (startingValue(form.reader, inner) ?? emptyOf(inner));
  if (node.discriminator === null) return start;
  const { [node.discriminator]: _, ...rest } = isObject(start) ? start : /** @type {Record<string, any>} */ ({});
  return { [node.discriminator]: variant.tag, ...rest };
}

/** @param {import("./schema.js").Node} inner */
function emptyOf(inner) {
  if (inner.kind === "list") return [];
  if (inner.kind === "map") return {};
  return inner.kind === "string" && !inner.schema.format ? "" : undefined;
}
