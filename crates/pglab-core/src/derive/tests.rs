//! What is derived from a small example, and what survives deriving it again.
