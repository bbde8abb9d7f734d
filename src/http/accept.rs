//! Which media type an answer has (GraphQL over HTTP, section "Accept"; RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header};

/// The media types of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status tells about errors.
    GraphqlResponse,
    /// `application/json`: requests that could be read are answered with 200.
    Json,
    /// `text/event-stream`: GraphQL over SSE, always under 200.
    EventStream,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }
}

const EVENT_STREAM: &str = "text/event-stream";

/// The media type that the client likes best, or none that it takes. An event stream must be
/// named, and liked better than the others. Without a preference it is
/// JSON, which older clients expect.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return Some(MediaType::Json);
    }
    let quality = |name: &str| {
        let most_specific = ranges
            .iter()
            .filter(|range| range.matches(name))
            .max_by_key(|range| range.specificity());
        most_specific.map_or(0, |range| range.quality)
    };
    let json = quality("application/json");
    let graphql = quality("application/graphql-response+json");
    let named = ranges.iter().any(|range| range.name == "application/graphql-response+json");
    let events = named_quality(&ranges, EVENT_STREAM);
    match (json, graphql) {
        (json, graphql) if events > json.max(graphql) => Some(MediaType::EventStream),
        (0, 0) => None,
        (json, graphql) if graphql > json || (graphql == json && named) => {
            Some(MediaType::GraphqlResponse)
        }
        _ => Some(MediaType::Json),
    }
}

/// Whether the client takes an event stream where there is more than one result to come.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    named_quality(&ranges(headers), EVENT_STREAM) > 0
}

fn ranges(headers: &HeaderMap) -> Vec<Range> {
    let values = headers.get_all(header::ACCEPT).iter();
    values
        .flat_map(|value| value.to_str().unwrap_or_default().split(',').filter_map(range))
        .collect()
}

fn named_quality(ranges: &[Range], name: &str) -> u16 {
    let named = ranges.iter().filter(|range| range.name == name);
    named.map(|range| range.quality).max().unwrap_or(0)
}

/// Whether a browser asks for a page: it names HTML, which this API never answers with.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        value.to_str().unwrap_or_default().split(',').filter_map(range).any(|range| {
            range.quality > 0
                && (range.name == "text/html" || range.name == "application/xhtml+xml")
        })
    })
}

struct Range {
    name: String,
    /// Thousandths, 0 to 1000.
    quality: u16,
}

impl Range {
    fn matches(&self, name: &str) -> bool {
        self.name == name || self.name == "*/*" || self.name == "application/*"
    }

    fn specificity(&self) -> u8 {
        match self.name.as_str() {
            "*/*" => 0,
            "application/*" => 1,
            _ => 2,
        }
    }
}

fn range(text: &str) -> Option<Range> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let mut quality = 1000;
    for parameter in parts {
        let Some((key, value)) = parameter.split_once('=') else { continue };
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => quality = thousandths(value.trim())?,
            // Answers are UTF-8, and nothing else is to be had.
            "charset" if !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") => {
                return Some(Range { name, quality: 0 });
            }
            _ => {}
        }
    }
    Some(Range { name, quality })
}

fn thousandths(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok().filter(|value| (0.0..=1.0).contains(value))?;
    // In range by the filter above.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    Some((value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn negotiated(accept: &str) -> Option<MediaType> {
        let headers =
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
        negotiate(&headers)
    }

    #[test]
    fn the_client_decides_and_json_is_the_fallback() {
        use MediaType::{EventStream, GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json;q=0.5", Some(Json)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("text/event-stream", Some(EventStream)),
            ("text/event-stream, application/json", Some(Json)),
            ("text/event-stream, application/json;q=0.5", Some(EventStream)),
            ("text/event-stream;q=0", None),
            ("text/html", None),
            ("application/json;q=0", None),
            ("multipart/mixed", None),
            ("application/json; charset=iso-8859-1", None),
            ("APPLICATION/JSON; Charset=UTF-8", Some(Json)),
        ] {
            assert_eq!(negotiated(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
    }
}
