//! The rules, one file each: `<area>/<problem>.rs` holds the code `area.problem`.
