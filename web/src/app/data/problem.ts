import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import type { ProblemFragment } from "../../gql/graphql";

/** One sentence about a request that failed as a whole. */
export function told(error: unknown): string {
  if (CombinedGraphQLErrors.is(error)) {
    const first = error.errors[0];
    return first?.message ?? "The server refused the request.";
  }
  if (ServerError.is(error)) return bodyMessage(error.bodyText) ?? "The server could not answer.";
  return "The server cannot be reached. Check your connection and try again.";
}

function bodyMessage(text: string): string | undefined {
  try {
    const body: { errors?: { message?: string }[] } = JSON.parse(text);
    return body.errors?.[0]?.message;
  } catch {
    return undefined;
  }
}

/** The code of a request that failed as a whole. */
export function codeOf(error: unknown): unknown {
  if (CombinedGraphQLErrors.is(error)) return error.errors[0]?.extensions?.["code"];
  return undefined;
}

/** What is wrong with one field: the path inside the input, joined with dots. */
export function at(problems: readonly ProblemFragment[], path: string): string | undefined {
  const found = problems.filter((problem) => problem.field?.join(".") === path);
  return found.length > 0 ? found.map((problem) => problem.message).join(" ") : undefined;
}

/** What is wrong with the input as a whole, or with what the form does not show. */
export function elsewhere(
  problems: readonly ProblemFragment[],
  shown: readonly string[],
): readonly ProblemFragment[] {
  return problems.filter((problem) => !shown.includes(problem.field?.join(".") ?? ""));
}
