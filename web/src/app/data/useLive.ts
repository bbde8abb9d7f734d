import { useSubscription } from "@apollo/client/react";
import { useState, useSyncExternalStore } from "react";
import { PollResultsDocument } from "../../gql/graphql";
import { codeOf } from "./problem";
import { useSession } from "./session";

/** `broken`: results do not come by themselves at the moment. */
type Live = "live" | "broken" | "off" | "deleted";

type Options = {
  /** A closed poll does not change any more. */
  readonly skip: boolean;
  readonly onClosed: () => void;
};

/** Hears a poll's results; each goes into the cache, and so onto the page. */
export function useLive(pollId: string, { skip, onClosed }: Options): Live {
  const { connection } = useSession();
  const [heard, setHeard] = useState(false);
  const connected = useSyncExternalStore(connection.onLive, connection.isLive);
  const { error } = useSubscription(PollResultsDocument, {
    variables: { pollId },
    skip,
    onData: ({ data }) => {
      setHeard(true);
      if (data.data?.pollResults?.isOpen === false) onClosed();
    },
  });
  if (codeOf(error) === "NOT_FOUND") return "deleted";
  if (skip) return "off";
  return heard && connected && !error ? "live" : "broken";
}
