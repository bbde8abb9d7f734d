import { useQuery } from "@apollo/client/react";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { TenantDocument, type TenantQuery } from "../gql/graphql";
import { told } from "./data/problem";
import { Loading } from "./parts/Loading";

type Tenant = TenantQuery["tenant"];

const Context = createContext<Tenant | null>(null);

/** The tenant that the page's host names. */
export function useTenant(): Tenant {
  const tenant = useContext(Context);
  if (!tenant) throw new Error("outside of a tenant");
  return tenant;
}

/** Shows nothing of the app before the tenant is known; says why if it cannot be. */
export function TenantProvider({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useQuery(TenantDocument);
  const key = data?.tenant.key;
  useEffect(() => {
    if (key) document.documentElement.style.setProperty("--hue", String(hue(key)));
  }, [key]);
  if (data) return <Context value={data.tenant}>{children}</Context>;
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

/**
 * Each tenant has a colour of its own, so that two tabs are told apart at a glance: from green over
 * blue to purple, since red stands for trouble.
 */
function hue(key: string): number {
  let hash = 0;
  for (const character of key) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 997;
  return 150 + ((hash * 37) % 180);
}
