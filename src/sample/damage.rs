//! What is wrong on purpose: the kinds of damage, the grades in which each may stand, and how often.
//!
//! A student has at most one kind, and is plain in everything else, so that what the damage has to raise can be said beforehand.

use super::chance::Chance;

/// One kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// I0201: 学年总评 is empty.
    EmptyResult,
    /// I0201, I0303: 学籍状态 is empty.
    EmptyStatus,
    /// I0202: 信息核对日期 is no date.
    NoDate,
    /// I0203: 就读方式 is a word of no list.
    UnknownWord,
    /// I0204: 证件号码 as a spreadsheet shows long numbers.
    SpoiledNumber,
    /// I0205: a result's 全国学籍号 has a wrong check digit.
    WrongId,
    /// I0206: 证件号码 has a wrong check digit.
    WrongDocument,
    /// I0207: 性别 is not that of the ID number.
    WrongSex,
    /// I0207: 出生日期 is not that of the ID number.
    WrongBirth,
    /// I0208: 证件号码 in full-width digits.
    FullWidth,
    /// I0208: 学籍状态 in other words.
    OtherWord,
    /// I0209: 上海市学籍号 lacks a digit.
    ShortNumber,
    /// I0301: a result twice.
    RepeatedRow,
    /// I0302: a result twice, and not the same.
    Contradiction,
    /// I0303: the year's 语文 is missing.
    MissingResult,
    /// I0303: the exam in 语文 is missing.
    MissingExam,
    /// I0303: the evaluation is missing.
    MissingEvaluation,
    /// R0101: registered in the district's next school too.
    TwoSchools,
    /// R0103: registered in the district's next school too, under another id.
    TwoIds,
    /// R0103: the registration under the other id; no kind of its own, but what [`Damage::TwoIds`] leads to.
    SecondId,
    /// R0201: on no roll.
    OffTheRoll,
    /// R0202: beside them on the roll, somebody who is in no roster.
    OnRollOnly,
    /// R0203: on the roll of the district's next school.
    OnOtherRoll,
    /// R0204: another name on the roll.
    RollOtherName,
    /// R0204: another birthday on the roll.
    RollOtherBirth,
    /// R0204: another class on the roll.
    RollOtherClass,
    /// R0301: an exam row of somebody who is in no roster.
    Stranger,
    /// R0302: another name in an exam row.
    OtherName,
    /// R0304, I0303: no exam row at all.
    NoExams,
    /// R0305: a result of somebody who is in no roster.
    UnknownPupil,
    /// F2001: a subject failed, and no make-up on record.
    NoMakeUp,
    /// F2101: skipping without the school's consent.
    SkipUnapproved,
    /// F2102: skipping across stages.
    SkipTooFar,
    /// F2103: skipping applied for too early.
    SkipEarly,
    /// F2104: skipped, and no exam on record.
    SkippedWithoutExam,
    /// F2201: repeating applied for too early.
    RepeatEarly,
    /// F2202: repeating not reported to the district.
    RepeatUnreported,
    /// F2203: a third repeat.
    ThirdRepeat,
    /// F2204: repeating a final grade.
    RepeatFinal,
    /// F2205: 留级 in compulsory education.
    CompulsoryRetention,
    /// F2206: 留级 in the last grade.
    FinalRetention,
    /// F2207: retention notified late.
    LateNotice,
    /// F2301: 免修 that no application supports.
    UnsupportedExemption,
    /// F2302: exempted for excellence, and no exam.
    ExemptWithoutExam,
    /// F2401: a waiver that was not filed.
    WaiverUnfiled,
    /// F2402: the school's make-up before the city's.
    MakeUpTooSoon,
    /// F2403: a second make-up of the school.
    SecondMakeUp,
    /// F2404: an athlete who did not apply.
    AthleteSilent,
    /// F2405: a criminal record and a passed evaluation.
    RecordIgnored,
    /// F2601: grown up, nine years, and no application.
    GrownUp,
    /// F4101: 留校察看 in compulsory education.
    CompulsoryProbation,
    /// F0401: 上海市学籍号 of another stage.
    OtherStage,
    /// F0501: entered primary school a year too early.
    TooYoung,
    /// F1001: not checked since the school year before.
    Unchecked,
    /// R0401: left for another school of the city, and never arrived.
    NoArrival,
    /// R0401: came from another school of the city, and never left it.
    NoDeparture,
    /// F1301: between senior schools of the city without a reason that the law admits.
    NoReason,
    /// F1302: from elsewhere into a senior school without an entitlement.
    NoEntitlement,
    /// F1501: transferred in the middle of a term.
    LateTransfer,
    /// F1502: transferred into the first term of a stage.
    BarredTransfer,
    /// F1503: transferred while under a measure.
    UnderMeasure,
    /// F1601: transferred into another grade.
    OtherGrade,
    /// F3601: withdrawn from compulsory education on no ground.
    NoGround,
    /// F3602: withdrawn for illness without a certificate.
    Uncertified,
    /// F4102: 留校察看 not reported to the district.
    Unreported,
    /// F4103: a measure without the parents having been heard.
    Unheard,
    /// F4104: an appeal without an answer.
    Unanswered,
    /// F4201: a warning of the term before.
    Unreviewed,
    /// F4203: a revoked measure's papers passed on.
    PassedOn,
    /// F4301: an archive without 体质健康.
    Incomplete,
    /// F4401: an archive that did not come with a transfer.
    LeftBehind,
    /// F4601: a transfer entered late.
    EnteredLate,
}

