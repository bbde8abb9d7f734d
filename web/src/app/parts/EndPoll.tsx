import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { useLocation } from "wouter";
import { ClosePollDocument, DeletePollDocument } from "../../gql/graphql";
import { useSend } from "../data/useSend";
import { Confirm } from "./Confirm";
import { FormProblems } from "./Field";
import { useNotices } from "./Notices";

type Props = {
  readonly poll: { readonly id: string; readonly question: string };
  /** In a list, where the button's own text would not say which poll it is for. */
  readonly named?: boolean;
  /** After it is deleted; without it, the list of polls is shown. */
  readonly onDeleted?: () => void;
};

export function ClosePoll({ poll, named }: Props) {
  const { say } = useNotices();
  const { send, busy, problems } = useSend(ClosePollDocument);
  const [asking, setAsking] = useState(false);
  const close = async () => {
    const payload = await send({ id: poll.id });
    if (payload && payload.userErrors.length > 0) return;
    setAsking(false);
    if (payload) say("The poll is closed.");
  };
  return (
    <>
      <button
        type="button"
        aria-label={named ? `Close ${poll.question}` : undefined}
        onClick={() => setAsking(true)}
      >
        {named ? "Close" : "Close poll"}
      </button>
      {asking && (
        <Confirm
          title="Close this poll?"
          action="Close poll"
          busy={busy}
          onConfirm={() => void close()}
          onClose={() => setAsking(false)}
        >
          <p>Nobody can vote on “{poll.question}” any more. The results stay.</p>
          <FormProblems problems={problems} />
        </Confirm>
      )}
    </>
  );
}

export function DeletePoll({ poll, named, onDeleted }: Props) {
  const client = useApolloClient();
  const { say } = useNotices();
  const [, navigate] = useLocation();
  const { send, busy, problems } = useSend(DeletePollDocument);
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    const payload = await send({ id: poll.id });
    if (payload && payload.userErrors.length > 0) return;
    setAsking(false);
    if (!payload) return;
    say("The poll is deleted.");
    if (onDeleted) onDeleted();
    else navigate("/");
    // Lists drop it by themselves: an id that leads nowhere is left out of them.
    client.cache.evict({ id: client.cache.identify({ __typename: "Poll", id: poll.id }) ?? "" });
    client.cache.gc();
  };
  return (
    <>
      <button
        type="button"
        className="danger"
        aria-label={named ? `Delete ${poll.question}` : undefined}
        onClick={() => setAsking(true)}
      >
        {named ? "Delete" : "Delete poll"}
      </button>
      {asking && (
        <Confirm
          title="Delete this poll?"
          action="Delete poll"
          busy={busy}
          onConfirm={() => void remove()}
          onClose={() => setAsking(false)}
        >
          <p>“{poll.question}” goes with its choices and all votes. It cannot be brought back.</p>
          <FormProblems problems={problems} />
        </Confirm>
      )}
    </>
  );
}
