import { useQuery } from "@apollo/client/react";
import { Link } from "wouter";
import { PollsDocument } from "../../gql/graphql";
import { told } from "../data/problem";
import { ClosePoll, DeletePoll } from "../parts/EndPoll";
import { Heading } from "../parts/Heading";
import { Loading } from "../parts/Loading";
import { Pager, pageVariables } from "../parts/Pager";
import { usePlace } from "../parts/PollList";
import { SearchForm, useSearchText } from "../parts/SearchForm";
import { moment } from "../parts/time";
import { useTenant } from "../Tenant";

/** All polls of the tenant, for superusers. */
export function AllPollsView() {
  const tenant = useTenant();
  const { place, turn } = usePlace();
  const { search, setSearch } = useSearchText();
  const { data, previousData, error, refetch } = useQuery(PollsDocument, {
    variables: {
      ...pageVariables(place),
      filter: search ? { search } : {},
      orderBy: { field: "PUB_DATE", direction: "DESC" },
    },
    fetchPolicy: "cache-and-network",
  });
  const polls = (data ?? previousData)?.polls;
  return (
    <>
      <Heading title="All polls" />
      <SearchForm key={search} search={search} onSearch={setSearch} />
      {error && <p role="alert">{told(error)}</p>}
      {!polls && !error && <Loading />}
      {polls && (
        <>
          <table aria-label="All polls">
            <thead>
              <tr>
                <th scope="col">Question</th>
                <th scope="col">Made by</th>
                <th scope="col">Made</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Votes
                </th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {polls.nodes.map((poll) => (
                <tr key={poll.id}>
                  <th scope="row">
                    <Link href={`/polls/${poll.id}`}>{poll.question}</Link>
                  </th>
                  <td data-label="Made by">{poll.createdBy?.username ?? "somebody"}</td>
                  <td data-label="Made">{moment(poll.pubDate)}</td>
                  <td data-label="State">
                    <span className={poll.isOpen ? "pill open" : "pill"}>
                      {poll.isOpen ? "Open" : "Closed"}
                    </span>
                  </td>
                  <td data-label="Votes" className="number">
                    {poll.totalVotes}
                  </td>
                  <td>
                    {!tenant.readOnly && (
                      <div className="actions">
                        {poll.isOpen && <ClosePoll poll={poll} named />}
                        <DeletePoll poll={poll} named onDeleted={() => void refetch()} />
                      </div>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Pager
            page={polls.pageInfo}
            total={polls.totalCount}
            what={polls.totalCount === 1 ? "poll" : "polls"}
            onTurn={turn}
          />
        </>
      )}
    </>
  );
}
