/** A value as indented JSON. */

import { html, useMemo, useState } from "../lib/preact.js";
import { stringifyJson } from "../form/lossless-json.js";

/** More text than this is put on the page only when asked for. */
const FIRST_CHARS = 100_000;

/** @param {{value: any, label: string}} props */
export function JsonText({ value, label }) {
  const text = useMemo(() => stringifyJson(value, 2), [value]);
  const [all, setAll] = useState(false);
  const cut = !all && text.length > FIRST_CHARS;
  return html`<div class="tree-json">
    <pre class="tree-json-text" tabindex="0" role="region" aria-label=${`${label || "Value"} as JSON`}>${cut ? text.slice(0, FIRST_CHARS) : text}</pre>
    ${cut &&
    html`<button type="button" class="tree-button" onClick=${() => setAll(true)}>
      Show all ${text.length.toLocaleString("en")} characters
    </button>`}
  </div>`;
}
