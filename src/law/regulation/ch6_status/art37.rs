//! Article 37: automatic withdrawal of who has been away for years, was retained too often, stays away (judged with article 34), or was
//! expelled.

use chrono::NaiveDate;

use super::{absence, art30};
use crate::facts::attendance::Watched;
use crate::facts::calendar::{day_before, has_age, years_after};
use crate::facts::codes::{ChangeKind, MeasureKind, Read, Status};
use crate::facts::grades::Stage;
use crate::facts::student::Change;
use crate::regulation::ch5_completion::{withdrawal_certificate, withdrawal_certificates};
use crate::regulation::rule::{Amount, Hearing, Law, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, Fact};

/// A37.1
pub static LONG_AWAY: Rule = Rule {
    clause: "A37.1",
    title: "多年不在校",
    asks: "义务教育学生因学籍中断、休学期满等连续规定年数以上未在校就读，且已超过规定年龄的，按自动退学处理。",
    reading: "从最近一次中断生效，或最后一次休学期满的次日算起，其间没有复学、续接、转入；判定日期以前已过规定年龄的生日。",
    parameters: &["numbers.withdraw_after_years", "numbers.adult_age"],
    findings: &[],
    reads: &["status_changes"],
};
/// A37.3
pub static TRUANCY: Rule = Rule {
    clause: "A37.3",
    title: "高中旷课超过期限",
    asks: "高中学生连续旷课或累计旷课超过规定月数，学校与家长多次联系无效的，按自动退学处理。",
    reading: "期限和是否返校与 A34.3 相同；多次联系是规定次数以上、日期不同的督促，每次督促后都还有缺课。",
    parameters: &[
        "numbers.truancy_running_months",
        "numbers.truancy_cumulative_months",
        "numbers.cumulative_month_days",
        "numbers.senior_truancy_min_contacts",
    ],
    findings: &["F3401", "F3403", "F3404"],
    reads: &["attendance", "urgings", "status_changes"],
};
/// A37.4
pub static ABSENCE: Rule = Rule {
    clause: "A37.4",
    title: "高中停课满三个月",
    asks: "高中学生一学期连续停课或累计停课达规定月数而没有休学，经督促仍不休学也不到校的，按自动退学处理。",
    reading: "与 A34.2 相同。",
    parameters: &["numbers.absence_months", "numbers.cumulative_month_days"],
    findings: &["F3401", "F3403", "F3404"],
    reads: &["attendance", "urgings", "status_changes"],
};

/// A37.2
pub static RETAINED: Rule = Rule {
    clause: "A37.2",
    title: "留级达上限后自动退学",
    asks: "同一年级连续留级达上限后仍不能升级，或高中阶段留级累计达上限后仍不能升级，按自动退学处理。",
    reading: "看此前最近几个学年末的决定；整学年休学的学年没有决定，跳过。同一年级两次而不连续的，仍留级并提示（F2206）。",
    parameters: &["numbers.senior_max_retentions"],
    findings: &["F2206"],
    reads: &["status_changes"],
};
/// A37.5
pub static EXPELLED: Rule = Rule {
    clause: "A37.5",
    title: "开除学籍",
    asks: "高中学生受开除学籍处分的，按自动退学处理。",
    reading: "处分须经会议通过、报区，且没有撤销。",
    parameters: &[],
    findings: &[],
    reads: &["discipline"],
};

static IN_FORCE: Sentence = Sentence { code: "A37.5.in_force", text: "开除学籍处分生效（会议通过、报区、未撤销）" };

