"""The law's numbers, word lists, subjects and dates for the peers, read from the files that xueji itself runs by.

The peers write the rules out once each, in the way of their own tool; what they must not do is retype a number. So everything the
regulation or the school calendar fixes comes from `pipelines/`, and a switch of the policy that the peers' queries do not follow is
refused here instead of being ignored there.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

PIPELINES = Path(__file__).resolve().parents[3] / "pipelines"


@dataclass(frozen=True)
class Policy:
    """What the year's end of one school year is judged by."""

    as_of: date
    school_year: str
    first_year: int
    window_last_day: date
    # The last day of each school year with the year's name, the latest first: dates a change of status that names no school year.
    school_year_ends: tuple[tuple[date, str], ...]
    # School years before this one, the latest first.
    earlier_school_years: tuple[str, ...]

    passing_words: tuple[str, ...]
    failing_words: tuple[str, ...]
    passing_mark: float
    moral_passing_words: tuple[str, ...]
    aliases: dict[str, str]
    junior_aliases: dict[str, str]

    annual_subjects: dict[int, tuple[str, ...]]
    senior_core: tuple[str, ...]
    exam_replaces_makeup: tuple[str, ...]
    senior_exam: tuple[str, ...]
    failed_sittings_before_school_makeup: dict[str, int]
    athlete_required: tuple[str, ...]
    international_city: tuple[str, ...]
    junior_exam: tuple[str, ...]
    junior_core: tuple[str, ...]
    physical_education: str

    senior_retain_at_failing: int
    senior_max_other_failing: int
    senior_retentions_running: int
    senior_retentions_total: int
    compulsory_max_repeats: int
    incomplete_after_school_years: int
    incomplete_from_grade: int
    exemption_certificate_months: int
    junior_max_other_failing: int
    athlete_min_subjects: int
    social_practice_weeks: int
    research_reports: int

    def subject_names(self, junior: bool) -> dict[str, str]:
        """What a subject's name in the files means: the canonical name for each other name."""
        return {**self.aliases, **self.junior_aliases} if junior else self.aliases


def school_year_name(first_year: int) -> str:
    """The name of a school year, as the files write it."""
    return f"{first_year}-{first_year + 1}"


def last_working_day(calendar: dict, day: date) -> date:
    """The last working day that is not after a day."""
    off, worked = set(calendar["off"]), set(calendar["worked"])
    while day.isoformat() not in worked and (day.weekday() >= 5 or day.isoformat() in off):
        day -= timedelta(days=1)
    return day


def year_ends(calendars: list[dict], as_of: date) -> tuple[tuple[date, str], ...]:
    """When school years ended: as their calendars say, and on 30 June where there is none."""
    stated = {calendar["school_year"]: date.fromisoformat(calendar["second_term"][1]) for calendar in calendars}
    ends = []
    for first_year in range(as_of.year - 1, as_of.year - 20, -1):
        name = school_year_name(first_year)
        ends.append((stated.get(name, date(first_year + 1, 6, 30)), name))
    return tuple(ends)


