//! The client's side of the same wires.
