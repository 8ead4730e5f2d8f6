//! `deploy/kubernetes`, rendered by the real kubectl and held to three things:
//! the schemas of Kubernetes and of the custom resources (`schemas`), what no
//! schema says (`pods`, `network`, `scaling`, `monitoring`, `replay`, and by checkov
//! `findings`), and the configuration inside, which the real binary reads (`config`).

mod config;
mod docs;
mod findings;
mod monitoring;
mod network;
mod pods;
pub mod render;
mod replay;
mod scaling;
mod schemas;
