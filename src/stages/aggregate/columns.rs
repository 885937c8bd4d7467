//! Two plain shapes: a row-major matrix of article totals, and columns on their way into a data frame.

use chrono::NaiveDate;
use polars::prelude::*;

/// Row-major; a row an article (or a resample), a column a total.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { columns, values: vec![0.0; rows * columns] }
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns)
    }

    pub fn row(&self, at: usize) -> &[f64] {
        &self.values[at * self.columns..][..self.columns]
    }

    pub fn row_mut(&mut self, at: usize) -> &mut [f64] {
        &mut self.values[at * self.columns..][..self.columns]
    }
}

/// A column from one value a row.
pub fn column<'a, R, T>(name: &str, rows: &'a [R], value: impl Fn(&'a R) -> T) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    let values: Vec<T> = rows.iter().map(value).collect();
    <Series as NamedFrom<_, [T]>>::new(name.into(), values).into()
}

/// The date of a number of days since 1970-01-01.
pub fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)))
}

/// A data frame of columns of one height.
pub fn frame(columns: Vec<Column>) -> PolarsResult<DataFrame> {
    DataFrame::new_infer_height(columns)
}
