//! `polls serve`

mod command;
mod demo;
mod reload;

pub(super) use command::Serve;
