//! What is run when, under clocks and files that change while it runs.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use tempfile::TempDir;
use xueji::pipeline::clock::Moment;
use xueji::pipeline::schedule::attempts::{Attempts, Ended};
use xueji::pipeline::schedule::child::Ending;
use xueji::pipeline::schedule::job::Job;
use xueji::pipeline::schedule::keeper::{Hold, Keeper, Kept, Word, World};

use super::{at, pipelines, write_pipeline};
use crate::support::scratch;

/// What happens in the world at some time.
type Happening<'a> = (Moment, Box<dyn Fn(&Invented) + 'a>);

/// A world whose clock is ours: it goes on by jobs, and by waiting in whole steps.
struct Invented<'a> {
    clock: Cell<Moment>,
    end: Moment,
    step: TimeDelta,
    /// How long a job takes.
    takes: TimeDelta,
    /// With what the next jobs end; then with 0.
    codes: RefCell<Vec<Option<i32>>>,
    happenings: RefCell<Vec<Happening<'a>>>,
    ran: RefCell<Vec<(String, Moment)>>,
    said: RefCell<Vec<String>>,
}

impl<'a> Invented<'a> {
    fn new(start: &str, end: &str) -> Self {
        Self {
            clock: Cell::new(at(start)),
            end: at(end),
            step: TimeDelta::minutes(20),
            takes: TimeDelta::minutes(1),
            codes: RefCell::default(),
            happenings: RefCell::default(),
            ran: RefCell::default(),
            said: RefCell::default(),
        }
    }

    fn when(self, time: &str, happens: impl Fn(&Invented) + 'a) -> Self {
        self.happenings.borrow_mut().push((at(time), Box::new(happens)));
        self
    }

    fn pass(&self, time: TimeDelta) {
        self.clock.set(self.clock.get() + time);
        loop {
            let mut all = self.happenings.borrow_mut();
            let Some(place) = all.iter().position(|(time, _)| *time <= self.clock.get()) else { return };
            let (_, happens) = all.remove(place);
            drop(all);
            happens(self);
        }
    }

    /// Which pipelines ran, each with the time at which it began.
    fn ran(&self) -> Vec<String> {
        self.ran.borrow().iter().map(|(name, time)| format!("{name} {}", time.format("%m-%d %H:%M"))).collect()
    }

    fn said(&self, text: &str) -> usize {
        self.said.borrow().iter().filter(|said| said.contains(text)).count()
    }
}

impl World for Invented<'_> {
    fn now(&self) -> Moment {
        self.clock.get()
    }

    fn wait(&self, time: Duration) -> bool {
        if !time.is_zero() {
            assert!(time <= Duration::from_secs(30), "no longer than half a minute");
            // To the next whole step.
            let (now, step) = (self.clock.get(), self.step.num_milliseconds());
            let then = (now + TimeDelta::from_std(time).expect("a time")).timestamp_millis();
            self.pass(TimeDelta::milliseconds((then + step - 1).div_euclid(step) * step - now.timestamp_millis()));
        }
        self.clock.get() >= self.end
    }

    fn run(&self, job: &Job) -> io::Result<Ending> {
        self.ran.borrow_mut().push((job.name.clone(), self.clock.get()));
        self.pass(self.takes);
        let mut codes = self.codes.borrow_mut();
        let exit_code = if codes.is_empty() { Some(0) } else { codes.remove(0) };
        Ok(Ending { exit_code, why: "error: as it was told".into() })
    }

    fn tell(&self, word: Word, text: &str) {
        self.said.borrow_mut().push(format!("{word:?}: {text}"));
    }

    fn tell_ended(&self, job: &Job, ended: &Ended, again: Option<Moment>) {
        let again = again.map(|again| format!(" again {}", again.format("%H:%M"))).unwrap_or_default();
        self.said.borrow_mut().push(format!("{} {:?}{again}", job.name, ended.exit_code));
    }
}

/// A folder of pipelines, and its keeper.
struct House {
    folder: TempDir,
}

impl House {
    fn new(own: &[(&str, &str)]) -> Self {
        let folder = scratch();
        pipelines(folder.path());
        let house = Self { folder };
        own.iter().for_each(|(name, schedule)| house.write(name, schedule));
        house
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, schedule: &str) {
        write_pipeline(self.path(), name, schedule);
    }

    fn keeper(&self) -> Keeper {
        Keeper { pipelines: self.path().join("pipelines"), out: self.path().join("out"), only: None, once: false }
    }

    fn keep(&self, world: &Invented) {
        assert_eq!(self.keeper().keep(world), Kept::Stopped);
    }

    fn attempts(&self, name: &str) -> Attempts {
        Attempts::read(&self.path().join("out").join(name)).expect("attempts")
    }

