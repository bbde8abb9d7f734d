import { Link, useLocation, useRoute } from "wouter";
import { LogoutDocument } from "../gql/graphql";
import { signOut } from "./data/session";
import { useSend } from "./data/useSend";
import { useNotices } from "./parts/Notices";
import { useTenant } from "./Tenant";
import { useViewer } from "./Viewer";

/** Where one is, who one is, and where one can go. */
export function Header() {
  const tenant = useTenant();
  const viewer = useViewer();
  return (
    <header>
      <Link href="/" className="brand">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <rect width="32" height="32" rx="9" className="mark" />
          <rect x="7" y="15" width="5" height="10" rx="1.5" />
          <rect x="13.5" y="7" width="5" height="18" rx="1.5" />
          <rect x="20" y="11" width="5" height="14" rx="1.5" />
        </svg>
        {tenant.name}
      </Link>
      <nav aria-label="Main">
        <Tab href="/">Polls</Tab>
        {viewer && <Tab href="/mine">Mine</Tab>}
        {viewer?.role === "SUPERUSER" && (
          <>
            <Tab href="/admin/polls">All polls</Tab>
            <Tab href="/admin/people">People</Tab>
          </>
        )}
      </nav>
      <div className="who">
        {viewer ? (
          <>
            <Link href="/account" className="name" aria-label={`Account of ${viewer.username}`}>
              {viewer.username}
            </Link>
            <SignOut />
          </>
        ) : (
          <>
            <Link href="/sign-in">Sign in</Link>
            {tenant.registrationOpen && !tenant.readOnly && (
              <Link href="/register" className="button">
                Register
              </Link>
            )}
          </>
        )}
      </div>
    </header>
  );
}

function Tab({ href, children }: { href: string; children: string }) {
  const [here] = useRoute(href);
  return (
    <Link href={href} aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}

function SignOut() {
  const { send, busy } = useSend(LogoutDocument);
  const { say } = useNotices();
  const [, navigate] = useLocation();
  const leave = async () => {
    await send({ everywhere: false });
    // Also when the server did not answer: this tab forgets the token in any case.
    signOut();
    navigate("/");
    say("You are signed out.");
  };
  return (
    <button type="button" className="quiet" disabled={busy} onClick={() => void leave()}>
      Sign out
    </button>
  );
}
