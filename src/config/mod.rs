//! What the operator says: `tenants.yaml` (who the tenants are) and the settings of `serve` (flags
//! and environment). Every error names file, line, column and field, and what to do about it.

mod bytes;
pub mod catalog_file;
mod error;
mod limit_ranges;
pub mod limit_settings;
mod only;
pub mod settings;
mod subscription_settings;
pub mod tenants_edit;
mod variables;
mod yaml;

pub use bytes::ByteSize;
pub use catalog_file::{load, parse, read_source};
pub use error::{CatalogError, ConfigError};
pub use only::{UnknownTenant, only};
pub use settings::Settings;
pub use subscription_settings::SubscriptionSettings;
pub use variables::{Variables, process_variables};
