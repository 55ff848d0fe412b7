//! The whole gateway, as the binary starts it, beside the stand-ins for OpenAI and for the phone: real sockets,
//! a real database file, real time.
//!
//! What is asserted is what a stranger could see: what the caller heard, what the model was told, what stands in
//! the database. The wall clock alone is the tests' own, so that "Tuesday" is always the same one.
//!
//! A call takes as long as a call takes, and almost no processor. So the calls do not wait for each other: each
//! test has its own gateway, and all of them run at once. That is all that this harness does otherwise than the
//! built-in one, whose parallelism is the number of processors (`--test-threads` still decides, if given).

mod calls;
mod faults;
mod flood;
mod limits;
mod promises;
mod service;
mod stage;
mod storing;
mod wire;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let tests: Vec<_> = [
        calls::tests(),
        faults::tests(),
        flood::tests(),
        limits::tests(),
        promises::tests(),
        service::tests(),
        storing::tests(),
        wire::tests(),
    ]
    .into_iter()
    .flatten()
    .collect();
    arguments.test_threads.get_or_insert(tests.len().max(1));
    libtest_mimic::run(&arguments, tests).exit_code()
}
