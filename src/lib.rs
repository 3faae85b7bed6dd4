//! Everything that mutual-TLS MQTT needs besides the broker: certificates, keystores, configuration,
//! and a check that runs the whole conversation and names the cause when it fails.
//!
//! The modules stand on five floors; each may use the floors below it, never the ones above
//! (`tests/architecture.rs` holds this, ARCHITECTURE.md explains it).
//!
//! | floor | modules |
//! | --- | --- |
//! | 4 the outside world | [`store`], [`probe`], [`broker`] |
//! | 3 decisions | [`pki`], [`diagnose`] (with the [`diagnose::transcript`] that `probe` fills in), [`bundle`], [`deploy`], [`fixtures`], [`inspect`], [`render`] |
//! | 2 formats | [`x509`], [`keystore`], [`mqtt`], [`der`](self) |
//! | 1 vocabulary | [`secret`], [`random`], [`finding`], [`time`] |
//!
//! Floors 1 to 3 touch no file, no socket, no environment and no clock: bytes, time and
//! randomness are arguments. The command line is floor 5, in `src/bin/certgen`, where the library
//! cannot reach it.

pub mod bundle;
pub mod deploy;
mod der;

pub mod broker;
pub mod diagnose;
pub mod finding;
pub mod fixtures;
pub mod inspect;
pub mod keystore;
pub mod mqtt;
pub mod pki;
pub mod probe;
pub mod random;
pub mod render;
pub mod secret;
pub mod store;
pub mod time;
pub mod x509;
