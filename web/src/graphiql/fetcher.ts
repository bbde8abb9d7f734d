import type { Fetcher } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import { socketUrl } from "../socketUrl";

type Params = { query: string; operationName?: string | null; variables?: unknown };

/** The headers tab's entries; a token that was not filled in yet is left out. */
export function usable(headers: Record<string, unknown> | undefined): Record<string, string> {
  const entries = Object.entries(headers ?? {})
    .map(([name, value]): [string, string] => [name, String(value).trim()])
    .filter(([name, value]) => !(name.toLowerCase() === "authorization" && /^(Bearer)?$/i.test(value)));
  return Object.fromEntries(entries);
}

/** What the socket's `connection_init` carries: names as the server reads them. */
function connectionParams(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]): [string, string] => [name.toLowerCase(), value])
      .filter(([name]) => name === "authorization"),
  );
}

/**
 * The operation that is meant. The editor names it a moment late: a name that the document does
 * not have any more is left out.
 */
function operation(params: Params): { params: Params; subscription: boolean } {
  try {
    const document = parse(params.query);
    const named = getOperationAST(document, params.operationName);
    const { operationName: _, ...unnamed } = params;
    const meant = named ?? getOperationAST(document);
    return { params: named ? params : unnamed, subscription: meant?.operation === "subscription" };
  } catch {
    // The server says what is wrong with it.
    return { params, subscription: false };
  }
}

/** Queries and mutations go by POST; a subscription has a WebSocket of its own. */
export const fetcher: Fetcher = (asked, options) => {
  const headers = usable(options?.headers);
  const { params, subscription } = operation(asked);
  return subscription ? subscribe(params, headers) : post(params, headers);
};

export async function post(params: Params, headers: Record<string, string> = {}) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      ...headers,
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Content-Type": "application/json",
    },
    body: JSON.stringify(params),
  });
  return (await response.json()) as ExecutionResult;
}

async function* subscribe(
  params: Params,
  headers: Record<string, string>,
): AsyncGenerator<ExecutionResult> {
  const client = createClient({
    url: socketUrl(),
    connectionParams: connectionParams(headers),
    retryAttempts: 0,
  });
  try {
    const { query, operationName, variables } = params;
    const results = client.iterate({
      query,
      operationName: operationName ?? null,
      variables: variables as Record<string, unknown> | null,
    });
    for await (const result of results) yield result as ExecutionResult;
  } catch (error) {
    throw error instanceof Event ? new Error(told(error)) : error;
  } finally {
    await client.dispose();
  }
}

function told(event: Event): string {
  if (event instanceof CloseEvent) {
    return `The connection was closed: ${event.code} ${event.reason}`.trim();
  }
  return "No WebSocket connection to /graphql.";
}
