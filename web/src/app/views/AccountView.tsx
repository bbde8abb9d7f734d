import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { ChangePasswordDocument, LogoutDocument, type PersonFragment } from "../../gql/graphql";
import { at } from "../data/problem";
import { signIn, signOut } from "../data/session";
import { useSend } from "../data/useSend";
import { Field, FormProblems } from "../parts/Field";
import { Heading } from "../parts/Heading";
import { useNotices } from "../parts/Notices";

/** One's own account. */
export function AccountView({ viewer }: { viewer: PersonFragment }) {
  return (
    <section className="narrow">
      <Heading title="Your account" />
      <dl className="card facts">
        <dt>Username</dt>
        <dd>{viewer.username}</dd>
        <dt>E-mail</dt>
        <dd>{viewer.email ?? "none"}</dd>
        <dt>Role</dt>
        <dd>{viewer.role === "SUPERUSER" ? "Superuser" : "User"}</dd>
      </dl>
      <ChangePassword username={viewer.username} />
      <Everywhere />
    </section>
  );
}

function ChangePassword({ username }: { username: string }) {
  const { say } = useNotices();
  const { send, busy, problems } = useSend(ChangePasswordDocument);
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ currentPassword, newPassword });
    if (!payload?.token) return;
    signIn(payload.token);
    say("Your password is changed, and all other sessions have ended.");
  };
  return (
    <form className="card" noValidate onSubmit={(event) => void submit(event)}>
      <h2>Change password</h2>
      <input type="hidden" name="username" autoComplete="username" value={username} readOnly />
      <Field
        label="Password until now"
        type="password"
        autoComplete="current-password"
        value={currentPassword}
        onChange={(event) => setCurrent(event.target.value)}
        problem={at(problems, "currentPassword")}
      />
      <Field
        label="New password"
        hint="At least 8 characters."
        type="password"
        autoComplete="new-password"
        value={newPassword}
        onChange={(event) => setNew(event.target.value)}
        problem={at(problems, "newPassword")}
      />
      <FormProblems problems={problems} shown={["currentPassword", "newPassword"]} />
      <button type="submit" className="primary" disabled={busy}>
        Change password
      </button>
    </form>
  );
}

function Everywhere() {
  const { send, busy } = useSend(LogoutDocument);
  const { say } = useNotices();
  const [, navigate] = useLocation();
  const leave = async () => {
    if (!(await send({ everywhere: true }))) return;
    signOut();
    navigate("/");
    say("You are signed out everywhere.");
  };
  return (
    <div className="card">
      <h2>Sessions</h2>
      <p>Ends this session and all others, on whatever device.</p>
      <button type="button" disabled={busy} onClick={() => void leave()}>
        Sign out everywhere
      </button>
    </div>
  );
}
