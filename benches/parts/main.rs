//! Times the parts of a request, each by itself: `make bench-parts`, or some of them with
//! `make bench-parts ARGS="-- tenancy"`.

mod answers;
mod documents;
mod fixture;
mod library;
mod statements;
mod tenancy;

use criterion::Criterion;

fn main() -> anyhow::Result<()> {
    let fixture = fixture::Fixture::new()?;
    let mut criterion = Criterion::default().configure_from_args();
    tenancy::bench(&mut criterion, &fixture)?;
    documents::bench(&mut criterion)?;
    library::bench(&mut criterion, &fixture)?;
    statements::bench(&mut criterion, &fixture)?;
    answers::bench(&mut criterion, &fixture)?;
    criterion.final_summary();
    Ok(())
}
