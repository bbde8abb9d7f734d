//! `polls tenant`

mod command;
mod create;
mod list;

pub(super) use command::TenantCommand;
