//! Nothing: its tests type what the compiler proposes.
