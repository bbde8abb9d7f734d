import { useSyncExternalStore } from "react";
import { type Connection, connect } from "./client";

/**
 * Who is signed in. The token is kept for this tab and this origin only, and each tenant's host is
 * an origin of its own; closing the tab forgets it. Signing in or out makes a new connection with
 * an empty cache, so nothing that one person read is shown to the next.
 */
export type Session = {
  readonly token: string | null;
  readonly connection: Connection;
  /** Whether the session before this one was ended by the server. */
  readonly ended: boolean;
};

const KEY = "polls.token";

let session: Session = open(sessionStorage.getItem(KEY), false);
const listeners = new Set<() => void>();

function open(token: string | null, ended: boolean): Session {
  return { token, ended, connection: connect(token, () => expire(token)) };
}

function replace(next: Session) {
  if (next.connection !== session.connection) session.connection.close();
  session = next;
  for (const listener of listeners) listener();
}

export function signIn(token: string) {
  sessionStorage.setItem(KEY, token);
  replace(open(token, false));
}

export function signOut() {
  sessionStorage.removeItem(KEY);
  replace(open(null, false));
}

/** Goes on without the session that has ended. */
export function goOn() {
  replace({ ...session, ended: false });
}

/** The server no longer takes the token. Answers to older tokens change nothing. */
function expire(token: string | null) {
  if (token === null || token !== session.token) return;
  sessionStorage.removeItem(KEY);
  replace(open(null, true));
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}
