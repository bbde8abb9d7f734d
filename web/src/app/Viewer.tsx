import { useQuery } from "@apollo/client/react";
import { createContext, type ReactNode, useContext } from "react";
import { type PersonFragment, ViewerDocument } from "../gql/graphql";
import { told } from "./data/problem";
import { useSession } from "./data/session";
import { Loading } from "./parts/Loading";

const Context = createContext<PersonFragment | null>(null);

/** Who is signed in. */
export function useViewer(): PersonFragment | null {
  return useContext(Context);
}

/** Asks who is signed in, if somebody is. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const { token } = useSession();
  const { data, error, refetch } = useQuery(ViewerDocument, { skip: token === null });
  if (token === null) return children;
  if (data) return <Context value={data.viewer ?? null}>{children}</Context>;
  if (!error) return <Loading />;
  return (
    <main className="alone">
      <h1>Not available</h1>
      <p role="alert">{told(error)}</p>
      <button type="button" onClick={() => void refetch()}>
        Try again
      </button>
    </main>
  );
}
