//! Measures of decisions and probabilities against labels. Each takes a weight an example, how often it stands in a
//! resample; 1 throughout gives the plain measure.

pub mod bootstrap;
pub mod calibration;
pub mod classification;
pub mod confusion;
pub mod cutoff;
pub mod ranking;
#[cfg(test)]
mod reference;
