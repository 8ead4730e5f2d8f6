//! safetensors, one file or several: the numbers of a network by their names.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use super::{Folder, MountError, read};

const WHOLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Files of Python objects, which run code when they are read: never opened.
const PICKLES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// All files of the weights as they lie, and which tensor is in which.
pub(super) struct Weights {
    files: Vec<(String, Vec<u8>)>,
    /// Number of the file; where there is one file, nothing.
    places: BTreeMap<String, usize>,
}

/// A large network's list of files.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    pub(super) fn read(folder: &dyn Folder, hash: &mut Xxh3) -> Result<Self, MountError> {
        if folder.has(WHOLE) {
            let bytes = read(folder, WHOLE, hash)?;
            return Ok(Self { files: vec![(WHOLE.to_owned(), bytes)], places: BTreeMap::new() });
        }
        if !folder.has(INDEX) {
            let pickle = PICKLES.into_iter().find(|name| folder.has(name));
            return Err(MountError::new(
                WHOLE,
                match pickle {
                    Some(pickle) => format!(
                        "is missing, and {pickle} is not opened, for such a file can run code: convert it to \
                         safetensors, by save_pretrained of a recent transformers"
                    ),
                    None => format!("is missing, and so is {INDEX}: where are the weights?"),
                },
            ));
        }
        let index: Index = serde_json::from_slice(&read(folder, INDEX, hash)?)
            .map_err(|error| MountError::new(INDEX, format!("is no list of weights: {error}")))?;
        let mut names: Vec<&String> = index.weight_map.values().collect();
        names.sort_unstable();
        names.dedup();
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            // A file of this directory, and none that a path leads to.
            if name.contains(['/', '\\']) || !name.ends_with(".safetensors") {
                return Err(MountError::new(INDEX, format!("names {name:?}, which is no safetensors file beside it")));
            }
            files.push((name.clone(), read(folder, name, hash)?));
        }
        let place = |file: &String| files.iter().position(|(name, _)| name == file).unwrap_or_default();
        let places = index.weight_map.iter().map(|(tensor, file)| (tensor.clone(), place(file))).collect();
        Ok(Self { files, places })
    }

    /// The files with their headers read.
    pub(super) fn open(&self) -> Result<Tensors<'_>, MountError> {
        let mut files = Vec::with_capacity(self.files.len());
        for (name, bytes) in &self.files {
            files.push((name.as_str(), SafeTensors::deserialize(bytes).map_err(|error| damaged(name, bytes, &error))?));
        }
        Ok(Tensors { files, places: &self.places })
    }
}

fn damaged(name: &str, bytes: &[u8], error: &safetensors::SafeTensorError) -> MountError {
    let message = format!("is damaged or cut short at {} bytes ({error:?}): copy it again", bytes.len());
    MountError::new(name, message)
}

pub(super) struct Tensors<'a> {
    files: Vec<(&'a str, SafeTensors<'a>)>,
    places: &'a BTreeMap<String, usize>,
}

impl Tensors<'_> {
    /// The numbers of one tensor, which must have that shape.
    pub(super) fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, MountError> {
        let place = self.places.get(name).copied().unwrap_or_default();
        let Some((file, tensors)) = self.files.get(place) else {
            return Err(MountError::new(INDEX, "names no file".to_owned()));
        };
        // Files of the first years call the two numbers of a norm otherwise.
        let old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        let Ok(tensor) = tensors.tensor(name).or_else(|_| tensors.tensor(&old)) else {
            let hint = if name.starts_with("classifier.") {
                "the network has no head for labels of words: take one that was fine-tuned for token classification"
            } else {
                "it is not the network that config.json tells of"
            };
            return Err(MountError::new(file, format!("has no tensor {name}: {hint}")));
        };
        if tensor.shape() != shape {
            let message = format!("tensor {name} is {:?}, by config.json it must be {shape:?}", tensor.shape());
            return Err(MountError::new(file, message));
        }
        let numbers = numbers(tensor.dtype(), tensor.data()).ok_or_else(|| {
            let message = format!("tensor {name} is of {:?}: save it as f32, f16 or bf16", tensor.dtype());
            MountError::new(file, message)
        })?;
        if numbers.iter().any(|number| !number.is_finite()) {
            let message = format!("tensor {name} has numbers without a value (NaN or infinite): the network is broken");
            return Err(MountError::new(file, message));
        }
        Ok(numbers)
    }
}

fn numbers(kind: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match kind {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect(),
        Dtype::F16 => bytes.as_chunks().0.iter().map(|number| half(u16::from_le_bytes(*number))).collect(),
        // The upper half of an f32.
        Dtype::BF16 => {
            let whole = |number: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*number)) << 16);
            bytes.as_chunks().0.iter().map(whole).collect()
        }
        _ => return None,
    })
}

/// A number of 16 bits: one for the sign, five for the exponent, ten for the rest.
fn half(bits: u16) -> f32 {
    let (sign, exponent, rest) = (bits >> 15, (bits >> 10) & 0x1f, bits & 0x3ff);
    let size = match exponent {
        // Without a leading 1: multiples of 2 to the power of -24.
        0 => f32::from(rest) / 16_777_216.0,
        0x1f if rest == 0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => f32::from_bits((u32::from(exponent) + 112) << 23 | u32::from(rest) << 13),
    };
    if sign == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_16_bits_are_read() {
        let told = [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0400, 6.103_515_6e-5), (0x3555, 0.333_251_95)];
        for (bits, number) in told {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert_eq!(half(1), 5.960_464_5e-8);
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
        assert_eq!(numbers(Dtype::BF16, &[0x80, 0x3f, 0x00, 0xc0]), Some(vec![1.0, -2.0]));
        assert_eq!(numbers(Dtype::I64, &[0; 8]), None);
    }
}
