// An analysis for a clean room: counts persons, buyers and their revenue by the number of contacts, from which the best number follows.
// It is run once for each person, in a fresh instance (docs/how-to/bring-your-analysis.md).
//
// Standard input, 8 bytes each, little-endian; an empty cell is the least number:
//   contacts | whether the person bought (1) | revenue in cents
// Standard output, 8 bytes each: for 0, 1, ... 9, and 10 or more contacts
//   persons | buyers | cents
use std::io::{self, Read, Write};

const INPUTS: usize = 3;
const CLASSES: usize = 11;

fn main() -> io::Result<()> {
    let mut bytes = [0u8; 8 * INPUTS];
    io::stdin().lock().read_exact(&mut bytes)?;
    let mut cells = [0i64; INPUTS];
    for (cell, eight) in cells.iter_mut().zip(bytes.chunks_exact(8)) {
        // An empty cell counts as 0.
        *cell = i64::from_le_bytes(eight.try_into().unwrap()).max(0);
    }
    let class = (cells[0] as usize).min(CLASSES - 1);
    let mut out = [0u8; 8 * 3 * CLASSES];
    // Every person takes the same steps, and touches every figure.
    for i in 0..CLASSES {
        let is_class = (i == class) as i64;
        for (block, part) in [1, cells[1].min(1), cells[2]].iter().enumerate() {
            let place = 8 * (block * CLASSES + i);
            out[place..place + 8].copy_from_slice(&(part * is_class).to_le_bytes());
        }
    }
    io::stdout().lock().write_all(&out)?;
    io::stdout().flush()
}
