import { Link } from "wouter";
import type { PersonFragment } from "../../gql/graphql";
import { Heading } from "../parts/Heading";
import { PollList } from "../parts/PollList";
import { useTenant } from "../Tenant";

/** One's own polls. Each is managed on its own page. */
export function MyPollsView({ viewer }: { viewer: PersonFragment }) {
  const tenant = useTenant();
  return (
    <>
      <Heading title="My polls">
        {!tenant.readOnly && (
          <Link href="/polls/new" className="button primary">
            New poll
          </Link>
        )}
      </Heading>
      <PollList
        filter={{ createdBy: viewer.id }}
        orderBy={{ field: "PUB_DATE", direction: "DESC" }}
        empty="You have made no polls yet."
      />
    </>
  );
}