    fn calendar(&self, year: &str) -> PathBuf {
        self.path().join(format!("pipelines/calendars/{year}.toml"))
    }
}

const SCHOOL_NIGHTS: &str = "cron = '0 2 * * *'\nonly = 'school-days'";

#[test]
fn each_due_time_is_run_once_and_nothing_from_before_it_was_seen() {
    let house = House::new(&[("watch", SCHOOL_NIGHTS)]);
    // Monday at noon to Monday at noon; Thursday to Sunday 2026-01-01 to 03 are holidays, 01-04 is taught.
    let world = Invented::new("2025-12-29 12:00", "2026-01-05 12:00");
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 12-30 02:00", "watch 12-31 02:00", "watch 01-04 02:00", "watch 01-05 02:00"]);
    assert_eq!(house.attempts("watch").last_ended().map(|ended| ended.due), Some(at("2026-01-05 02:00")));
}

#[test]
fn a_missed_week_is_caught_up_once() {
    let house = House::new(&[("watch", SCHOOL_NIGHTS)]);
    house.keep(&Invented::new("2025-10-13 12:00", "2025-10-14 12:00"));
    // Nobody is there from Tuesday noon to Tuesday morning of the week after.
    let world = Invented::new("2025-10-21 09:00", "2025-10-22 12:00");
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-21 09:00", "watch 10-22 02:00"]);
    assert_eq!(house.attempts("watch").last_ended().map(|ended| ended.due), Some(at("2025-10-22 02:00")));
}

#[test]
fn what_another_job_delays_follows_in_order_of_due_times() {
    let house = House::new(&[
        ("a", "cron = '30 2 * * *'"),
        ("b", "cron = '0 2 * * *'"),
        ("c", "cron = '0 2 * * *'"),
        ("d", "cron = '*/10 2 * * *'"),
    ]);
    let mut world = Invented::new("2025-10-13 01:00", "2025-10-13 12:00");
    // The first job takes until all others have been due; the one that is due every ten minutes is owed once.
    world.takes = TimeDelta::hours(2);
    house.keep(&world);
    assert_eq!(world.ran(), ["b 10-13 02:00", "c 10-13 04:00", "a 10-13 06:00", "d 10-13 08:00"]);
}

#[test]
fn nothing_is_run_twice_when_the_clock_is_set_back() {
    for back in [TimeDelta::hours(1), TimeDelta::days(3)] {
        let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
        let set_back = move |world: &Invented| world.clock.set(world.clock.get() - back);
        let world = Invented::new("2025-10-12 12:00", "2025-10-16 12:00").when("2025-10-15 02:30", set_back);
        house.keep(&world);
        let dues: Vec<String> = world.ran();
        assert_eq!(dues, ["watch 10-13 02:00", "watch 10-14 02:00", "watch 10-15 02:00", "watch 10-16 02:00"], "{back}");
        // A new start knows it, too.
        let again = Invented::new("2025-10-14 01:30", "2025-10-16 12:00");
        house.keep(&again);
        assert_eq!(again.ran(), Vec::<String>::new());
    }
}

#[test]
fn a_clock_that_ran_ahead_stops_nothing_for_years() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
    house.keep(&Invented::new("2030-01-01 12:00", "2030-01-03 12:00"));
    let world = Invented::new("2025-10-13 12:00", "2025-10-15 12:00");
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-14 02:00", "watch 10-15 02:00"]);
}

#[test]
fn a_calendar_that_is_changed_counts_from_then_on() {
    let house = House::new(&[("watch", SCHOOL_NIGHTS)]);
    let path = house.calendar("2025-2026");
    let close = move |_: &Invented| {
        let text = std::fs::read_to_string(&path).expect("a calendar");
        // A typhoon: schools close on Wednesday.
        std::fs::write(&path, text.replace("closures = []", "closures = [\"2025-10-15\"]")).expect("a calendar");
    };
    let world = Invented::new("2025-10-13 12:00", "2025-10-16 12:00").when("2025-10-14 20:00", close);
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-14 02:00", "watch 10-16 02:00"]);
}

#[test]
fn a_broken_file_runs_nothing_hinders_nobody_and_is_caught_up_once() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'"), ("other", "cron = '0 3 * * *'")]);
    let file = house.path().join("pipelines/watch.toml");
    let world = Invented::new("2025-10-12 12:00", "2025-10-16 12:00")
        .when("2025-10-13 12:00", |_| std::fs::write(&file, "[pipeline]\nname = ").expect("a file"))
        .when("2025-10-15 12:00", |_| house.write("watch", "cron = '0 2 * * *'"));
    house.keep(&world);
    let nights = ["watch 10-13 02:00", "other 10-13 03:00", "other 10-14 03:00", "other 10-15 03:00"];
    assert_eq!(world.ran()[..4], nights);
    assert_eq!(world.ran().len(), 7, "{:?}", world.ran());
    assert!(world.ran()[4].starts_with("watch 10-15 12:"), "{:?}", world.ran());
    assert_eq!(world.ran()[5..], ["watch 10-16 02:00", "other 10-16 03:00"]);
    assert_eq!(world.said("watch.toml is not a usable pipeline file"), 3, "once a day: {:?}", world.said.borrow());
}

