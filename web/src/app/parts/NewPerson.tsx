import { type FormEvent, useState } from "react";
import { CreateUserDocument, type UserRole } from "../../gql/graphql";
import { at } from "../data/problem";
import { useSend } from "../data/useSend";
import { Field, FormProblems } from "./Field";
import { useNotices } from "./Notices";

type Props = { readonly onMade: () => void; readonly onClose: () => void };

/** Makes an account for somebody. */
export function NewPerson({ onMade, onClose }: Props) {
  const { say } = useNotices();
  const { send, busy, problems } = useSend(CreateUserDocument);
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<UserRole>("USER");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const payload = await send({ username, password, role, email: email.trim() || null });
    if (!payload?.user) return;
    say(`${payload.user.username} can sign in now.`);
    onMade();
    onClose();
  };
  return (
    <form className="card" aria-label="New person" noValidate onSubmit={(event) => void submit(event)}>
      <h2>New person</h2>
      <Field
        label="Username"
        autoComplete="off"
        autoCapitalize="none"
        // The button that opened the form is out of sight of whoever types.
        autoFocus
        value={username}
        onChange={(event) => setUsername(event.target.value)}
        problem={at(problems, "username")}
      />
      <Field
        label="E-mail (optional)"
        type="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        problem={at(problems, "email")}
      />
      <Field
        label="Password"
        hint="At least 8 characters."
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        problem={at(problems, "password")}
      />
      <div className="field">
        <label htmlFor="new-role">Role</label>
        <select
          id="new-role"
          value={role}
          onChange={(event) => setRole(event.target.value as UserRole)}
        >
          <option value="USER">User</option>
          <option value="SUPERUSER">Superuser</option>
        </select>
      </div>
      <FormProblems problems={problems} shown={["username", "email", "password"]} />
      <div className="actions">
        <button type="submit" className="primary" disabled={busy}>
          Make account
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}
