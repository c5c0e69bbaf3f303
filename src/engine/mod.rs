//! How is a cohort decided? Holds the facts of all students as columns and hands the law one student at a time, in
//! parallel chunks; it names no article. A chunk stands by itself: another machine could be given it.

pub mod attendance;
pub mod audit;
pub mod cohort;
pub mod directory;
pub mod facts;
pub mod finding;
pub mod judged;
pub mod keys;
pub mod nationality;
pub mod roster;
pub mod rows;
pub mod scope;
pub mod stake;
pub mod supposition;
pub mod watch;
