import { useLazyQuery } from "@apollo/client/react";
import { VotersDocument } from "../../gql/graphql";
import { told } from "../data/problem";
import { Loading } from "./Loading";
import { ago, moment, useNow } from "./time";

const FIRST = 50;

/** Who voted for what, in an open ballot. Asked for when it is opened. */
export function Voters({ id, total }: { id: string; total: number }) {
  const [load, { data, error, loading }] = useLazyQuery(VotersDocument, { fetchPolicy: "network-only" });
  const now = useNow();
  const votes = data?.poll?.votes;
  return (
    <details
      className="card"
      onToggle={(event) => {
        if (event.currentTarget.open) void load({ variables: { id, first: FIRST } });
      }}
    >
      <summary>Who voted</summary>
      {error && <p role="alert">{told(error)}</p>}
      {loading && !votes && <Loading />}
      {votes && (
        <ul className="voters">
          {votes.nodes.map((vote) => (
            <li key={vote.id}>
              <b>{vote.votedBy?.username ?? "somebody"}</b> for {vote.choice?.choiceText},{" "}
              <time dateTime={vote.votedAt} title={moment(vote.votedAt)}>
                {ago(vote.votedAt, now)}
              </time>
            </li>
          ))}
        </ul>
      )}
      {votes?.nodes.length === 0 && <p className="hint">Nobody yet.</p>}
      {votes?.pageInfo.hasNextPage && (
        <p className="hint">
          These are the first {FIRST} of {total}; GraphiQL has them all.
        </p>
      )}
    </details>
  );
}
