//! Pieces of SQL that both databases take.

use sea_orm::DbBackend;

/// Appends the places for the values of so many rows: `(?, ?), (?, ?)`, numbered on PostgreSQL. `SQLite` takes
/// numbers too, but looks each up among all before it, so that a long statement takes seconds to read.
pub(crate) fn push_rows(sql: &mut String, backend: DbBackend, rows: usize, columns: usize) {
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            if column > 1 {
                sql.push_str(", ");
            }
            if backend == DbBackend::Postgres {
                sql.push('$');
                sql.push_str(&(row * columns + column).to_string());
            } else {
                sql.push('?');
            }
        }
        sql.push(')');
    }
}
