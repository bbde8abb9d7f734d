//! What a request asks for, whatever transport it came by.

use async_graphql::Variables;

/// The parameters of a request (GraphQL over HTTP, section "Request Parameters", and appendix A
/// for `documentId`).
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// The document's text.
    pub query: Option<String>,
    /// The id of a document that this server knows.
    pub document_id: Option<String>,
    /// The hash in `extensions.persistedQuery`, as it was sent (Apollo's automatic persisted
    /// queries).
    pub persisted_hash: Option<String>,
    /// Which of the document's operations to execute.
    pub operation_name: Option<String>,
    /// The values of its variables, not coerced yet.
    pub variables: Variables,
}