def read(pipeline: str = "term-end") -> Policy:
    """Reads the pipeline, its policy and its calendars."""
    settings = tomllib.loads((PIPELINES / f"{pipeline}.toml").read_text("utf-8"))["pipeline"]
    law = tomllib.loads((PIPELINES / settings["policy"]).read_text("utf-8"))
    calendar_file = PIPELINES / settings["calendar"]
    calendars = [tomllib.loads(file.read_text("utf-8")) for file in calendar_file.parent.glob("*.toml")]
    calendar = tomllib.loads(calendar_file.read_text("utf-8"))
    numbers, marks, subjects, readings = law["numbers"], law["marks"], law["subjects"], law["readings"]

    follows = {"early_application": "honoured", "junior_other_failing": "by_kind", "school_year_end": "second_term"}
    if any(readings[name] != value for name, value in follows.items()):
        raise SystemExit(f"the peers are written for these readings of the policy: {follows}")

    as_of = date.fromisoformat(settings["as_of"])
    first_year = int(settings["school_year"][:4])
    ends = year_ends(calendars, as_of)
    # All juniors of one run entered under one list as long as the policy has one; the queries count on it.
    if len(subjects["junior_exam"]) != 1:
        raise SystemExit("the peers are written for a single list of junior exam subjects")

    by_school, by_city = subjects["senior_exam_school_makeup"], subjects["senior_exam_city_makeup"]
    needed = numbers["school_makeup_after"]
    retentions = numbers["senior_max_retentions"]
    return Policy(
        as_of=as_of,
        school_year=settings["school_year"],
        first_year=first_year,
        window_last_day=last_working_day(calendar, date.fromisoformat(calendar["second_term"][1])),
        school_year_ends=ends,
        earlier_school_years=tuple(name for _, name in ends if name < settings["school_year"]),
        passing_words=tuple(marks["pass"]),
        failing_words=tuple(marks["fail"]),
        passing_mark=marks["mark_out_of_100"],
        moral_passing_words=tuple(marks["moral_passed"]),
        aliases=subjects["aliases"],
        junior_aliases=subjects["aliases_junior"],
        annual_subjects={entry["grade"]: tuple(entry["subjects"]) for entry in subjects["annual"]},
        senior_core=tuple(subjects["senior_core"]),
        exam_replaces_makeup=tuple(subjects["exam_replaces_makeup"]),
        senior_exam=tuple(by_school + by_city),
        failed_sittings_before_school_makeup={
            **{subject: needed["school_makeup"] for subject in by_school},
            **{subject: needed["city_makeup"] for subject in by_city},
        },
        athlete_required=tuple(subjects["athlete_required"]),
        international_city=tuple(subjects["international_city"]),
        junior_exam=tuple(subjects["junior_exam"][0]["subjects"]),
        junior_core=tuple(subjects["junior_core"]),
        physical_education=subjects["physical_education"],
        senior_retain_at_failing=numbers["senior_retain_at_failing"],
        senior_max_other_failing=numbers["senior_max_other_failing"],
        senior_retentions_running=retentions["same_grade_running"],
        senior_retentions_total=retentions["total"],
        compulsory_max_repeats=numbers["compulsory_max_repeats"],
        incomplete_after_school_years=numbers["incomplete_after_school_years"],
        incomplete_from_grade=numbers["incomplete_from_grade"],
        exemption_certificate_months=numbers["medical_certificate_months"]["exemption"],
        junior_max_other_failing=numbers["junior_max_other_failing"],
        athlete_min_subjects=numbers["athlete_min_subjects"],
        social_practice_weeks=numbers["social_practice_weeks"],
        research_reports=numbers["research_reports"],
    )


@dataclass(frozen=True)
class Watch:
    """What truancy is judged by on the last day of the watch's data."""

    as_of: date
    # The school days of the first term up to that day, in order.
    days: tuple[date, ...]
    running_months: int
    # From so many school days on, the term's total is more than the law allows.
    total_days: int
    senior_contacts: int


def read_watch(as_of: date) -> Watch:
    """The numbers of A34.3 and A37.3 and the first term's school days."""
    numbers = tomllib.loads((PIPELINES / "policies" / "shanghai-2018.toml").read_text("utf-8"))["numbers"]
    calendar = tomllib.loads((PIPELINES / "calendars" / "2025-2026.toml").read_text("utf-8"))
    off, worked = (set(map(date.fromisoformat, calendar[name])) for name in ("off", "worked"))
    first = date.fromisoformat(calendar["first_term"][0])
    span = (first + timedelta(number) for number in range((as_of - first).days + 1))
    return Watch(
        as_of=as_of,
        days=tuple(day for day in span if day in worked or day.weekday() < 5 and day not in off),
        running_months=numbers["truancy_running_months"],
        total_days=numbers["truancy_cumulative_months"] * numbers["cumulative_month_days"] + 1,
        senior_contacts=numbers["senior_truancy_min_contacts"],
    )


@dataclass(frozen=True)
class Audit:
    """What the audit's peers need of the policy and the calendar."""

    entry_years: int
    entry_month: int
    entry_day: int
    term_begun: date
    archive_parts: tuple[str, ...]


def read_audit(as_of: date) -> Audit:
    """The numbers of A5, A43.1 and A45.3 in the second term."""
    policy = tomllib.loads((PIPELINES / "policies" / "shanghai-2018.toml").read_text("utf-8"))
    calendar = tomllib.loads((PIPELINES / "calendars" / "2025-2026.toml").read_text("utf-8"))
    term_begun = date.fromisoformat(calendar["second_term"][0])
    if policy["readings"]["record_check"] != "term" or as_of < term_begun + timedelta(31):
        raise SystemExit("the peers of the audit check records by the second term")
    month, day = policy["numbers"]["entry_age"]["on"].split("-")
    return Audit(policy["numbers"]["entry_age"]["years"], int(month), int(day), term_begun, tuple(policy["archives"]["parts"]))
