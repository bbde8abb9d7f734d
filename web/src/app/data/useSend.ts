import type { TypedDocumentNode } from "@apollo/client";
import { useApolloClient } from "@apollo/client/react";
import { useCallback, useState } from "react";
import type { ProblemFragment } from "../../gql/graphql";
import { useNotices } from "../parts/Notices";
import { codeOf, told } from "./problem";

type Payload<Data> = NonNullable<Data[Exclude<keyof Data, "__typename">]>;

type Sending<Data, Input> = {
  /** The payload; null when there was none, which a notice has told already. */
  readonly send: (input: Input) => Promise<Payload<Data> | null>;
  readonly busy: boolean;
  readonly problems: readonly ProblemFragment[];
};

/**
 * A mutation of one root field. What is wrong with the input is kept as `problems`, for the form;
 * all else becomes a notice.
 */
export function useSend<Data extends object, Input>(
  document: TypedDocumentNode<Data, { input: Input }>,
): Sending<Data, Input> {
  const client = useApolloClient();
  const { warn } = useNotices();
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<readonly ProblemFragment[]>([]);
  const send = useCallback(
    async (input: Input) => {
      setBusy(true);
      try {
        const { data } = await client.mutate<Data, { input: Input }>({
          mutation: document,
          variables: { input },
        });
        const payload = payloadOf(data);
        setProblems(payload?.userErrors ?? []);
        return payload;
      } catch (error) {
        // The sign-in page says by itself that the session has ended.
        if (codeOf(error) !== "UNAUTHENTICATED") warn(told(error));
        return null;
      } finally {
        setBusy(false);
      }
    },
    [client, document, warn],
  );
  return { send, busy, problems };
}

function payloadOf<Data extends object>(data: Data | undefined) {
  const fields = Object.entries(data ?? {}).filter(([name]) => name !== "__typename");
  return (fields[0]?.[1] ?? null) as
    | (Payload<Data> & { userErrors?: readonly ProblemFragment[] })
    | null;
}
