import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { Link } from "wouter";
import { PollPageDocument } from "../../gql/graphql";
import { told } from "../data/problem";
import { useLive } from "../data/useLive";
import { Ballot } from "../parts/Ballot";
import { Heading } from "../parts/Heading";
import { Loading } from "../parts/Loading";
import { ManagePoll } from "../parts/ManagePoll";
import { PollFacts } from "../parts/PollFacts";
import { Voters } from "../parts/Voters";
import { useTenant } from "../Tenant";

/** How often a poll is asked for when its live results do not come, in milliseconds. */
const POLL_INTERVAL = 15_000;

/** One poll: voting, results that move while others vote, and managing it. */
export function PollView({ id }: { id: string }) {
  const tenant = useTenant();
  const { data, error, refetch, startPolling, stopPolling } = useQuery(PollPageDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  const poll = data?.poll;
  const live = useLive(id, { skip: !poll?.isOpen, onClosed: () => void refetch() });
  useEffect(() => {
    if (live !== "broken") return undefined;
    startPolling(POLL_INTERVAL);
    return stopPolling;
  }, [live, startPolling, stopPolling]);
  if (live === "deleted" || (data && !poll)) {
    return (
      <section className="narrow">
        <Heading title="No such poll" />
        <p>
          {live === "deleted" ? "This poll was deleted." : "There is no such poll."}{" "}
          <Link href="/">See all polls</Link>
        </p>
      </section>
    );
  }
  if (!poll) {
    return error ? (
      <section className="narrow">
        <Heading title="No such poll" />
        <p role="alert">{told(error)}</p>
      </section>
    ) : (
      <Loading />
    );
  }
  return (
    <article className="narrow poll">
      <Heading title={poll.question} />
      <PollFacts poll={poll} />
      <Ballot poll={poll} live={live === "live"} />
      {poll.ballot === "OPEN" && <Voters id={poll.id} total={poll.totalVotes} />}
      {!tenant.readOnly && (poll.viewerCanUpdate || poll.viewerCanDelete) && (
        <ManagePoll poll={poll} />
      )}
    </article>
  );
}
