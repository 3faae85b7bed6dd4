//! Renderings of report values: text, JSON and what else a reader may want.
//!
//! Renderers return text with ANSI styles in it; who prints strips them where they do not belong.
//! Everything that a stranger may have written goes through [`escape`].

mod conversation;
pub mod escape;
mod explanation;
mod findings;
mod html;
mod inspection;
mod inspection_html;
mod metrics;
mod stores;
pub mod style;
pub mod suggestion;
mod wrap;

pub use conversation::{
    ConversationMetrics, PageEntry, address, anchored, conversation_error_metrics,
    conversation_error_page, conversation_html, conversation_json, conversation_line,
    conversation_list, conversation_nagios, conversation_page, conversation_text,
};
pub use explanation::{explanation_json, explanation_text};
pub use findings::{Suggest, document, findings_json, findings_text, outcome, remedy_json};
pub use html::{PageState, is_page};
pub use inspection::{certificate_json, inspection_json, inspection_text};
pub use inspection_html::inspection_html;
pub use metrics::{inspection_nagios, inspection_prometheus, nagios};
pub use stores::{entries_json, entries_text};
pub use wrap::wrapped;
