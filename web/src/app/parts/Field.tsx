import { type InputHTMLAttributes, type ReactNode, useEffect, useId, useRef } from "react";
import type { ProblemFragment } from "../../gql/graphql";
import { elsewhere } from "../data/problem";

type Props = InputHTMLAttributes<HTMLInputElement> & {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  /** Beside the input: a button that belongs to it. */
  readonly aside?: ReactNode;
};

/** An input with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, problem, aside, ...input }: Props) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].join(" ").trim();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="control">
        <input
          {...input}
          id={id}
          aria-invalid={problem ? true : undefined}
          aria-describedby={described || undefined}
        />
        {aside}
      </div>
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className="problem">
          {problem}
        </p>
      )}
    </div>
  );
}

type ProblemsProps = {
  readonly problems: readonly ProblemFragment[];
  /** The paths whose problems stand at fields of their own. */
  readonly shown?: readonly string[];
};

const NONE: readonly string[] = [];

/**
 * What is wrong with a form as a whole. The region is there before its text is. When problems come
 * in, the first field that has one takes the focus.
 */
export function FormProblems({ problems, shown = NONE }: ProblemsProps) {
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problems.length === 0) return;
    region.current?.closest("form")?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [problems]);
  return (
    <div role="alert" ref={region}>
      {elsewhere(problems, shown).map((problem) => (
        <p key={problem.code + problem.message} className="problem">
          {problem.message}
        </p>
      ))}
    </div>
  );
}
