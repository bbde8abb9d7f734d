import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { RegisterDocument } from "../../gql/graphql";
import { at } from "../data/problem";
import { signIn } from "../data/session";
import { useSend } from "../data/useSend";
import { Field, FormProblems } from "../parts/Field";
import { Heading } from "../parts/Heading";
import { useNotices } from "../parts/Notices";
import { useTenant } from "../Tenant";

const FIELDS = ["username", "email", "password"];

/** Makes an account and signs in. */
export function RegisterView() {
  const tenant = useTenant();
  const { say } = useNotices();
  const [, navigate] = useLocation();
  const { send, busy, problems } = useSend(RegisterDocument);
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ username, password, email: email.trim() || null });
    if (!payload?.token) return;
    navigate("/");
    signIn(payload.token);
    say(`Welcome, ${username.trim()}.`);
  };
  if (!tenant.registrationOpen) {
    return (
      <section className="narrow">
        <Heading title="Registration is closed" />
        <p>
          Accounts are made by the superusers of {tenant.name}. With one you can{" "}
          <Link href="/sign-in">sign in</Link>.
        </p>
      </section>
    );
  }
  return (
    <section className="narrow">
      <Heading title="Register" />
      <form className="card" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label="Username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          problem={at(problems, "username")}
        />
        <Field
          label="E-mail (optional)"
          type="email"
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          problem={at(problems, "email")}
        />
        <Field
          label="Password"
          hint="At least 8 characters."
          type="password"
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          problem={at(problems, "password")}
        />
        <FormProblems problems={problems} shown={FIELDS} />
        <button type="submit" className="primary" disabled={busy}>
          Register
        </button>
      </form>
      <p>
        Already registered? <Link href="/sign-in">Sign in</Link>
      </p>
    </section>
  );
}