#[test]
fn without_a_calendar_the_others_go_on_and_it_is_said_once_a_day() {
    let house = House::new(&[("watch", SCHOOL_NIGHTS), ("other", "cron = '0 3 * * *'")]);
    let world = Invented::new("2026-08-30 12:00", "2026-09-03 12:00").when("2026-09-02 12:00", |_| {
        let next =
            "school_year = \"2026-2027\"\nfirst_term = [\"2026-09-01\", \"2027-01-29\"]\nsecond_term = [\"2027-03-01\", \"2027-06-30\"]\n";
        std::fs::write(house.calendar("2026-2027"), next).expect("a calendar");
    });
    house.keep(&world);
    let ran = world.ran();
    assert_eq!(ran[..3], ["other 08-31 03:00", "other 09-01 03:00", "other 09-02 03:00"]);
    // Once the calendar is there it is known that the watch was due that morning, and the morning before.
    assert!(ran[3].starts_with("watch 09-02 12:"), "{ran:?}");
    assert_eq!(ran[4..], ["watch 09-03 02:00", "other 09-03 03:00"]);
    assert_eq!(world.said("there is no calendar of 2026-2027"), 4, "{:?}", world.said.borrow());
}

#[test]
fn a_held_output_is_tried_again_and_given_up_at_last() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
    let mut world = Invented::new("2025-10-13 01:50", "2025-10-13 12:00");
    world.step = TimeDelta::seconds(10);
    world.takes = TimeDelta::seconds(2);
    world.codes = RefCell::new(vec![Some(75); 2]);
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-13 02:00", "watch 10-13 02:05", "watch 10-13 02:10"]);
    let told = [world.said("watch Some(75) again 02:05"), world.said("watch Some(75) again 02:10"), world.said("again")];
    assert_eq!(told, [1, 1, 2], "{:?}", world.said.borrow());
    world.clock.set(at("2025-10-14 01:50"));
    world.end = at("2025-10-14 12:00");
    world.codes = RefCell::new(vec![Some(75); 100]);
    house.keep(&world);
    assert_eq!(world.ran().len(), 3 + 12);
    assert_eq!(world.said("again"), 2 + 11, "what is given up is not tried again");
    assert_eq!(house.attempts("watch").last_ended().and_then(|ended| ended.exit_code), Some(75));
}

#[test]
fn whatever_else_ends_a_job_settles_it() {
    for code in [Some(1), Some(2), Some(3), Some(101), None] {
        let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
        let world = Invented::new("2025-10-12 12:00", "2025-10-14 12:00");
        world.codes.borrow_mut().push(code);
        house.keep(&world);
        assert_eq!(world.ran(), ["watch 10-13 02:00", "watch 10-14 02:00"], "{code:?}");
    }
}

#[test]
fn a_changed_schedule_owes_nothing_from_before() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
    house.keep(&Invented::new("2025-10-12 12:00", "2025-10-13 12:00"));
    // Changed at noon to a time of that morning.
    house.write("watch", "cron = '0 8 * * *'");
    let world = Invented::new("2025-10-13 13:00", "2025-10-14 12:00");
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-14 08:00"]);
}

#[test]
fn once_runs_what_is_due_at_its_start_and_tells_the_worst() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'"), ("minutes", "cron = '* * * * *'")]);
    let once = Keeper { once: true, ..house.keeper() };
    // The timer that is due is what starts it the first time.
    let world = Invented::new("2025-10-13 02:00", "2035-01-01 00:00");
    world.codes.borrow_mut().extend([Some(0), Some(3)]);
    assert_eq!(once.keep(&world), Kept::Done(3));
    assert_eq!(world.ran(), ["minutes 10-13 02:00", "watch 10-13 02:01"]);
    let only = Keeper { only: Some("watch".into()), ..once };
    assert_eq!(only.keep(&world), Kept::Done(0), "nothing is due anew");
    std::fs::write(house.path().join("pipelines/broken.toml"), "[pipeline]\nname = 3").expect("a file");
    assert_eq!(only.keep(&world), Kept::Done(0), "another's file is no fault of this one");
    let unknown = Keeper { only: Some("wacht".into()), ..only };
    assert_eq!(unknown.keep(&world), Kept::Done(2));
    assert_eq!(world.ran().len(), 2);
    std::fs::create_dir(house.path().join("none")).expect("a folder");
    let nothing = Keeper { pipelines: house.path().join("none"), only: None, ..unknown };
    assert_eq!(nothing.keep(&world), Kept::Done(2));
    assert_eq!(world.said("Fault: no pipelines in"), 1);
}

