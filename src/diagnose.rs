//! From evidence to findings: what a conversation with a broker showed, and what follows from it.

pub mod transcript;
