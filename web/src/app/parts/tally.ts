import type { TallyFragment } from "../../gql/graphql";

type Choice = TallyFragment["choices"][number];

/** A choice's part of all votes, 0 to 1. */
export function share(choice: Choice, poll: TallyFragment): number {
  return poll.totalVotes === 0 ? 0 : choice.voteCount / poll.totalVotes;
}

/** The choices, the leading one first; the order written breaks ties. */
export function ranked(poll: TallyFragment): Choice[] {
  return poll.choices.toSorted((one, other) => other.voteCount - one.voteCount);
}

export function votes(count: number): string {
  return count === 1 ? "1 vote" : `${count.toLocaleString("en")} votes`;
}

/** How the poll stands, in one sentence. */
export function summary(poll: TallyFragment): string {
  const [first, second] = ranked(poll);
  if (!first || poll.totalVotes === 0) return "No votes yet.";
  const tied = second && second.voteCount === first.voteCount;
  const leads = poll.isOpen ? "leads" : "won";
  const how = tied
    ? `${first.choiceText} and ${second.choiceText} are level`
    : `${first.choiceText} ${leads}`;
  return `${votes(poll.totalVotes)}. ${how} with ${first.voteCount}.`;
}
