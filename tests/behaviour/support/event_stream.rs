//! A client of GraphQL over Server-Sent Events.

use reqwest::RequestBuilder;
use serde_json::Value;
use tokio::time::timeout;

use super::wait::PATIENCE;

pub struct EventStream {
    pub response: reqwest::Response,
    buffer: String,
    /// The comments that came so far.
    pub comments: usize,
}

impl EventStream {
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self { response, buffer: String::new(), comments: 0 }
    }

    /// The same, which must be a stream.
    pub async fn accepted(request: RequestBuilder) -> Self {
        let stream = Self::open(request).await;
        assert_eq!(stream.response.status(), 200);
        let content_type = stream.response.headers()["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("text/event-stream"), "{content_type}");
        assert!(!stream.response.headers().contains_key("content-encoding"));
        stream
    }

    /// The next event and its data; none at the end of the stream. Comments do not make it come
    /// later.
    pub async fn event(&mut self) -> Option<(String, String)> {
        let next = async {
            loop {
                let (event, data) = self.block().await?;
                if !event.is_empty() {
                    return Some((event, data));
                }
                self.comments += 1;
            }
        };
        timeout(PATIENCE, next).await.unwrap()
    }

    /// A comment, before anything else.
    pub async fn comment(&mut self) {
        let (event, data) = timeout(PATIENCE, self.block()).await.unwrap().unwrap();
        assert_eq!((event.as_str(), data.as_str()), ("", ""));
        self.comments += 1;
    }

    async fn block(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(str::trim).collect::<String>()
                };
                let found = (field("event:"), field("data:"));
                self.buffer = rest.to_owned();
                return Some(found);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The result that comes next.
    pub async fn next(&mut self) -> Value {
        let (event, data) = self.event().await.unwrap();
        assert_eq!(event, "next", "{data}");
        serde_json::from_str(&data).unwrap()
    }

    /// The end, in order.
    pub async fn completed(&mut self) {
        let (event, _) = self.event().await.unwrap();
        assert_eq!(event, "complete");
        assert_eq!(self.event().await, None);
    }
}
