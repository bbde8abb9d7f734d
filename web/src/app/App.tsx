import { ApolloProvider } from "@apollo/client/react";
import { useSession } from "./data/session";
import { NoticeProvider } from "./parts/Notices";
import { Shell } from "./Shell";
import { TenantProvider } from "./Tenant";
import { ViewerProvider } from "./Viewer";

export function App() {
  const { connection, token } = useSession();
  return (
    <NoticeProvider>
      <ApolloProvider client={connection.client} key={token}>
        <TenantProvider>
          <ViewerProvider>
            <Shell />
          </ViewerProvider>
        </TenantProvider>
      </ApolloProvider>
    </NoticeProvider>
  );
}
