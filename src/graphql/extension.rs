//! Stops the library behind validation: what validates documents does not execute them.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Request, Response, SchemaEnv, ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest},
};

/// Ends every request where execution would begin. On the way it learns of the registry of types,
/// which the library shows to its extensions alone.
#[derive(Clone, Default)]
pub(super) struct ValidateOnly {
    types: Arc<OnceLock<SchemaEnv>>,
}

impl std::fmt::Debug for ValidateOnly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValidateOnly").finish_non_exhaustive()
    }
}

impl ValidateOnly {
    /// Known once any request was validated.
    pub(super) fn types(&self) -> Option<SchemaEnv> {
        self.types.get().cloned()
    }
}

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Extension for ValidateOnly {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        self.types.get_or_init(|| ctx.schema_env.clone());
        next.run(ctx, request).await
    }

    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}
