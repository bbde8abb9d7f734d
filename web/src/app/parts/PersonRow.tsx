import { useState } from "react";
import {
  ActivateUserDocument,
  DeactivateUserDocument,
  type PersonFragment,
  ResetPasswordDocument,
  SetUserRoleDocument,
  type UserRole,
} from "../../gql/graphql";
import { useSend } from "../data/useSend";
import { useTenant } from "../Tenant";
import { Confirm } from "./Confirm";
import { useNotices } from "./Notices";

/** One person in the list, and what a superuser can do. */
export function PersonRow({ person }: { person: PersonFragment }) {
  const tenant = useTenant();
  const { say, warn } = useNotices();
  const setRole = useSend(SetUserRoleDocument);
  const activate = useSend(ActivateUserDocument);
  const deactivate = useSend(DeactivateUserDocument);
  const busy = setRole.busy || activate.busy || deactivate.busy || tenant.readOnly;
  const { id, username } = person;

  const told = (
    payload: { userErrors: readonly { message: string }[] } | null,
    done: string,
  ) => {
    const problem = payload?.userErrors[0];
    if (problem) warn(problem.message);
    else if (payload) say(done);
  };
  const change = async (role: UserRole) =>
    told(
      await setRole.send({ id, role }),
      role === "SUPERUSER" ? `${username} is a superuser now.` : `${username} is a user now.`,
    );
  const turn = async () =>
    person.isActive
      ? told(await deactivate.send({ id }), `${username} can no longer sign in.`)
      : told(await activate.send({ id }), `${username} can sign in again.`);

  return (
    <tr>
      <th scope="row">{username}</th>
      <td data-label="E-mail">{person.email ?? "–"}</td>
      <td data-label="Role">
        <select
          aria-label={`Role of ${username}`}
          value={person.role}
          disabled={busy}
          onChange={(event) => void change(event.target.value as UserRole)}
        >
          <option value="USER">User</option>
          <option value="SUPERUSER">Superuser</option>
        </select>
      </td>
      <td data-label="State">
        <span className={person.isActive ? "pill open" : "pill"}>
          {person.isActive ? "Active" : "Deactivated"}
        </span>
      </td>
      <td>
        <div className="actions">
          <button
            type="button"
            disabled={busy}
            aria-label={`${person.isActive ? "Deactivate" : "Activate"} ${username}`}
            onClick={() => void turn()}
          >
            {person.isActive ? "Deactivate" : "Activate"}
          </button>
          <ResetPassword person={person} />
        </div>
      </td>
    </tr>
  );
}

function ResetPassword({ person }: { person: PersonFragment }) {
  const tenant = useTenant();
  const { send, busy, problems } = useSend(ResetPasswordDocument);
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState<string | null>(null);
  const reset = async () => setPassword((await send({ id: person.id }))?.temporaryPassword ?? null);
  const close = () => {
    setAsking(false);
    setPassword(null);
  };
  return (
    <>
      <button
        type="button"
        disabled={tenant.readOnly}
        aria-label={`Reset password of ${person.username}`}
        onClick={() => setAsking(true)}
      >
        Reset password
      </button>
      {asking && password === null && (
        <Confirm
          title={`Reset the password of ${person.username}?`}
          action="Reset password"
          busy={busy}
          onConfirm={() => void reset()}
          onClose={close}
        >
          <p>The password until now stops working, and all their sessions end.</p>
          {problems[0] && <p className="problem">{problems[0].message}</p>}
        </Confirm>
      )}
      {password !== null && (
        <Confirm title={`New password of ${person.username}`} onClose={close}>
          <p>
            <code className="secret">{password}</code>
          </p>
          <p>It is shown this once. Pass it on, to be changed after signing in.</p>
        </Confirm>
      )}
    </>
  );
}
