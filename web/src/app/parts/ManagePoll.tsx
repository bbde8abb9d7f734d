import { type FormEvent, useState } from "react";
import {
  AddChoiceDocument,
  DeleteChoiceDocument,
  type PollDetailsFragment,
  UpdateChoiceDocument,
  UpdatePollDocument,
} from "../../gql/graphql";
import { at } from "../data/problem";
import { useSend } from "../data/useSend";
import { ClosePoll, DeletePoll } from "./EndPoll";
import { Field, FormProblems } from "./Field";
import { useNotices } from "./Notices";
import { fromLocal, toLocal } from "./time";

type Props = { readonly poll: PollDetailsFragment };

/** What a poll's creator, or a superuser, can do with it. */
export function ManagePoll({ poll }: Props) {
  const voted = poll.totalVotes > 0;
  return (
    <details className="card manage">
      <summary>Manage this poll</summary>
      {poll.viewerCanUpdate && (
        <>
          {voted && (
            <p className="hint">Somebody has voted, so the question and choices stay as they are.</p>
          )}
          <EditPoll key={`${poll.question} ${poll.closesAt}`} poll={poll} voted={voted} />
          {!voted && (
            <section aria-labelledby="edit-choices">
              <h2 id="edit-choices">Choices</h2>
              {poll.choices.map((choice) => (
                <EditChoice
                  key={choice.id + choice.choiceText}
                  choice={choice}
                  last={poll.choices.length <= 2}
                />
              ))}
            </section>
          )}
          <AddChoice pollId={poll.id} />
        </>
      )}
      <div className="actions">
        {poll.viewerCanUpdate && poll.isOpen && <ClosePoll poll={poll} />}
        {poll.viewerCanDelete && <DeletePoll poll={poll} />}
      </div>
    </details>
  );
}

function EditPoll({ poll, voted }: Props & { voted: boolean }) {
  const { say } = useNotices();
  const { send, busy, problems } = useSend(UpdatePollDocument);
  const [question, setQuestion] = useState(poll.question);
  const before = toLocal(poll.closesAt);
  const [closesAt, setClosesAt] = useState(before);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({
      id: poll.id,
      // What is left out stays as it is.
      ...(question !== poll.question ? { question } : {}),
      ...(closesAt !== before ? { closesAt: fromLocal(closesAt) } : {}),
    });
    if (payload?.poll && payload.userErrors.length === 0) say("Saved.");
  };
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label="Question"
        maxLength={100}
        disabled={voted}
        value={question}
        onChange={(event) => setQuestion(event.target.value)}
        problem={at(problems, "question")}
      />
      {poll.isOpen && (
        <Field
          label="Voting ends"
          hint="Empty: never."
          type="datetime-local"
          value={closesAt}
          onChange={(event) => setClosesAt(event.target.value)}
          problem={at(problems, "closesAt")}
        />
      )}
      <FormProblems problems={problems} shown={["question", "closesAt"]} />
      <button type="submit" disabled={busy || (question === poll.question && closesAt === before)}>
        Save
      </button>
    </form>
  );
}

type ChoiceProps = {
  readonly choice: PollDetailsFragment["choices"][number];
  /** Two choices stay. */
  readonly last: boolean;
};

function EditChoice({ choice, last }: ChoiceProps) {
  const { say } = useNotices();
  const update = useSend(UpdateChoiceDocument);
  const remove = useSend(DeleteChoiceDocument);
  const [text, setText] = useState(choice.choiceText);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await update.send({ id: choice.id, choiceText: text });
    if (payload?.choice && payload.userErrors.length === 0) say("Saved.");
  };
  return (
    <form className="inline" noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label={<span className="visually-hidden">Text of {choice.choiceText}</span>}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        problem={at(update.problems, "choiceText")}
        aside={
          <>
            <button
              type="submit"
              aria-label={`Save ${choice.choiceText}`}
              disabled={update.busy || text === choice.choiceText}
            >
              Save
            </button>
            <button
              type="button"
              aria-label={`Delete ${choice.choiceText}`}
              disabled={remove.busy || last}
              onClick={() => void remove.send({ id: choice.id })}
            >
              Delete
            </button>
          </>
        }
      />
      <FormProblems problems={update.problems} shown={["choiceText"]} />
      <FormProblems problems={remove.problems} />
    </form>
  );
}

function AddChoice({ pollId }: { pollId: string }) {
  const { say } = useNotices();
  const { send, busy, problems } = useSend(AddChoiceDocument);
  const [choiceText, setText] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ pollId, choiceText });
    if (!payload || payload.userErrors.length > 0) return;
    setText("");
    say("The choice is added.");
  };
  return (
    <form className="inline" noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label="Another choice"
        maxLength={100}
        value={choiceText}
        onChange={(event) => setText(event.target.value)}
        problem={at(problems, "choiceText")}
        aside={
          <button type="submit" disabled={busy}>
            Add
          </button>
        }
      />
      <FormProblems problems={problems} shown={["choiceText"]} />
    </form>
  );
}
