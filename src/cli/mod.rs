//! cli

<<<<<<< HEAD
mod conll;
pub mod enrich;
pub mod samples;
pub mod tag;
mod text;
=======
pub mod gazetteer;
>>>>>>> tag
