//! What an operator is handed: image, compose stack, manifests, rules, dashboard. Each file here
//! checks one of them; `make ops` runs them with the tools that they need.

mod compose;
mod dashboard;
mod image;
mod manifests;
mod rules;
