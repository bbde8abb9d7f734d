//! What came back, and the questions that tests put to it.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON; `Null` where it is none.
    pub body: Value,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    /// The data of an answer without errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.body.get("errors"), None, "{self:#?}");
        assert!(self.body["data"].is_object(), "{self:#?}");
        &self.body["data"]
    }

    /// A value in the data, errors or not, by JSON pointer.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        let found = self.body["data"].pointer(pointer);
        found.unwrap_or_else(|| panic!("no {pointer} in {self:#?}"))
    }

    /// The one top-level error.
    #[track_caller]
    pub fn error(&self) -> &Value {
        let errors = self.body["errors"].as_array();
        let errors = errors.unwrap_or_else(|| panic!("no errors in {self:#?}"));
        assert_eq!(errors.len(), 1, "{self:#?}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty(), "{self:#?}");
        &errors[0]
    }

    /// The code of the one top-level error.
    #[track_caller]
    pub fn code(&self) -> &str {
        let code = self.error()["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no code in {self:#?}"))
    }

    /// Asserts a refusal before anything ran: a code, no data, and an error shaped as GraphQL's.
    #[track_caller]
    pub fn refused(&self, code: &str) {
        assert_eq!(self.code(), code, "{self:#?}");
        assert_eq!(self.body.get("data"), None, "a request error has no data: {self:#?}");
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
