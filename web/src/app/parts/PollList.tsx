import { useQuery } from "@apollo/client/react";
import { useSearchParams } from "wouter";
import { type PollFilter, type PollOrder, PollsDocument } from "../../gql/graphql";
import { told } from "../data/problem";
import { Loading } from "./Loading";
import { Pager, type Place, pageVariables } from "./Pager";
import { PollCard } from "./PollCard";

type Props = {
  readonly filter: PollFilter;
  readonly orderBy: PollOrder;
  readonly empty: string;
};

/** One page of polls; which one stands in the address. */
export function PollList({ filter, orderBy, empty }: Props) {
  const { place, turn } = usePlace();
  const { data, previousData, error, refetch } = useQuery(PollsDocument, {
    variables: { ...pageVariables(place), filter, orderBy },
    fetchPolicy: "cache-and-network",
  });
  const polls = (data ?? previousData)?.polls;
  if (!polls) {
    if (!error) return <Loading />;
    return (
      <div role="alert" className="card">
        <p>{told(error)}</p>
        <button type="button" onClick={() => void refetch()}>
          Try again
        </button>
      </div>
    );
  }
  return (
    <>
      {polls.nodes.length === 0 ? (
        <p className="empty">{empty}</p>
      ) : (
        <ul className="cards" aria-busy={data === undefined}>
          {polls.nodes.map((poll) => (
            <li key={poll.id}>
              <PollCard poll={poll} />
            </li>
          ))}
        </ul>
      )}
      <Pager
        page={polls.pageInfo}
        total={polls.totalCount}
        what={polls.totalCount === 1 ? "poll" : "polls"}
        onTurn={turn}
      />
    </>
  );
}

/** The page in the address: behind or before a cursor. */
export function usePlace() {
  const [query, setQuery] = useSearchParams();
  const after = query.get("after");
  const before = query.get("before");
  const place: Place = before ? { before } : after ? { after } : {};
  const turn = (next: Place) => {
    setQuery((old) => {
      const query = new URLSearchParams(old);
      query.delete("after");
      query.delete("before");
      for (const [name, cursor] of Object.entries(next)) query.set(name, cursor);
      return query;
    });
    window.scrollTo(0, 0);
  };
  return { place, turn };
}
