//! How well and how fast people are matched by score: precision and recall on the labelled set of the tests, by damage.
//!
//! `cargo bench --bench matching -- --students 200000 --seed 1 [--json]`

#[path = "../tests/xueji/labelled.rs"]
mod labelled;

use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, usual: u64| {
        let place = arguments.iter().position(|own| own == name);
        place.and_then(|place| arguments.get(place + 1)?.parse().ok()).unwrap_or(usual)
    };
    let (students, seed) = (number("--students", 200_000) as usize, number("--seed", 1));
    let started = Instant::now();
    let figures = labelled::measure(students, seed);
    let seconds = started.elapsed().as_secs_f64();
    if arguments.iter().any(|own| own == "--json") {
        let all = figures.get("合计").copied().unwrap_or_default();
        println!(
            "{{\"students\": {students}, \"rows\": {}, \"sure\": {}, \"precision\": {:.6}, \"recall\": {:.6}, \"seconds\": {seconds:.3}}}",
            all.rows,
            all.right + all.wrong,
            all.precision(),
            all.recall()
        );
        return;
    }
    println!("{students} registrations, seed {seed}: {seconds:.2} s, inventing them included");
    println!("{:>9} {:>9} {:>7} {:>9} {:>11} {:>9}  damage", "rows", "sure", "wrong", "review", "precision", "recall");
    for (damage, own) in figures {
        let sure = own.right + own.wrong;
        println!(
            "{:>9} {sure:>9} {:>7} {:>9} {:>10.4}% {:>8.3}%  {damage}",
            own.rows,
            own.wrong,
            own.review,
            own.precision() * 100.0,
            own.recall() * 100.0
        );
    }
}
