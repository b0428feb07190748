//! Sick and distant backends: no request fails or gets an outdated answer, and what happens is logged (laws L4 and L6).

mod backend_faults;
mod guard;
mod redis_faults;
mod redis_outages;
mod sick;
mod sick_lines;
