//! The messages of the protocol (PROTOCOL.md, section "Message types").

use serde_json::{Map, Value};

use super::close::Close;
use crate::{graphql::Parameters, http::parameters};

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    /// `connection_init`, with what it brings.
    Init(Map<String, Value>),
    /// `ping`, with what is to come back.
    Ping(Option<Value>),
    /// `pong`
    Pong,
    /// `subscribe`
    Subscribe { id: String, parameters: Box<Parameters> },
    /// `complete`
    Complete { id: String },
}

/// Reads a message (section "Invalid message").
///
/// # Errors
/// 4400, with the reason.
pub(super) fn read(text: &str) -> Result<Said, Close> {
    let value: Value = parameters::read_json(text.as_bytes())
        .map_err(|_| Close::bad_message("The message is no JSON"))?;
    let Value::Object(mut message) = value else {
        return Err(Close::bad_message("A message is a JSON object"));
    };
    let Some(Value::String(kind)) = message.remove("type") else {
        return Err(Close::bad_message("A message has a `type`, which is a string"));
    };
    match kind.as_str() {
        "connection_init" => Ok(Said::Init(payload(&mut message)?.unwrap_or_default())),
        "ping" => Ok(Said::Ping(payload(&mut message)?.map(Value::Object))),
        "pong" => payload(&mut message).map(|_| Said::Pong),
        "subscribe" => {
            let id = id(&mut message)?;
            let payload = payload(&mut message)?
                .ok_or_else(|| Close::bad_message("`subscribe` has a `payload`"))?;
            let parameters =
                parameters::from_map(payload).map_err(|why| Close::bad_message(&why))?;
            Ok(Said::Subscribe { id, parameters: Box::new(parameters) })
        }
        "complete" => Ok(Said::Complete { id: id(&mut message)? }),
        _ => Err(Close::bad_message("There is no such `type` of message for a client to send")),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Close> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(Close::bad_message("`payload` is an object")),
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(Close::bad_message("`id` is a string that is not empty")),
    }
}

/// `connection_ack`
pub(super) fn ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

/// `pong`, with what came with the `ping`.
pub(super) fn pong(payload: Option<&Value>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// `next`, with a result as JSON.
pub(super) fn next(id: &str, result: &str) -> String {
    format!(r#"{{"type":"next","id":{},"payload":{result}}}"#, quoted(id))
}

/// `error`, with a list of errors as JSON.
pub(super) fn error(id: &str, errors: &str) -> String {
    format!(r#"{{"type":"error","id":{},"payload":{errors}}}"#, quoted(id))
}

/// `complete`
pub(super) fn complete(id: &str) -> String {
    format!(r#"{{"type":"complete","id":{}}}"#, quoted(id))
}

fn quoted(id: &str) -> Value {
    Value::from(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_messages_are_refused() {
        for bad in [
            "",
            "1",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"next","id":"1"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code, 4400, "{bad}");
        }
    }

    #[test]
    fn what_the_server_says_is_as_the_protocol_has_it() {
        assert_eq!(
            pong(Some(&serde_json::json!({ "a": 1 }))),
            r#"{"type":"pong","payload":{"a":1}}"#
        );
        let next = next("a\"b", r#"{"data":null}"#);
        assert_eq!(next, r#"{"type":"next","id":"a\"b","payload":{"data":null}}"#);
    }

    proptest! {
        #[test]
        fn no_message_panics(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
