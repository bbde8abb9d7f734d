import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { PeopleDocument } from "../../gql/graphql";
import { told } from "../data/problem";
import { Heading } from "../parts/Heading";
import { Loading } from "../parts/Loading";
import { NewPerson } from "../parts/NewPerson";
import { Pager, pageVariables } from "../parts/Pager";
import { PersonRow } from "../parts/PersonRow";
import { usePlace } from "../parts/PollList";
import { SearchForm, useSearchText } from "../parts/SearchForm";
import { useTenant } from "../Tenant";

/** The tenant's people, for superusers. */
export function PeopleView() {
  const tenant = useTenant();
  const { place, turn } = usePlace();
  const { search, setSearch } = useSearchText();
  const [adding, setAdding] = useState(false);
  const { data, previousData, error, refetch } = useQuery(PeopleDocument, {
    variables: { ...pageVariables(place), search: search || null },
    fetchPolicy: "cache-and-network",
  });
  const users = (data ?? previousData)?.users;
  return (
    <>
      <Heading title="People">
        {!tenant.readOnly && (
          <button type="button" className="primary" onClick={() => setAdding(true)}>
            New person
          </button>
        )}
      </Heading>
      {adding && (
        <NewPerson onMade={() => void refetch()} onClose={() => setAdding(false)} />
      )}
      <SearchForm key={search} search={search} onSearch={setSearch} />
      {error && <p role="alert">{told(error)}</p>}
      {!users && !error && <Loading />}
      {users && (
        <>
          <table aria-label="People">
            <thead>
              <tr>
                <th scope="col">Username</th>
                <th scope="col">E-mail</th>
                <th scope="col">Role</th>
                <th scope="col">State</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {users.nodes.map((person) => (
                <PersonRow key={person.id} person={person} />
              ))}
            </tbody>
          </table>
          <Pager
            page={users.pageInfo}
            total={users.totalCount}
            what={users.totalCount === 1 ? "person" : "people"}
            onTurn={turn}
          />
        </>
      )}
    </>
  );
}
