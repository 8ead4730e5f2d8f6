//! `deploy/kubernetes`, rendered by the real kubectl and held to three things:
//! the schemas of Kubernetes and of the custom resources (`schemas`), what no
//! schema says (`pods`, `network`, `scaling`, `replay`), and the configuration
//! inside, which the real binary reads (`config`).

mod config;
mod network;
mod pods;
mod render;
mod replay;
mod scaling;
mod schemas;
