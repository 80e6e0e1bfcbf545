//! One test per kind of fact: it passes, fails in each way, and waits.
