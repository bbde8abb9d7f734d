import type { PollSummaryFragment } from "../../gql/graphql";
import { votes } from "./tally";
import { ago, moment, useNow } from "./time";

/** Whether one can vote, who asks, and since and until when. */
export function PollFacts({ poll }: { poll: PollSummaryFragment }) {
  const now = useNow();
  return (
    <p className="facts-line">
      <span className={poll.isOpen ? "pill open" : "pill"}>{poll.isOpen ? "Open" : "Closed"}</span>
      {poll.ballot === "SECRET" && <span className="pill">Secret ballot</span>}
      {poll.viewerVote && <span className="pill mine">You voted</span>}
      <span>{votes(poll.totalVotes)}</span>
      <span>
        by {poll.createdBy?.username ?? "somebody"},{" "}
        <time dateTime={poll.pubDate} title={moment(poll.pubDate)}>
          {ago(poll.pubDate, now)}
        </time>
      </span>
      {poll.closesAt && (
        <span>
          {poll.isOpen ? "closes" : "closed"}{" "}
          <time dateTime={poll.closesAt} title={moment(poll.closesAt)}>
            {ago(poll.closesAt, now)}
          </time>
        </span>
      )}
    </p>
  );
}
