/**
 * The one door to the view libraries: everything of the front end imports them from here.
 * @module
 */
import htm from "../vendor/htm/htm.js";
import { h, render, Fragment, createContext } from "../vendor/preact/preact.js";

export { h, render, Fragment, createContext };
export {
  useState,
  useEffect,
  useRef,
  useMemo,
  useCallback,
  useLayoutEffect,
  useContext,
  useId,
  useErrorBoundary,
} from "../vendor/preact/hooks.js";
export {
  signal,
  computed,
  effect,
  batch,
  untracked,
  useSignal,
  useComputed,
  useSignalEffect,
} from "../vendor/signals/signals.js";

/** Markup as a tagged template: html`<p>${text}</p>`. What is interpolated is text, never markup. */
export const html = htm.bind(h);
