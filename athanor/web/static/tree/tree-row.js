/** One row of the tree. */

import { html, useLayoutEffect, useRef } from "../lib/preact.js";
import { quoted, sizeText, summarise } from "./summarise.js";

/** Beyond this depth rows are not moved further to the right; their depth is written instead. */
const DEEPEST = 24;
const STRING_CHARS = 160;
/** The longest string that is put on the page whole. */
const WHOLE_CHARS = 200_000;
const PREVIEW_CHARS = 110;

/** @typedef {import("./rows.js").Row} Row */

/**
 * @param {{id: string, row: Row, top: number, active: boolean, whole: boolean, long: boolean,
 *   measure: (id: string, height: number | null) => void, onPress: () => void}} props
 */
export function TreeRow({ id, row, top, active, whole, long, measure, onPress }) {
  /** @type {{current: HTMLElement | null}} */
  const element = useRef(null);
  useLayoutEffect(() => {
    measure(row.id, whole && element.current ? element.current.offsetHeight : null);
  }, [whole, row.id, row.value]);
  const foldable = row.size > 0;
  const depth = Math.min(row.depth, DEEPEST);
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    // Who selects text does not mean to fold it; the whole string is there to be read.
    if (String(document.getSelection()) !== "" || /** @type {Element} */ (event.target).closest(".tree-whole")) return;
    onPress();
  };
  return html`<div
    class="tree-row"
    role="treeitem"
    id=${id}
    ref=${element}
    data-type=${row.range ? "range" : row.type}
    data-active=${active ? "true" : undefined}
    data-foldable=${foldable || long ? "true" : undefined}
    aria-level=${row.depth + 1}
    aria-posinset=${row.position}
    aria-setsize=${row.siblings}
    aria-expanded=${foldable ? (row.open ? "true" : "false") : long ? (whole ? "true" : "false") : undefined}
    aria-selected=${active ? "true" : "false"}
    style=${{ transform: `translateY(${top}px)`, "--tree-depth": String(depth) }}
    onClick=${onClick}
  >
    <span class="tree-line">
      ${row.depth > DEEPEST && html`<span class="tree-depth" title=${`Level ${row.depth + 1}`}>${row.depth + 1}</span>`}
      <span class="tree-chevron" aria-hidden="true"></span>
      ${row.range
        ? html`<span class="tree-range">[${row.range.from.toLocaleString("en")} … ${(row.range.to - 1).toLocaleString("en")}]</span>`
        : html`${row.key !== null && html`<span class="tree-key">${keyText(row.key)}</span><span class="tree-colon">: </span>`}
            <span class="tree-value">${shown(row)}</span>${long && html`<span class="tree-more">${whole ? "show less" : `show all ${row.value.length.toLocaleString("en")} characters`}</span>`}`}
    </span>
    ${whole &&
    html`<div class="tree-whole">${row.value.slice(0, WHOLE_CHARS)}${row.value.length > WHOLE_CHARS && html`<span class="tree-cut">… ${(row.value.length - WHOLE_CHARS).toLocaleString("en")} more: Copy value has all of it</span>`}</div>`}
  </div>`;
}

/** @param {Row} row */
function shown(row) {
  if (row.type === "string") return quoted(row.value, STRING_CHARS);
  if (row.size > 0) return row.open ? sizeText(row.value) : summarise(row.value, PREVIEW_CHARS);
  return summarise(row.value, PREVIEW_CHARS);
}

/** @param {string | number} key */
function keyText(key) {
  const text = String(key);
  if (typeof key === "number" || /^[\p{L}\p{N}_$ .:/-]{1,120}$/u.test(text)) return text;
  return quoted(text, 120);
}
