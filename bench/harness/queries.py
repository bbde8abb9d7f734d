"""The three operations in each dialect: what is asked, and what an answer says in common terms."""
import base64
import json
from dataclasses import dataclass
from datetime import datetime

from . import settings

POLL = 7
FIELDS = "id question pubDate createdBy { username } choices { id choiceText voteCount }"
OURS = {
    "list": "{ polls(first: 20) { nodes { %s } } }" % FIELDS,
    "list-100": "{ polls(first: 100) { nodes { %s } } }" % FIELDS,
    "one": "query($id: ID!) { poll(id: $id) { id question choices { id choiceText voteCount } } }",
    "vote": "mutation($c: ID!) { castVote(input: { choiceId: $c }) "
            "{ vote { id choice { voteCount } } userErrors { code } } }",
}
GRAPHQL = {
    "list": "{ polls(first: 20) { %s } }" % FIELDS,
    "one": "query($id: Int!) { poll(id: $id) { id question choices { id choiceText voteCount } } }",
    "vote": "mutation($c: Int!, $u: Int!) { castVote(choiceId: $c, userId: $u) "
            "{ vote { id choice { voteCount } } userErrors { code } } }",
}
POSTGRAPHILE = {
    "list": "{ polls(first: 20) { nodes { rowId question pubDate createdBy { username } "
            "choices { nodes { rowId choiceText voteCount } } } } }",
    "one": "query($id: Int!) { poll(rowId: $id) { rowId question choices { nodes { rowId choiceText voteCount } } } }",
    "vote": "mutation($c: Int!, $u: Int!) { castVote(input: { choiceId: $c, userId: $u }) "
            "{ result { rowId choice { voteCount } } } }",
}
REST = {"list": "/polls/?first=20", "one": f"/polls/{POLL}/", "vote": "/choices/$C/vote/"}
DIALECTS = {"ours": OURS, "graphql": GRAPHQL, "fixed": GRAPHQL, "postgraphile": POSTGRAPHILE, "rest": REST,
            "book": {"list": "/book/polls/"}}


@dataclass
class Ask:
    """One request. `$C` and `$U` in it stand for a choice and a voter."""

    method: str
    path: str
    body: str = ""
    token: bool = False


def global_id(kind, tenant, row):
    return base64.urlsafe_b64encode(f"{kind}:{tenant}:{row}".encode()).decode().rstrip("=")


def ask(dialect, path, op, tenant):
    """The request for an operation; of `vote`, its pattern."""
    texts = DIALECTS[dialect]
    if dialect in ("rest", "book"):
        if op == "vote":
            return Ask("POST", texts[op], '{"voted_by":$U}')
        return Ask("GET", texts[op])
    variables = {}
    if op == "one":
        variables = {"id": global_id("Poll", tenant, POLL) if dialect == "ours" else POLL}
    body = {"query": texts[op], **({"variables": variables} if variables else {})}
    text = json.dumps(body, separators=(",", ":"))
    if op != "vote":
        return Ask("POST", path, text)
    pattern = '"variables":{"c":"$C"}}' if dialect == "ours" else '"variables":{"c":$C,"u":$U}}'
    return Ask("POST", path, text[:-1] + "," + pattern, token=dialect == "ours")


def choice_id(dialect, tenant, row):
    return global_id("Choice", tenant, row) if dialect == "ours" else str(row)


def number(value, kind, tenant):
    """The row that an id names; a global id must name this tenant."""
    if isinstance(value, int) or value.isdigit():
        return int(value)
    parts = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode().split(":")
    if parts[:2] != [kind, tenant]:
        raise ValueError(f"{value} is {parts}")
    return int(parts[2])


def nodes(value):
    return value["nodes"] if isinstance(value, dict) else value


def poll(value, tenant):
    """A poll of an answer: number, question, date and creator where asked for, choices."""
    ident = value.get("rowId", value.get("id"))
    choices = [
        (number(each.get("rowId", each.get("id")), "Choice", tenant), each["choiceText"], int(each["voteCount"]))
        for each in nodes(value["choices"])
    ]
    found = {"id": number(ident, "Poll", tenant), "question": value["question"], "choices": choices}
    if "pubDate" in value:
        date = datetime.fromisoformat(value["pubDate"])
        found |= {"date": f"{date:%Y-%m-%d %H:%M:%S}", "creator": value["createdBy"]["username"]}
    return found


def read(dialect, op, answer, tenant):
    """What the answer to a read says."""
    if dialect in ("rest", "book"):
        return [poll(each, tenant) for each in answer] if op == "list" else poll(answer, tenant)
    if "errors" in answer:
        raise ValueError(str(answer["errors"])[:300])
    if op == "one":
        return poll(answer["data"]["poll"], tenant)
    return [poll(each, tenant) for each in nodes(answer["data"]["polls"])]


def voted(dialect, status, answer):
    """The votes of the choice after a vote, nothing if it was refused."""
    if status >= 300 or answer.get("errors"):
        return None
    if dialect == "rest":
        return int(answer["choice"]["voteCount"])
    payload = answer["data"]["castVote"]
    vote = payload["result"] if dialect == "postgraphile" else payload["vote"]
    return int(vote["choice"]["voteCount"]) if vote else None


def ours_as_text(polls, tenant, op):
    """The bytes that `polls` answers: what the fixed floor sends."""
    def shown(each):
        known = {"id": global_id("Poll", tenant, each["id"]), "question": each["question"]}
        if op == "list":
            known |= {"pubDate": each["date"].replace(" ", "T") + ".000Z",
                      "createdBy": {"username": each["creator"]}}
        return known | {"choices": [
            {"id": global_id("Choice", tenant, ident), "choiceText": text, "voteCount": count}
            for ident, text, count in each["choices"]]}

    data = {"polls": {"nodes": [shown(each) for each in polls]}} if op == "list" else {"poll": shown(polls)}
    return json.dumps({"data": data}, separators=(",", ":"))


def capacity(tenants):
    """How many votes there are to cast in all."""
    voters = settings.USERS[tenants] - settings.VOTES - settings.RESERVED
    return voters * settings.POLLS * tenants
