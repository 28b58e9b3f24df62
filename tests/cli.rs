//! The command line from outside: exit statuses, streams, messages.

mod cli {
    pub mod inputs;
    pub mod options;
    pub mod support;
}
