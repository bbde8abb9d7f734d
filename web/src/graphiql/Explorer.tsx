import { GraphiQL } from "graphiql";
import { useEffect, useState } from "react";
import { fetcher, post } from "./fetcher";
import { storage } from "./storage";

const HEADERS = `{
  "Authorization": "Bearer "
}`;

const WELCOME = `# The schema is in the book at the left. Run with Ctrl-Enter.
# To sign in, run SignIn and put its token behind "Bearer" in the headers tab below.

query NewestPolls {
  tenant {
    key
    name
  }
  viewer {
    username
  }
  polls(first: 5) {
    totalCount
    nodes {
      id
      question
      isOpen
      choices {
        id
        choiceText
        voteCount
      }
    }
  }
}

mutation SignIn {
  login(input: { username: "demo1", password: "demo-password" }) {
    token
    userErrors {
      code
      message
    }
  }
}
`;

type Tenant = { key: string; name: string };

/** GraphiQL for the tenant that the page's host names. */
export function Explorer() {
  const tenant = useTenant();
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={WELCOME}
      defaultHeaders={HEADERS}
      defaultEditorToolsVisibility="headers"
      inputValueDeprecation
      storage={storage}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    >
      <GraphiQL.Logo>
        <span className="tenant">
          {typeof tenant === "string" ? (
            tenant
          ) : (
            <>
              <strong>{tenant.name}</strong> <code>{tenant.key}</code>
            </>
          )}
          <a href="/">Open the app</a>
        </span>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

/** Whom the page is for, or why that cannot be told. */
function useTenant(): Tenant | string {
  const [tenant, setTenant] = useState<Tenant | string>("…");
  useEffect(() => {
    const ask = async () => {
      const result = await post({ query: "{ tenant { key name } }" });
      const found = result.data?.["tenant"] as Tenant | undefined;
      setTenant(found ?? result.errors?.[0]?.message ?? "");
      if (found) document.title = `${found.name} · GraphiQL`;
    };
    ask().catch(() => setTenant("The server does not answer."));
  }, []);
  return tenant;
}