#[test]
fn a_calendar_that_will_be_missing_is_a_warning_and_one_that_is_a_fault() {
    let house = House::new(&[("watch", SCHOOL_NIGHTS)]);
    let once = Keeper { once: true, ..house.keeper() };
    for (time, code) in [("2026-06-20 02:00", 0), ("2026-07-15 02:00", 0), ("2026-08-31 23:59", 0), ("2026-09-01 00:00", 2)] {
        let world = Invented::new(time, "2035-01-01 00:00");
        assert_eq!(once.keep(&world), Kept::Done(code), "{time}");
        let is_told = !time.starts_with("2026-06");
        assert_eq!(world.said("there is no calendar of 2026-2027"), usize::from(is_told), "{time}");
    }
}

#[test]
fn what_can_not_be_noted_is_not_run() {
    let house = House::new(&[("watch", "cron = '0 2 * * *'")]);
    house.keep(&Invented::new("2025-10-12 12:00", "2025-10-12 13:00"));
    let file = house.path().join("out/watch/attempts.ndjson");
    let kept = std::fs::read(&file).expect("what was tried");
    std::fs::remove_file(&file).expect("a file");
    std::fs::create_dir(&file).expect("a folder in its place");
    let world = Invented::new("2025-10-13 12:00", "2025-10-13 14:00");
    house.keep(&world);
    assert_eq!(world.ran(), Vec::<String>::new());
    assert_eq!(world.said("can't keep what was tried"), 1);
    std::fs::remove_dir(&file).expect("a folder");
    // A line that a power cut left half is passed over, and spoils none after it.
    std::fs::write(&file, [&kept[..], b"{\"event\":\"beg"].concat()).expect("a file");
    let world = Invented::new("2025-10-13 14:00", "2025-10-13 16:00");
    house.keep(&world);
    assert_eq!(world.ran(), ["watch 10-13 14:00"]);
    assert!(house.attempts("watch").last_ended().is_some());
}

#[test]
fn one_that_can_not_be_noted_does_not_hold_up_the_others() {
    let house = House::new(&[("a", "cron = '0 2 * * *'"), ("b", "cron = '0 3 * * *'")]);
    house.keep(&Invented::new("2025-10-12 12:00", "2025-10-12 13:00"));
    let file = house.path().join("out/a/attempts.ndjson");
    let seen = std::fs::read(&file).expect("what was seen");
    std::fs::remove_file(&file).expect("a file");
    std::fs::create_dir(&file).expect("a folder in its place");
    let world = Invented::new("2025-10-12 13:00", "2025-10-14 12:00").when("2025-10-13 12:00", |_| {
        std::fs::remove_dir(&file).expect("a folder");
        std::fs::write(&file, &seen).expect("a file");
    });
    house.keep(&world);
    assert_eq!(world.ran(), ["b 10-13 03:00", "a 10-13 12:00", "a 10-14 02:00", "b 10-14 03:00"]);
}

#[test]
fn what_is_noted_stays_small_and_keeps_what_counts() {
    let house = House::new(&[("minutes", "cron = '* * * * *'")]);
    let mut world = Invented::new("2025-10-13 12:00", "2025-10-13 12:01");
    house.keep(&world);
    let folder = house.path().join("out/minutes");
    let line = std::fs::read_to_string(folder.join("attempts.ndjson")).expect("a file");
    std::fs::write(folder.join("attempts.ndjson"), line.repeat(20_000)).expect("a file");
    world.clock.set(at("2025-10-13 12:05"));
    world.end = at("2025-10-13 12:06");
    house.keep(&world);
    assert!(std::fs::metadata(folder.join("attempts.ndjson")).expect("a file").len() < 300_000);
    world.clock.set(at("2025-10-13 12:05"));
    let before = world.ran().len();
    world.end = at("2025-10-13 12:05");
    house.keep(&world);
    assert_eq!(world.ran().len(), before, "what was run is still known");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode(&folder.join("attempts.ndjson")), mode(&folder)), (0o600, 0o700));
    }
}

#[test]
fn one_output_has_one_keeper_or_one_a_pipeline() {
    let scratch = scratch();
    let take = |only: Option<&str>| Hold::take(scratch.path(), only).expect("a folder");
    let whole = take(None).expect("the first");
    assert!(take(None).is_none() && take(Some("a")).is_none());
    drop(whole);
    let a = take(Some("a")).expect("one pipeline");
    let b = take(Some("b")).expect("another");
    assert!(take(Some("a")).is_none() && take(None).is_none());
    drop((a, b));
    assert!(take(None).is_some());
}
