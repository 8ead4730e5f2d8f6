//! What an operator is handed: manifests, image, rules, dashboard. Each file here
//! checks one of them; `make ops` runs them with the tools that they need.

mod dashboard;
mod image;
mod manifests;
mod rules;
