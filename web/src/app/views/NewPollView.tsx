import { type FormEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { type Ballot, CreatePollDocument } from "../../gql/graphql";
import { at } from "../data/problem";
import { useSend } from "../data/useSend";
import { Field, FormProblems } from "../parts/Field";
import { Heading } from "../parts/Heading";
import { useNotices } from "../parts/Notices";
import { fromLocal } from "../parts/time";

const MOST = 50;

/** Makes a poll. */
export function NewPollView() {
  const { say } = useNotices();
  const [, navigate] = useLocation();
  const { send, busy, problems } = useSend(CreatePollDocument);
  const [question, setQuestion] = useState("");
  const [choices, setChoices] = useState(["", ""]);
  const [closesAt, setClosesAt] = useState("");
  const [ballot, setBallot] = useState<Ballot>("OPEN");
  const list = useRef<HTMLFieldSetElement>(null);
  const shown = ["question", "closesAt", "choices", ...choices.map((_, at) => `choices.${at}`)];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ question, choices, closesAt: fromLocal(closesAt), ballot });
    if (!payload?.poll) return;
    say("Your poll is open.");
    navigate(`/polls/${payload.poll.id}`);
  };
  const change = (index: number, text: string) =>
    setChoices((all) => all.map((choice, at) => (at === index ? text : choice)));
  const remove = (index: number) => setChoices((all) => all.filter((_, at) => at !== index));
  const add = () => {
    setChoices((all) => [...all, ""]);
    requestAnimationFrame(() => {
      const inputs = list.current?.querySelectorAll("input");
      inputs?.[inputs.length - 1]?.focus();
    });
  };
  return (
    <section className="narrow">
      <Heading title="New poll" />
      <form className="card" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label="Question"
          maxLength={100}
          required
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
          problem={at(problems, "question")}
        />
        <fieldset ref={list}>
          <legend>Choices</legend>
          {choices.map((choice, index) => (
            <Field
              // They have no other identity, and each is controlled.
              key={index}
              label={`Choice ${index + 1}`}
              maxLength={100}
              value={choice}
              onChange={(event) => change(index, event.target.value)}
              problem={at(problems, `choices.${index}`)}
              aside={
                choices.length > 2 && (
                  <button
                    type="button"
                    className="quiet"
                    aria-label={`Remove choice ${index + 1}`}
                    onClick={() => remove(index)}
                  >
                    Remove
                  </button>
                )
              }
            />
          ))}
          <p className="problem" role="alert">
            {at(problems, "choices")}
          </p>
          <button type="button" disabled={choices.length >= MOST} onClick={add}>
            Add a choice
          </button>
        </fieldset>
        <Field
          label="Voting ends (optional)"
          hint="Without it the poll stays open until you close it."
          type="datetime-local"
          value={closesAt}
          onChange={(event) => setClosesAt(event.target.value)}
          problem={at(problems, "closesAt")}
        />
        <fieldset className="options">
          <legend>Ballot</legend>
          <label>
            <input
              type="radio"
              name="ballot"
              checked={ballot === "OPEN"}
              onChange={() => setBallot("OPEN")}
            />
            <span>
              Open <small>who voted for what can be seen</small>
            </span>
          </label>
          <label>
            <input
              type="radio"
              name="ballot"
              checked={ballot === "SECRET"}
              onChange={() => setBallot("SECRET")}
            />
            <span>
              Secret <small>only the tallies can be seen</small>
            </span>
          </label>
        </fieldset>
        <FormProblems problems={problems} shown={shown} />
        <button type="submit" className="primary" disabled={busy}>
          Make the poll
        </button>
      </form>
    </section>
  );
}
