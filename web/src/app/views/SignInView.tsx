import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { LoginDocument } from "../../gql/graphql";
import { at } from "../data/problem";
import { goOn, signIn, useSession } from "../data/session";
import { useSend } from "../data/useSend";
import { Field, FormProblems } from "../parts/Field";
import { Heading } from "../parts/Heading";
import { useNotices } from "../parts/Notices";
import { useTenant } from "../Tenant";

/** Signs in, and goes on with the page that was asked for. */
export function SignInView() {
  const tenant = useTenant();
  const { ended } = useSession();
  const { say } = useNotices();
  const [path, navigate] = useLocation();
  const { send, busy, problems } = useSend(LoginDocument);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ username, password });
    if (!payload?.token) return;
    if (path === "/sign-in") navigate("/");
    signIn(payload.token);
    say(`Welcome back, ${username}.`);
  };
  return (
    <section className="narrow">
      <Heading title="Sign in" />
      {ended && (
        <p className="banner" role="status">
          Your session has ended. Sign in again.
        </p>
      )}
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
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          problem={at(problems, "password")}
        />
        <FormProblems problems={problems} shown={["username", "password"]} />
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      {tenant.registrationOpen ? (
        <p>
          No account yet? <Link href="/register">Register</Link>
        </p>
      ) : (
        <p>Accounts are made by the superusers of {tenant.name}.</p>
      )}
      {ended && tenant.anonymousAccess === "READ" && (
        <p>
          <button type="button" className="quiet" onClick={goOn}>
            Go on without signing in
          </button>
        </p>
      )}
    </section>
  );
}
