//! The scripts' tables: folds, marks, digits, look-alikes; for normalize and
//! tag alike.