/// A37.5: withdraws a senior student who was expelled. `year_met` says where A20.3 is met, for grades in which that matters.
pub fn judge_expelled(hearing: &mut Hearing<'_>, year_met: Condition) {
    if hearing.stage != Stage::Senior {
        return;
    }
    let expelled = hearing.measure_in_force(MeasureKind::Expulsion);
    if expelled.fails() {
        return;
    }
    hearing.step("A37.5", &IN_FORCE, expelled, Amount::None, Amount::None);
    let verdict =
        |certificate| Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate: Some(certificate), clause: "A37.5" };
    let finished = hearing.completions.and(expelled, year_met);
    let certificate = withdrawal_certificate(hearing, true);
    hearing.decide(finished, verdict(certificate));
    let certificate = withdrawal_certificate(hearing, false);
    hearing.decide(expelled, verdict(certificate));
}

/// A37.5 in term.
pub fn judge_expelled_in_term(hearing: &mut Hearing<'_>) {
    if hearing.stage != Stage::Senior || hearing.student.measures.is_empty() && hearing.student.unclear.measures.is_empty() {
        return;
    }
    let expelled = hearing.measure_in_force(MeasureKind::Expulsion);
    if expelled.fails() {
        return;
    }
    hearing.step("A37.5", &IN_FORCE, expelled, Amount::None, Amount::None);
    for (condition, certificate) in withdrawal_certificates(hearing) {
        let condition = hearing.completions.and(expelled, condition);
        let certificate = Some(certificate);
        hearing.decide(condition, Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate, clause: "A37.5" });
    }
}

static YEARS: Sentence =
    Sentence { code: "A37.1.years", text: "中断或休学期满以来，连续不在校达到规定年数；起算日" };
static AGE: Sentence = Sentence { code: "A37.1.age", text: "判定日期以前已过规定年龄的生日；出生日期" };

/// The day from which the student has been away: that of the latest interruption, or the one after the last suspension's end, with no
/// return since.
fn away_since(law: &Law, changes: &[Change], status: Status) -> Option<NaiveDate> {
    let since = match status {
        Status::Interrupted => {
            let interruptions = changes.iter().filter(|change| change.kind == ChangeKind::Interruption);
            interruptions.filter_map(|change| change.effective.value()).max()?
        }
        _ => {
            let latest = art30::latest(law, changes).filter(|latest| !latest.is_returned)?;
            latest.until?.succ_opt().filter(|day| *day <= law.as_of)?
        }
    };
    let is_return = |change: &Change| matches!(change.kind, ChangeKind::Return | ChangeKind::Continuation | ChangeKind::TransferIn);
    let returned = |change: &Change| is_return(change) && change.effective.value().is_some_and(|day| day >= since);
    (!changes.iter().any(returned)).then_some(since)
}

/// A37.1: withdraws who has not been at school for years and is of age.
pub fn judge_long_away(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    let (true, Read::Value(status)) = (hearing.stage.is_compulsory(), watched.student.status) else { return };
    let law = hearing.law;
    let numbers = &law.policy.numbers;
    let (years, age) = (numbers.withdraw_after_years, numbers.adult_age);
    let is_long = |since: NaiveDate| law.as_of >= years_after(since, years);
    let long = absence::in_every_reading(hearing, |law, changes| away_since(law, changes, status).is_some_and(is_long));
    if long.fails() {
        return;
    }
    let adult = match hearing.student.birth {
        Some(birth) => Condition::known(has_age(birth, age, day_before(law.as_of))),
        None => hearing.completions.unknown(Fact::BirthDate),
    };
    hearing.read_changes(|kind| art30::KINDS.contains(&kind));
    let since = away_since(law, hearing.student.changes, status).map_or(Amount::None, Amount::Date);
    hearing.step("A37.1", &YEARS, long, since, Amount::Number(years as i32));
    let birth = hearing.student.birth.map_or(Amount::None, Amount::Date);
    hearing.step("A37.1", &AGE, adult, birth, Amount::Number(age as i32));
    let withdrawn = hearing.completions.and(long, adult);
    for (condition, certificate) in withdrawal_certificates(hearing) {
        let condition = hearing.completions.and(withdrawn, condition);
        let certificate = Some(certificate);
        hearing.decide(condition, Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate, clause: "A37.1" });
    }
}
