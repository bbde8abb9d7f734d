import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { socketUrl } from "../../socketUrl";

/** One person's, or nobody's, way to the server: a cache, requests and a socket for what is live. */
export type Connection = {
  readonly client: ApolloClient;
  readonly isLive: () => boolean;
  readonly onLive: (listener: () => void) => () => void;
  readonly close: () => void;
};

export function connect(token: string | null, onUnauthenticated: () => void): Connection {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const listeners = new Set<() => void>();
  let live = false;
  const tell = (now: boolean) => {
    live = now;
    for (const listener of listeners) listener();
  };
  const socket = createClient({
    url: socketUrl(),
    connectionParams: authorization,
    keepAlive: 15_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait,
    shouldRetry: () => true,
    on: { connected: () => tell(true), closed: () => tell(false) },
  });
  const refused = new ErrorLink(({ error }) => {
    if (CombinedGraphQLErrors.is(error) && error.errors.some(isUnauthenticated)) {
      onUnauthenticated();
    }
  });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: refused.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri: "/graphql", headers: authorization, credentials: "omit" }),
    ),
  });
  return {
    client,
    isLive: () => live,
    onLive: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      client.stop();
      // It waits for a socket that is being opened, and fails if that is refused.
      void Promise.resolve(socket.dispose()).catch(() => undefined);
    },
  };
}

/** The longest pause between two tries, in milliseconds. */
const LONGEST_WAIT = 15_000;

/** Twice as long each time, up to that; spread, so that a restarted server is not stormed. */
function retryWait(retries: number): Promise<void> {
  const wait = Math.min(1000 * 2 ** retries, LONGEST_WAIT) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, wait));
}

function isUnauthenticated(error: { extensions?: Record<string, unknown> }): boolean {
  return error.extensions?.["code"] === "UNAUTHENTICATED";
}
