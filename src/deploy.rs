//! Broker and proxy configuration that loads, and how to put it where it belongs.

pub mod check;
pub mod mosquitto;
