//! cli

pub mod enrich;
pub mod gazetteer;
pub mod samples;
pub mod tag;
mod text;
