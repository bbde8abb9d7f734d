//! `polls schema`

use clap::Args;

use super::{
    Ended, Invocation, output,
    select::{Named, TenantArgs},
};

/// Print the GraphQL schema in the schema definition language, and nothing else
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  polls schema > schema.graphql")]
pub(super) struct Schema {}

impl Schema {
    pub fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let named = Named::new(&invocation.tenant, &TenantArgs::default());
        named.none("the schema is the same for all")?;
        output::print(crate::graphql::sdl().trim_end())?;
        Ok(Ended::Done)
    }
}
