//! The schema: what is printed is what is committed, and everything in it is described.

use serde_json::Value;

use crate::support::{Engine, World};

#[test]
fn the_committed_schema_is_the_one_of_the_binary() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_polls"));
    let output = World::run(command.arg("schema")).ok();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    // Not with assert_eq: two schemas side by side hide the one line that tells what to do.
    let same = committed == output.stdout;
    let first = committed.lines().zip(output.stdout.lines()).position(|(old, new)| old != new);
    assert!(
        same,
        "schema.graphql is stale (first difference near line {}); renew it with\n\n    \
         cargo run -- schema > schema.graphql\n",
        first.map_or(0, |line| line + 1)
    );
}

const INTROSPECTION: &str = "{ __schema { types { name kind description \
    fields(includeDeprecated: true) { name description args { name description } } \
    inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn undescribed(kind: &str, owner: &str, members: &[Value]) -> Vec<String> {
    let bare =
        |member: &&Value| member["description"].as_str().is_none_or(|text| text.trim().is_empty());
    let name = |member: &Value| format!("{kind} {owner}.{}", member["name"].as_str().unwrap());
    members.iter().filter(bare).map(name).collect()
}

async fn types() -> Vec<Value> {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve().await;
    let answer = server.anyone("thor").ask(INTROSPECTION).await;
    let builtin = ["ID", "String", "Int", "Float", "Boolean"];
    let own = |kind: &&Value| {
        let name = kind["name"].as_str().unwrap();
        !name.starts_with("__") && !builtin.contains(&name)
    };
    list(&answer.data()["__schema"], "types").iter().filter(own).cloned().collect()
}

#[tokio::test]
async fn everything_is_described() {
    let mut bare = Vec::new();
    for kind in types().await {
        let name = kind["name"].as_str().unwrap();
        bare.extend(undescribed("type", "", std::slice::from_ref(&kind)));
        bare.extend(undescribed("field", name, list(&kind, "fields")));
        bare.extend(undescribed("input field", name, list(&kind, "inputFields")));
        bare.extend(undescribed("value", name, list(&kind, "enumValues")));
        for field in list(&kind, "fields") {
            let owner = format!("{name}.{}", field["name"].as_str().unwrap());
            bare.extend(undescribed("argument", &owner, list(field, "args")));
        }
    }
    assert!(bare.is_empty(), "without a description:\n{}", bare.join("\n"));
}

/// `Type.member` for all that the design's contract names.
const CONTRACT: &[(&str, &str)] = &[
    ("Query", "tenant viewer node nodes poll polls users"),
    ("Tenant", "id key name registrationOpen anonymousAccess readOnly"),
    ("PollFilter", "search isOpen createdBy viewerHasVoted"),
    ("PollOrder", "field direction"),
    ("PollOrderField", "PUB_DATE CLOSES_AT"),
    ("OrderDirection", "ASC DESC"),
    (
        "Poll",
        "id question ballot createdBy pubDate updatedAt closesAt isOpen choices totalVotes \
         viewerVote viewerCanVote viewerCanUpdate viewerCanDelete votes",
    ),
    ("Ballot", "OPEN SECRET"),
    ("Choice", "id poll choiceText voteCount viewerHasVoted votes"),
    ("Vote", "id poll choice votedBy votedAt"),
    ("User", "id username email role isActive polls"),
    ("UserRole", "USER SUPERUSER"),
    (
        "Mutation",
        "register login logout changePassword createPoll updatePoll closePoll deletePoll \
         addChoice updateChoice deleteChoice castVote changeVote retractVote createUser \
         setUserRole deactivateUser activateUser resetPassword",
    ),
    ("Subscription", "pollResults pollCreated"),
    ("UserError", "code message field"),
    (
        "UserErrorCode",
        "BLANK TOO_LONG TOO_SHORT TOO_FEW TOO_MANY INVALID DUPLICATE TAKEN NOT_FOUND NOT_OWNER \
         POLL_CLOSED ALREADY_VOTED NOT_VOTED HAS_VOTES INVALID_CREDENTIALS REGISTRATION_CLOSED \
         LAST_SUPERUSER",
    ),
    ("PageInfo", "hasNextPage hasPreviousPage startCursor endCursor"),
    ("PollConnection", "edges nodes pageInfo totalCount"),
    ("UserConnection", "edges nodes pageInfo totalCount"),
    ("VoteConnection", "edges nodes pageInfo totalCount"),
    ("CreatePollInput", "question choices closesAt ballot"),
    ("UpdatePollInput", "id question closesAt"),
    ("LogoutInput", "everywhere"),
    ("LoginPayload", "user token tokenExpiresAt userErrors"),
    ("CastVotePayload", "vote poll userErrors"),
    ("RetractVotePayload", "deletedVoteId poll userErrors"),
    ("DeleteChoicePayload", "deletedChoiceId poll userErrors"),
    ("DeletePollPayload", "deletedPollId userErrors"),
    ("ResetPasswordPayload", "user temporaryPassword userErrors"),
];

#[tokio::test]
async fn nothing_of_the_contract_is_missing() {
    let types = types().await;
    let mut missing = Vec::new();
    for (name, members) in CONTRACT {
        let Some(kind) = types.iter().find(|kind| kind["name"] == *name) else {
            missing.push((*name).to_owned());
            continue;
        };
        let known = ["fields", "inputFields", "enumValues"].map(|of| list(kind, of)).concat();
        for member in members.split_whitespace() {
            if !known.iter().any(|known| known["name"] == member) {
                missing.push(format!("{name}.{member}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in the schema: {}", missing.join(", "));
}

#[test]
fn nullability_is_as_promised() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let sdl = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = sdl.lines().map(str::trim).collect();
    for wanted in [
        "tenant: Tenant!",
        "viewer: User",
        "viewerVote: Vote",
        "pollCreated: Poll",
        "createdBy: User",
        "choices: [Choice!]!",
        "voteCount: Int!",
        "ballot: Ballot!",
        "email: String",
        "userErrors: [UserError!]!",
        "field: [String!]",
    ] {
        assert!(lines.contains(&wanted), "no {wanted:?} in the schema");
    }
}
