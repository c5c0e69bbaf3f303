//! What time is it in Shanghai, where the schools are? It keeps one time all year.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, TimeZone, Utc};

/// A time in Asia/Shanghai.
pub type Moment = DateTime<FixedOffset>;

/// A time of UTC as clocks in Shanghai show it: eight hours before Greenwich.
pub fn in_shanghai(time: DateTime<Utc>) -> Moment {
    // Eight hours are an offset.
    let offset = FixedOffset::east_opt(8 * 60 * 60).unwrap_or_else(|| chrono::Offset::fix(&Utc));
    time.with_timezone(&offset)
}

/// The time that clocks in Shanghai show.
pub fn shanghai(time: NaiveDateTime) -> Moment {
    let moment = in_shanghai(Utc.from_utc_datetime(&time));
    moment - TimeDelta::seconds(i64::from(moment.offset().local_minus_utc()))
}

/// Now.
pub fn now() -> Moment {
    in_shanghai(Utc::now())
}
