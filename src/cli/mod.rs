//! cli

mod conll;
pub mod enrich;
pub mod tag;
mod text;
