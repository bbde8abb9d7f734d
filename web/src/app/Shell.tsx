import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { useSession } from "./data/session";
import { Header } from "./Header";
import { useTenant } from "./Tenant";
import { AccountView } from "./views/AccountView";
import { AllPollsView } from "./views/AllPollsView";
import { MyPollsView } from "./views/MyPollsView";
import { NewPollView } from "./views/NewPollView";
import { PeopleView } from "./views/PeopleView";
import { PollsView } from "./views/PollsView";
import { PollView } from "./views/PollView";
import { RegisterView } from "./views/RegisterView";
import { SignInView } from "./views/SignInView";
import { useViewer } from "./Viewer";

/** The frame around every view, and which view a path shows. */
export function Shell() {
  const tenant = useTenant();
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Header />
      {tenant.readOnly && (
        <p className="banner">
          {tenant.name} is read-only at the moment: polls can be looked at, not changed.
        </p>
      )}
      <main id="main">
        <Views />
      </main>
      <footer>
        <p>
          {tenant.name} <code>{tenant.key}</code>
        </p>
        <a href="/graphql">GraphiQL: all of this as an API</a>
      </footer>
    </>
  );
}

function Views() {
  const { token, ended } = useSession();
  const tenant = useTenant();
  const viewer = useViewer();
  const [path] = useLocation();
  const outside = path === "/sign-in" || path === "/register";
  if (!token && !outside && (ended || tenant.anonymousAccess === "NONE")) {
    return <SignInView />;
  }
  return (
    <Switch>
      <Route path="/" component={PollsView} />
      <Route path="/sign-in" component={SignInView} />
      <Route path="/register" component={RegisterView} />
      <Route path="/polls/new">{viewer ? <NewPollView /> : <SignInView />}</Route>
      <Route path="/polls/:id">{({ id }) => <PollView key={id} id={id} />}</Route>
      <Route path="/mine">{viewer ? <MyPollsView viewer={viewer} /> : <SignInView />}</Route>
      <Route path="/account">
        {viewer ? <AccountView viewer={viewer} /> : <SignInView />}
      </Route>
      {viewer?.role === "SUPERUSER" && <Route path="/admin/people" component={PeopleView} />}
      {viewer?.role === "SUPERUSER" && <Route path="/admin/polls" component={AllPollsView} />}
      <Route path="/admin/:any">{viewer ? <Redirect to="/" /> : <SignInView />}</Route>
      <Route>
        <h1>Nothing here</h1>
        <p>
          There is no such page. <Link href="/">See all polls</Link>
        </p>
      </Route>
    </Switch>
  );
}
