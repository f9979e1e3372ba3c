// Counts the words of its standard input and stores the totals in a file. Plain Rust; it knows nothing about enclaves.
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::{env, fs};

fn main() -> io::Result<()> {
    let path = env::args().nth(1).unwrap_or_else(|| "/data/words".to_string());
    let mut totals = BTreeMap::<String, u64>::new();
    if let Ok(kept) = fs::read_to_string(&path) {
        for line in kept.lines() {
            if let Some((word, count)) = line.rsplit_once(' ') {
                totals.insert(word.to_string(), count.parse().unwrap_or(0));
            }
        }
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *totals.entry(word.to_lowercase()).or_default() += 1;
    }
    let mut file = fs::File::create(&path)?;
    for (word, count) in &totals {
        writeln!(file, "{} {}", word, count)?;
        println!("{:>6}  {}", count, word);
    }
    file.sync_all()
}
