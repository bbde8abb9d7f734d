import { Link } from "wouter";
import type { PollSummaryFragment } from "../../gql/graphql";
import { ranked, share } from "./tally";
import { PollFacts } from "./PollFacts";

/** A poll in a list: its question and how it stands. */
export function PollCard({ poll }: { poll: PollSummaryFragment }) {
  const shown = ranked(poll).slice(0, 3);
  const more = poll.choices.length - shown.length;
  return (
    <article className="card poll-card">
      <h2>
        <Link href={`/polls/${poll.id}`}>{poll.question}</Link>
      </h2>
      <PollFacts poll={poll} />
      <ul className="mini">
        {shown.map((choice) => (
          <li key={choice.id}>
            <span className="text">{choice.choiceText}</span>
            <span className="track" aria-hidden="true">
              <span style={{ width: `${share(choice, poll) * 100}%` }} />
            </span>
            <span className="count">{choice.voteCount}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="hint">and {more} more</p>}
    </article>
  );
}
