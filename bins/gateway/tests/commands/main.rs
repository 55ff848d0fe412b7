//! The gateway's commands as an operator runs them: processes, their exit codes and what they say, on real files.

mod backup;
mod deployment;
mod schema;
