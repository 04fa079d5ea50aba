/** Text that is being typed and is not yet, or not quite, the value it stands for. */

import { useState } from "../lib/preact.js";

/**
 * The text to show for a value: what was typed, as long as the value is the one it was typed for.
 *
 * So `1.` stays on the screen though the value is 1, and a change from elsewhere replaces it.
 *
 * @param {any} value
 * @param {(value: any) => string} write
 * @returns {[string, (text: string, value: any) => void]} The text, and a function to say what was
 *   typed and which value it gave.
 */
export function useDraft(value, write) {
  const [draft, setDraft] = useState(/** @type {{text: string, value: any} | null} */ (null));
  const text = draft !== null && Object.is(draft.value, value) ? draft.text : write(value);
  return [text, (typed, given) => setDraft({ text: typed, value: given })];
}
