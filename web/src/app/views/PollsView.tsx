import { useSubscription } from "@apollo/client/react";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import { PollCreatedDocument, type PollFilter, type PollOrder } from "../../gql/graphql";
import { Heading } from "../parts/Heading";
import { PollList } from "../parts/PollList";
import { SearchForm } from "../parts/SearchForm";
import { useTenant } from "../Tenant";
import { useViewer } from "../Viewer";

const SHOW: Record<string, { label: string; filter: PollFilter; personal?: boolean }> = {
  all: { label: "All", filter: {} },
  open: { label: "Open", filter: { isOpen: true } },
  closed: { label: "Closed", filter: { isOpen: false } },
  todo: {
    label: "Open, not voted yet",
    filter: { isOpen: true, viewerHasVoted: false },
    personal: true,
  },
};

const ORDER: Record<string, { label: string; orderBy: PollOrder }> = {
  newest: { label: "Newest first", orderBy: { field: "PUB_DATE", direction: "DESC" } },
  oldest: { label: "Oldest first", orderBy: { field: "PUB_DATE", direction: "ASC" } },
  closing: { label: "Closing soonest", orderBy: { field: "CLOSES_AT", direction: "ASC" } },
};

/** All polls. What is searched for, and the page, stand in the address. */
export function PollsView() {
  const tenant = useTenant();
  const viewer = useViewer();
  const [query, setQuery] = useSearchParams();
  const show = SHOW[query.get("show") ?? ""] ?? SHOW["all"];
  const order = ORDER[query.get("order") ?? ""] ?? ORDER["newest"];
  const search = query.get("search") ?? "";
  const set = (name: string, value: string) => {
    setQuery((old) => {
      const next = new URLSearchParams(old);
      for (const stale of ["after", "before", name]) next.delete(stale);
      if (value) next.set(name, value);
      return next;
    });
  };
  const fresh = useFresh();
  return (
    <>
      <Heading title="Polls">
        {viewer && !tenant.readOnly && (
          <Link href="/polls/new" className="button primary">
            New poll
          </Link>
        )}
      </Heading>
      <div className="filters">
        <SearchForm key={search} search={search} onSearch={(text) => set("search", text)} />
        <label>
          Show
          <select
            value={query.get("show") ?? "all"}
            onChange={(event) => set("show", event.target.value)}
          >
            {Object.entries(SHOW)
              .filter(([, { personal }]) => viewer || !personal)
              .map(([value, { label }]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
          </select>
        </label>
        <label>
          Order
          <select
            value={query.get("order") ?? "newest"}
            onChange={(event) => set("order", event.target.value)}
          >
            {Object.entries(ORDER).map(([value, { label }]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div role="status" className="fresh">
        {fresh.count > 0 && (
          <button
            type="button"
            onClick={() => {
              fresh.seen();
              setQuery(new URLSearchParams());
            }}
          >
            {fresh.count === 1 ? "1 new poll" : `${fresh.count} new polls`}: show
          </button>
        )}
      </div>
      <PollList
        key={fresh.generation}
        filter={{ ...show?.filter, ...(search ? { search } : {}) }}
        orderBy={order?.orderBy ?? { field: "PUB_DATE", direction: "DESC" }}
        empty={search ? `No poll has “${search}” in its question.` : "There are no polls here yet."}
      />
    </>
  );
}

/** How many polls were made since the list was shown. */
function useFresh() {
  const [count, setCount] = useState(0);
  const [generation, setGeneration] = useState(0);
  useSubscription(PollCreatedDocument, {
    ignoreResults: true,
    onData: () => setCount((before) => before + 1),
  });
  const seen = () => {
    setCount(0);
    setGeneration((before) => before + 1);
  };
  return { count, generation, seen };
}
