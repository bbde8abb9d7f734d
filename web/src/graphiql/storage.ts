import type { Storage } from "@graphiql/toolkit";

/**
 * Where GraphiQL keeps tabs, history and settings: for this tab of the browser only, as queries may
 * have passwords in them, and never with headers, as those have tokens. GraphiQL's own setting
 * leaves them out of the tabs, but not of the history.
 */
export const storage: Storage = {
  getItem: (name) => sessionStorage.getItem(name),
  setItem: (name, value) => sessionStorage.setItem(name, withoutHeaders(value)),
  removeItem: (name) => sessionStorage.removeItem(name),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length;
  },
};

function withoutHeaders(value: string): string {
  // Texts, numbers and the like are kept as they are.
  if (!value.startsWith("{")) return value;
  try {
    return JSON.stringify(JSON.parse(value), (key, part) => (key === "headers" ? undefined : part));
  } catch {
    return value;
  }
}
