//! A client of the API: one tenant, with or without a token.

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::{Value, json};

use super::{Answer, Server};

/// What a test needs of a poll to vote on it.
#[derive(Clone, Debug)]
pub struct PollIds {
    pub id: String,
    pub choices: Vec<String>,
}

#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    url: String,
    tenant: String,
    pub token: Option<String>,
}

impl Caller {
    pub fn new(server: &Server, tenant: &str, token: Option<&str>) -> Self {
        Self {
            http: server.http.clone(),
            url: server.url("/graphql"),
            tenant: tenant.to_owned(),
            token: token.map(ToOwned::to_owned),
        }
    }

    /// A request in this caller's name, to be filled.
    pub fn post(&self) -> RequestBuilder {
        let request = self.http.post(&self.url).header("x-tenant", &self.tenant);
        let request = request.header(ACCEPT, "application/graphql-response+json");
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn gql(&self, query: &str, variables: Value) -> Answer {
        let request = self.post().json(&json!({ "query": query, "variables": variables }));
        Answer::read(request.send().await.unwrap()).await
    }

    /// A query without variables.
    pub async fn ask(&self, query: &str) -> Answer {
        self.gql(query, json!({})).await
    }

    /// One mutation, its payload as selected and with its `userErrors`.
    pub async fn mutate(&self, name: &str, input: Value, selection: &str) -> Answer {
        let (first, rest) = name.split_at(1);
        let query = format!(
            "mutation($input: {}{rest}Input!) {{ {name}(input: $input) {{ {selection} \
             userErrors {{ code message field }} }} }}",
            first.to_uppercase()
        );
        self.gql(&query, json!({ "input": input })).await
    }

    /// A mutation that must succeed; its payload.
    pub async fn done(&self, name: &str, input: Value, selection: &str) -> Value {
        let answer = self.mutate(name, input, selection).await;
        let payload = answer.data()[name].clone();
        assert_eq!(payload["userErrors"], json!([]), "{answer:#?}");
        payload
    }

    /// A mutation that must meet userErrors; `CODE path.of.field` for each, sorted.
    pub async fn faults(&self, name: &str, input: Value) -> Vec<String> {
        let answer = self.mutate(name, input, "").await;
        let errors = answer.data()[name]["userErrors"].as_array().unwrap();
        assert!(!errors.is_empty(), "{name} went through: {answer:#?}");
        user_errors(errors)
    }

    pub async fn create_poll(&self, question: &str, choices: &[&str]) -> PollIds {
        self.create_poll_with(json!({ "question": question, "choices": choices })).await
    }

    pub async fn create_poll_with(&self, input: Value) -> PollIds {
        let payload = self.done("createPoll", input, "poll { id choices { id } }").await;
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let choices = payload["poll"]["choices"].as_array().unwrap();
        PollIds { id: id(&payload["poll"]), choices: choices.iter().map(id).collect() }
    }

    /// Votes, or fails.
    pub async fn vote(&self, choice: &str) -> Value {
        let input = json!({ "choiceId": choice });
        self.done("castVote", input, "vote { id } poll { totalVotes }").await["vote"].clone()
    }

    /// Votes, whatever comes of it.
    pub async fn cast(&self, choice: &str) -> Answer {
        let selection = "vote { id } poll { id totalVotes isOpen choices { voteCount } }";
        self.mutate("castVote", json!({ "choiceId": choice }), selection).await
    }

    /// The fields of a poll, or null.
    pub async fn poll(&self, id: &str, selection: &str) -> Value {
        let query = format!("query($id: ID!) {{ poll(id: $id) {{ {selection} }} }}");
        self.gql(&query, json!({ "id": id })).await.data()["poll"].clone()
    }

    /// The votes of each choice in order.
    pub async fn tallies(&self, poll: &str) -> Vec<u64> {
        let poll = self.poll(poll, "choices { voteCount }").await;
        let count = |choice: &Value| choice["voteCount"].as_u64().unwrap();
        poll["choices"].as_array().unwrap().iter().map(count).collect()
    }
}

/// `CODE path.of.field` for each error, sorted; `CODE` alone for one without a field.
pub fn user_errors(errors: &[Value]) -> Vec<String> {
    let describe = |error: &Value| {
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error:#?}");
        let code = error["code"].as_str().unwrap();
        let parts = error["field"].as_array().map(Vec::as_slice).unwrap_or_default();
        let path: Vec<_> = parts.iter().map(|part| part.as_str().unwrap()).collect();
        format!("{code} {}", path.join(".")).trim_end().to_owned()
    };
    let mut described: Vec<_> = errors.iter().map(describe).collect();
    described.sort();
    described
}
