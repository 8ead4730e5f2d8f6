//! The text half's one door.
