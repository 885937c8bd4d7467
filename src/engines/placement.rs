//! Where an engine computes, and in which numbers.

use serde::Serialize;

use crate::error::{Error, Result};

/// Where an engine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    #[default]
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}

/// In which numbers an engine multiplies. Sums over tokens, heads and probabilities are f32 whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    #[default]
    F32,
    Bf16,
    F16,
    /// Products of activations with int8 weights in whole numbers.
    Int8,
}

/// Both together: `cpu`, `f32` unless chosen otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Placement {
    pub device: Device,
    pub precision: Precision,
}

impl Device {
    /// `cpu`, `cuda` (the first one) or `cuda:N`.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_name(name: &str) -> Result<Self> {
        let number = name
            .strip_prefix("cuda")
            .map(|rest| rest.strip_prefix(':').unwrap_or(if rest.is_empty() { "0" } else { "-" }));
        match (name, number.map(str::parse)) {
            ("cpu", _) => Ok(Self::Cpu),
            (_, Some(Ok(number))) => Ok(Self::Cuda(number)),
            _ => Err(Error::Config(format!(
                "--device: unknown device \"{name}\"; known: cpu, cuda:0 (or another number)"
            ))),
        }
    }
}

impl Precision {
    pub const NAMES: &'static [&'static str] = &["f32", "bf16", "f16", "int8"];

    /// # Errors
    /// None of [`Precision::NAMES`].
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "f16" => Ok(Self::F16),
            "int8" => Ok(Self::Int8),
            _ => Err(Error::Config(format!(
                "--precision: unknown precision \"{name}\"; known: {}",
                Self::NAMES.join(", ")
            ))),
        }
    }

    /// Whether this CPU multiplies such numbers itself. Where it does not, they are slower than f32, not faster.
    fn is_native(self) -> bool {
        match self {
            // Whole numbers every CPU can multiply, if not equally fast.
            Self::F32 | Self::Int8 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Bf16 => is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Self::F16 => is_x86_feature_detected!("avx512fp16"),
            #[cfg(target_arch = "aarch64")]
            Self::Bf16 => std::arch::is_aarch64_feature_detected!("bf16"),
            #[cfg(target_arch = "aarch64")]
            Self::F16 => std::arch::is_aarch64_feature_detected!("fp16"),
            #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
            Self::Bf16 | Self::F16 => false,
        }
    }
}

impl Placement {
    /// This, or f32 and a word about it where the CPU has no units for the numbers asked for.
    pub fn within_means(self) -> (Self, Option<String>) {
        self.given(self.precision.is_native())
    }

    fn given(self, is_native: bool) -> (Self, Option<String>) {
        if is_native || self.device != Device::Cpu {
            return (self, None);
        }
        let word =
            format!("this CPU has no units for {}, which would be slower than f32: computing in f32", self.precision);
        (Self { precision: Precision::F32, ..self }, Some(word))
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

impl Serialize for Device {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Precision {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_go_by_their_names() {
        assert_eq!(Device::from_name("cpu").unwrap(), Device::Cpu);
        assert_eq!(Device::from_name("cuda").unwrap(), Device::Cuda(0));
        assert_eq!(Device::from_name("cuda:3").unwrap().to_string(), "cuda:3");
        for wrong in ["gpu", "cuda3", "cuda:", "cuda:x", "cuda:-1"] {
            assert!(Device::from_name(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_cpu_without_the_units_computes_in_f32_and_says_so() {
        let asked = Placement { device: Device::Cpu, precision: Precision::Bf16 };
        assert_eq!(asked.given(true), (asked, None));
        let (got, word) = asked.given(false);
        assert_eq!(got.precision, Precision::F32);
        assert!(word.unwrap().contains("bf16"));
        let gpu = Placement { device: Device::Cuda(0), precision: Precision::F16 };
        assert_eq!(gpu.given(false), (gpu, None));
    }
}
