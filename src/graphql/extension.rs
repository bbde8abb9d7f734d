//! Gives the errors of async-graphql's own phases their codes, and tells when execution begins.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest,
        NextValidation,
    },
};

use super::{
    coerce,
    context::RequestContext,
    error::{ApiError, Code},
    operation::select,
};

/// Made once for the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phases;

impl ExtensionFactory for Phases {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_trait::async_trait]
impl Extension for Phases {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let given = std::mem::take(&mut request.variables);
        let name = request.operation_name.clone();
        let document = request.parsed_query()?;
        let variables = select(document, name.as_deref())
            .and_then(|operation| coerce::variables(&ctx.schema_env.registry, operation, given))
            .map_err(ApiError::into_server_error)?;
        request.variables = variables;
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(with_code)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Ok(request) = ctx.data::<Arc<RequestContext>>() {
            request.set_executing();
        }
        next.run(ctx, operation_name).await
    }
}

fn with_code(errors: Vec<ServerError>) -> Vec<ServerError> {
    let coded = |mut error: ServerError| {
        let extensions = error.extensions.get_or_insert_with(Default::default);
        if extensions.get("code").is_none() {
            extensions.set("code", Code::ValidationFailed.as_str());
        }
        error
    };
    errors.into_iter().map(coded).collect()
}
