import type { PageFragment } from "../../gql/graphql";

/** Which page of a list: the variables of a connection. */
export type Place =
  | { readonly after: string }
  | { readonly before: string }
  | Record<string, never>;

export const PAGE_SIZE = 10;

export function pageVariables(place: Place) {
  if ("before" in place) return { last: PAGE_SIZE, before: place.before };
  if ("after" in place) return { first: PAGE_SIZE, after: place.after };
  return { first: PAGE_SIZE };
}

type Props = {
  readonly page: PageFragment;
  readonly total: number;
  readonly what: string;
  readonly onTurn: (place: Place) => void;
};

/** Turns the pages of a list. */
export function Pager({ page, total, what, onTurn }: Props) {
  const { hasPreviousPage, hasNextPage, startCursor, endCursor } = page;
  return (
    <nav className="pager" aria-label="Pages">
      <button
        type="button"
        disabled={!hasPreviousPage}
        onClick={() => startCursor && onTurn({ before: startCursor })}
      >
        Previous
      </button>
      <span role="status">
        {total} {what}
      </span>
      <button
        type="button"
        disabled={!hasNextPage}
        onClick={() => endCursor && onTurn({ after: endCursor })}
      >
        Next
      </button>
    </nav>
  );
}