use Damage::*;

/// Each kind with its first and last grade, and how often in a million students of these.
const KINDS: &[(Damage, u8, u8, u64)] = &[
    (EmptyResult, 1, 4, 200),
    (EmptyStatus, 1, 12, 60),
    (NoDate, 1, 12, 200),
    (UnknownWord, 1, 12, 150),
    (SpoiledNumber, 1, 12, 200),
    (WrongId, 1, 4, 200),
    (WrongDocument, 1, 12, 200),
    (WrongSex, 1, 12, 150),
    (WrongBirth, 1, 12, 150),
    (FullWidth, 1, 12, 200),
    (OtherWord, 1, 12, 200),
    (ShortNumber, 1, 12, 150),
    (RepeatedRow, 1, 8, 250),
    (Contradiction, 1, 4, 200),
    (MissingResult, 10, 11, 500),
    (MissingExam, 12, 12, 500),
    (MissingEvaluation, 5, 5, 300),
    (MissingEvaluation, 9, 9, 300),
    (TwoSchools, 1, 11, 300),
    (TwoIds, 1, 12, 150),
    (OffTheRoll, 1, 12, 150),
    (OnRollOnly, 1, 12, 100),
    (OnOtherRoll, 1, 12, 100),
    (RollOtherName, 1, 12, 100),
    (RollOtherBirth, 1, 12, 60),
    (RollOtherClass, 1, 12, 100),
    (Stranger, 9, 12, 500),
    (OtherName, 9, 12, 1_500),
    (NoExams, 9, 9, 100),
    (NoExams, 12, 12, 200),
    (UnknownPupil, 1, 8, 150),
    (NoMakeUp, 6, 8, 1_000),
    (SkipUnapproved, 1, 3, 60),
    (SkipTooFar, 4, 4, 100),
    (SkipEarly, 1, 3, 60),
    (SkippedWithoutExam, 8, 8, 150),
    (RepeatEarly, 1, 4, 100),
    (RepeatUnreported, 1, 4, 100),
    (ThirdRepeat, 8, 8, 150),
    (RepeatFinal, 9, 9, 150),
    (CompulsoryRetention, 7, 8, 150),
    (FinalRetention, 12, 12, 200),
    (LateNotice, 11, 11, 300),
    (UnsupportedExemption, 10, 11, 400),
    (ExemptWithoutExam, 10, 10, 300),
    (WaiverUnfiled, 12, 12, 300),
    (MakeUpTooSoon, 12, 12, 300),
    (SecondMakeUp, 12, 12, 300),
    (AthleteSilent, 12, 12, 300),
    (RecordIgnored, 12, 12, 150),
    (GrownUp, 8, 8, 150),
    (CompulsoryProbation, 7, 8, 150),
    (OtherStage, 1, 12, 60),
    (TooYoung, 1, 12, 60),
    (Unchecked, 1, 12, 60),
    (NoReason, 11, 11, 300),
    (NoEntitlement, 11, 11, 300),
    (LateTransfer, 2, 4, 150),
    (BarredTransfer, 6, 6, 200),
    (UnderMeasure, 7, 8, 150),
    (OtherGrade, 7, 8, 200),
    (NoGround, 6, 8, 150),
    (Uncertified, 10, 11, 200),
    (Unreported, 10, 11, 200),
    (Unheard, 6, 8, 150),
    (Unanswered, 6, 8, 150),
    (Unreviewed, 6, 8, 150),
    (PassedOn, 6, 8, 150),
    (Incomplete, 1, 12, 60),
    (LeftBehind, 2, 4, 150),
    (EnteredLate, 2, 4, 150),
    (NoArrival, 2, 4, 200),
    (NoDeparture, 7, 8, 200),
];

impl Damage {
    /// Whether the district's next school has something of the student too.
    pub fn reaches_next_school(self) -> bool {
        matches!(self, TwoSchools | TwoIds | OnOtherRoll)
    }
}

/// The damage of a student of a grade; `times` is how much more often than usual.
pub fn of(chance: &mut Chance, grade: u8, times: f64) -> Option<Damage> {
    let mut left = chance.below(1_000_000) as f64;
    for (damage, first, last, often) in KINDS {
        if !(*first..=*last).contains(&grade) {
            continue;
        }
        left -= *often as f64 * times;
        if left < 0.0 {
            return Some(*damage);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_as_frequent_as_said() {
        let number = (0..100_000).filter(|number| of(&mut Chance::new(1, &[*number]), 3, 1.0).is_some()).count();
        let often: u64 = KINDS.iter().filter(|(_, first, last, _)| (*first..=*last).contains(&3)).map(|(.., often)| often).sum();
        let expected = often as usize / 10;
        assert!(number.abs_diff(expected) < expected / 5, "{number} instead of {expected}");
        assert!((0..1_000).all(|number| of(&mut Chance::new(1, &[number]), 3, 0.0).is_none()));
    }
}
