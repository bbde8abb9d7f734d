"""gql: its transports for HTTP, sync and async, and for subscriptions."""

import asyncio
import logging
import unittest

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLError

from world import CREATOR, OTHER, SOCKET_URL, TENANT, TOKENS, URL, VOTER, headers

PAGE = gql("""
  query Page($first: Int, $after: String, $filter: PollFilter) {
    tenant { key }
    viewer { username }
    polls(first: $first, after: $after, filter: $filter) {
      edges { cursor node { id question pubDate choices { id voteCount } } }
      pageInfo { hasNextPage endCursor }
    }
  }
""")
CREATE = gql("""
  mutation Create($input: CreatePollInput!) {
    createPoll(input: $input) { poll { id choices { id } } userErrors { code field } }
  }
""")
CAST = gql("""
  mutation Cast($input: CastVoteInput!) {
    castVote(input: $input) { vote { id } poll { totalVotes } userErrors { code } }
  }
""")
CLOSE = gql("mutation Close($input: ClosePollInput!) { closePoll(input: $input) { poll { isOpen } } }")
RESULTS = gql("subscription Results($id: ID!) { pollResults(pollId: $id) { id isOpen totalVotes } }")

# unittest runs its event loops in debug mode, which tells of everything slow.
logging.getLogger("asyncio").setLevel(logging.ERROR)

SYNC = {"requests": RequestsHTTPTransport, "httpx": HTTPXTransport}
ASYNC = {"aiohttp": AIOHTTPTransport, "httpx": HTTPXAsyncTransport}
SOCKETS = {"websockets": WebsocketsTransport, "aiohttp": AIOHTTPWebsocketsTransport}


# gql looks for the header Sec-WebSocket-Protocol of the answer in that case of letters only, does
# not find ours, and then takes the protocol to be an old one; unless it offered just this.
PROTOCOL = {"subprotocols": [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]}


def http(transport, token=VOTER):
    """A client that fetches the schema and checks documents against it."""
    sending = transport(url=URL, headers=headers(token))
    return Client(transport=sending, fetch_schema_from_transport=True, parse_results=True)


def as_(request, variables):
    """A document with its variables, as gql wants them."""
    request = gql(request) if isinstance(request, str) else request
    return type(request)(request.document, variable_values=variables)


def create(session, question):
    """A poll, by a session that is in no event loop."""
    made = session.execute(as_(CREATE, {"input": {"question": question, "choices": ["a", "b"]}}))
    return made["createPoll"]["poll"]


class Http(unittest.TestCase):
    def test_queries_and_pages(self):
        for name, transport in SYNC.items():
            with self.subTest(name), http(transport) as session:
                self.assertIn("Poll", session.client.schema.type_map)
                first = session.execute(as_(PAGE, {"first": 3}))
                self.assertEqual(first["tenant"]["key"], TENANT)
                after = first["polls"]["pageInfo"]["endCursor"]
                second = session.execute(as_(PAGE, {"first": 3, "after": after}))
                ids = [edge["node"]["id"] for page in (first, second) for edge in page["polls"]["edges"]]
                self.assertEqual(len(set(ids)), 6)

    def test_mutations_and_their_user_errors(self):
        with http(RequestsHTTPTransport, CREATOR) as session:
            poll = create(session, "python: voted?")
            cast = as_(CAST, {"input": {"choiceId": poll["choices"][0]["id"]}})
            once = session.execute(cast)["castVote"]
            self.assertEqual((once["poll"]["totalVotes"], once["userErrors"]), (1, []))
            twice = session.execute(cast)["castVote"]
            self.assertIsNone(twice["vote"])
            self.assertEqual(twice["userErrors"], [{"code": "ALREADY_VOTED"}])

    def test_the_schema_catches_mistakes_before_they_are_sent(self):
        with http(RequestsHTTPTransport) as session, self.assertRaises(GraphQLError):
            session.execute(gql("{ nothing }"))

    def test_errors_carry_their_codes_and_the_data(self):
        with http(RequestsHTTPTransport) as session:
            with self.assertRaises(TransportQueryError) as caught:
                session.execute(gql('{ poll(id: "nonsense") { id } tenant { key } }'))
            self.assertEqual(caught.exception.errors[0]["extensions"]["code"], "BAD_USER_INPUT")
            self.assertEqual(caught.exception.data, {"poll": None, "tenant": {"key": TENANT}})

    def test_a_token_of_another_tenant_is_refused(self):
        sending = RequestsHTTPTransport(url=URL, headers=headers(TOKENS["thor"][0]))
        with Client(transport=sending) as session, self.assertRaises(Exception) as caught:
            session.execute(gql("{ viewer { id } }"))
        self.assertRegex(str(caught.exception), "401|UNAUTHENTICATED")


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_many_queries_at_once(self):
        for name, transport in ASYNC.items():
            with self.subTest(name):
                async with http(transport) as session:
                    pages = [session.execute(as_(PAGE, {"first": count})) for count in range(1, 11)]
                    lengths = [len(page["polls"]["edges"]) for page in await asyncio.gather(*pages)]
                    self.assertEqual(lengths, list(range(1, 11)))

    async def follow(self, transport):
        """A poll from its making to its end, seen through a subscription."""
        async with http(AIOHTTPTransport, CREATOR) as creator, http(AIOHTTPTransport, OTHER) as other:
            made = await creator.execute(
                as_(CREATE, {"input": {"question": "python: live?", "choices": ["a", "b"]}})
            )
            poll = made["createPoll"]["poll"]
            cast = as_(CAST, {"input": {"choiceId": poll["choices"][0]["id"]}})
            seen = []
            async with Client(transport=transport, fetch_schema_from_transport=True) as session:
                async for result in session.subscribe(as_(RESULTS, {"id": poll["id"]})):
                    seen.append((result["pollResults"]["totalVotes"], result["pollResults"]["isOpen"]))
                    if seen[-1] == (0, True):
                        await creator.execute(cast)
                    elif seen[-1] == (1, True):
                        await other.execute(cast)
                    elif seen[-1] == (2, True):
                        await creator.execute(as_(CLOSE, {"input": {"id": poll["id"]}}))
            self.assertEqual(seen, [(0, True), (1, True), (2, True), (2, False)])

    async def test_subscriptions_with_headers(self):
        for name, transport in SOCKETS.items():
            with self.subTest(name):
                await self.follow(transport(url=SOCKET_URL, headers=headers(VOTER), **PROTOCOL))

    async def test_subscriptions_with_an_init_payload(self):
        payload = {"tenant": TENANT, "authorization": f"Bearer {VOTER}"}
        for name, transport in SOCKETS.items():
            with self.subTest(name):
                await self.follow(transport(url=SOCKET_URL, init_payload=payload, **PROTOCOL))


if __name__ == "__main__":
    unittest.main()
