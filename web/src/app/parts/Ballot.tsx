import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import {
  CastVoteDocument,
  ChangeVoteDocument,
  type PollDetailsFragment,
  RetractVoteDocument,
} from "../../gql/graphql";
import { useSend } from "../data/useSend";
import { useTenant } from "../Tenant";
import { useViewer } from "../Viewer";
import { FormProblems } from "./Field";
import { Standing } from "./Standing";
import { share, votes } from "./tally";

type Props = { readonly poll: PollDetailsFragment; readonly live: boolean };

/** The choices: to vote for, and how many votes each has. */
export function Ballot({ poll, live }: Props) {
  const tenant = useTenant();
  const viewer = useViewer();
  const mine = poll.viewerVote?.choice?.id ?? null;
  const [picked, setPicked] = useState<string | null>(null);
  const [shown, setShown] = useState(mine);
  // A vote that was cast, changed or taken back, here or elsewhere, is what is picked now.
  if (shown !== mine) {
    setShown(mine);
    setPicked(null);
  }
  const sendings = {
    cast: useSend(CastVoteDocument),
    change: useSend(ChangeVoteDocument),
    retract: useSend(RetractVoteDocument),
  };
  const busy = Object.values(sendings).some((sending) => sending.busy);
  const [last, setLast] = useState<keyof typeof sendings>("cast");
  const { problems } = sendings[last];
  const votable = poll.isOpen && viewer !== null && !tenant.readOnly;
  const selected = picked ?? mine;

  const vote = (event: FormEvent) => {
    event.preventDefault();
    if (!selected || busy) return;
    const how = mine ? "change" : "cast";
    setLast(how);
    void sendings[how].send({ choiceId: selected });
  };
  const takeBack = () => {
    setLast("retract");
    void sendings.retract.send({ pollId: poll.id });
  };
  const most = Math.max(...poll.choices.map((choice) => choice.voteCount));

  return (
    <form className="card ballot" onSubmit={vote}>
      <fieldset disabled={!votable}>
        <legend className={votable ? undefined : "visually-hidden"}>
          {votable ? (mine ? "Your vote" : "Vote for one") : "Results"}
        </legend>
        <ul className="chart">
          {poll.choices.map((choice) => (
            <li
              key={choice.id}
              className={choice.voteCount === most && most > 0 ? "leading" : undefined}
            >
              <label>
                {votable && (
                  <input
                    type="radio"
                    name="choice"
                    checked={selected === choice.id}
                    onChange={() => setPicked(choice.id)}
                  />
                )}
                <span className="text">
                  {choice.choiceText}
                  {mine === choice.id && <span className="pill mine">Your vote</span>}
                </span>
                <span className="count">
                  {votes(choice.voteCount)} <b>{Math.round(share(choice, poll) * 100)} %</b>
                </span>
              </label>
              <span className="track" aria-hidden="true">
                <span style={{ width: `${share(choice, poll) * 100}%` }} />
              </span>
            </li>
          ))}
        </ul>
      </fieldset>
      <Standing poll={poll} live={live} />
      <FormProblems problems={problems} />
      {votable && (
        <div className="actions">
          <button
            type="submit"
            className="primary"
            disabled={busy || !selected || selected === mine}
          >
            {mine ? "Change vote" : "Vote"}
          </button>
          {mine && (
            <button type="button" disabled={busy} onClick={takeBack}>
              Take vote back
            </button>
          )}
        </div>
      )}
      {poll.isOpen && !viewer && (
        <p>
          <Link href="/sign-in">Sign in</Link> to vote.
        </p>
      )}
    </form>
  );
}
