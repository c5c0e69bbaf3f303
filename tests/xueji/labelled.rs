//! A labelled set: invented registrations and rolls of which it is known who is whom, with the damage that rolls have; and what matching makes of
//! it. The bench prints the figures for a large set; a test holds a small one to the targets.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use law::facts::identifiers::{as_written, check_character};
use xueji::reconcile::names::folded;
use xueji::reconcile::pairs;
use xueji::reconcile::person::{Issued, NOWHERE, Number, Person};
use xueji::reconcile::score::Scale;

/// Draws that follow from a seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut own = self.0;
        own = (own ^ own >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        own = (own ^ own >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        own ^ own >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of some letters, the first ones far more often.
    fn letter(&mut self, letters: &[char]) -> char {
        let place = self.below(letters.len()).min(self.below(letters.len()));
        letters[place]
    }
}

const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏\
付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康施洪季倪仇单解";
const GIVEN: &str = "梓涵宇轩子浩欣怡思雨诗琪佳俊杰文博嘉豪雨萱一诺晨曦奕辰沐瑶可馨语桐若汐艺天佑铭泽明睿哲昊然皓轩瑞霖景行书瑶芷若云熙静姝婉清雅琴志强建\
国伟娜敏丽芳军洋勇艳杰娟涛超秀霞平刚桂英华飞鹏红梅兰凤洁燕玲萍鑫波斌辉健凯旭阳琳莹雪慧颖晶倩婷丹蕾薇露丝珊彤菲菁";
/// Characters of one sound, as a typist picks the wrong one.
const SOUNDS: &[&str] = &[
    "梓子紫姿",
    "涵晗函寒",
    "宇雨语羽",
    "轩萱宣",
    "浩皓昊",
    "欣馨鑫心",
    "怡宜仪",
    "思诗斯",
    "琪祺淇",
    "佳嘉家",
    "俊骏君",
    "文雯",
    "博波勃",
    "晨辰宸",
    "奕艺怡逸",
    "瑶遥尧",
    "铭明鸣",
    "泽则",
    "睿瑞锐",
    "静婧靖",
    "婉宛",
    "雅亚",
    "志智致",
    "伟玮炜",
    "敏旻闽",
    "丽莉俐",
    "芳方",
    "军君钧",
    "艳燕彦",
    "娟鹃",
    "秀绣",
    "霞夏",
    "华桦",
    "鹏朋",
    "红虹洪",
    "洁杰",
    "玲灵铃",
    "萍平",
    "斌彬宾",
    "辉晖慧",
    "凯恺",
    "旭煦",
    "琳林霖",
    "莹盈萤",
    "颖影",
    "晶晴精",
    "张章",
    "王汪",
    "李黎理",
    "徐许",
    "何贺",
    "于余俞",
    "付傅",
    "邱秋仇",
    "陆路",
    "江姜",
    "程成",
    "谢解",
    "单善",
];

/// Somebody, as invented.
#[derive(Clone)]
struct Invented {
    name: String,
    birth: NaiveDate,
    male: bool,
    /// 18 characters.
    number: String,
    school: u32,
    grade: u8,
    class: String,
}

/// A row of a roll, with the registration that it is of.
struct Row {
    person: Invented,
    has_birth: bool,
    has_sex: bool,
    /// The number as typed, where there is one.
    typed: Option<String>,
    truth: Option<usize>,
    damage: &'static str,
}

fn number(chance: &mut Chance, birth: NaiveDate, male: bool) -> String {
    let regions = ["310101", "310104", "310112", "310115", "320102", "340104", "330106", "360102", "410105", "510104"];
    let sequence = chance.below(500) * 2 + usize::from(male);
    let mut text = format!("{}{}{sequence:03}", regions[chance.below(regions.len())], birth.format("%Y%m%d"));
    let check = check_character(text.as_bytes());
    text.push(char::from(check));
    text
}

fn invent(chance: &mut Chance, schools: usize) -> Invented {
    let (family, given): (Vec<char>, Vec<char>) = (FAMILY.chars().collect(), GIVEN.chars().collect());
    let mut name = String::from(chance.letter(&family));
    for _ in 0..1 + usize::from(!chance.once_in(5)) {
        name.push(chance.letter(&given));
    }
    let grade = 1 + chance.below(9) as u8;
    let first = NaiveDate::from_ymd_opt(2019 - i32::from(grade), 9, 1).expect("a date");
    let birth = first + chrono::TimeDelta::days(chance.below(365) as i64);
    let male = chance.once_in(2);
    let number = number(chance, birth, male);
    let class = format!("{}班", 1 + chance.below(5));
    Invented { name, birth, male, number, school: chance.below(schools) as u32, grade, class }
}

/// Does something to a name that people do to names.
fn mistype(chance: &mut Chance, name: &str) -> (String, &'static str) {
    let mut letters: Vec<char> = name.chars().collect();
    let last = letters.len() - 1;
    match chance.below(8) {
        0..4 => {
            let place = chance.below(letters.len());
            let group = SOUNDS.iter().find(|group| group.contains(letters[place]));
            let Some(group) = group else {
                return (format!("{} {}", &letters[0], letters[1..].iter().collect::<String>()), "名中有空格");
            };
            let others: Vec<char> = group.chars().filter(|own| *own != letters[place]).collect();
            letters[place] = others[chance.below(others.len())];
            (letters.iter().collect(), "同音字")
        }
        4 => {
            letters[last] = '□';
            (letters.iter().collect(), "打不出的字")
        }
        5 if letters.len() > 2 => {
            letters.swap(1, 2);
            (letters.iter().collect(), "两字颠倒")
        }
        6 => {
            letters[last] = "伟强丽芳博"[..].chars().nth(chance.below(5)).unwrap_or('伟');
            (letters.iter().collect(), "错一个字")
        }
        _ => (letters.iter().map(|letter| format!("{letter} ")).collect(), "名中有空格"),
    }
}

/// A wrong digit, or two neighbours that changed places.
fn mistype_number(chance: &mut Chance, number: &str) -> String {
    let mut digits: Vec<u8> = number.bytes().collect();
    let place = chance.below(17);
    if chance.once_in(3) && place < 16 && digits[place] != digits[place + 1] {
        digits.swap(place, place + 1);
    } else {
        digits[place] = b'0' + (digits[place] - b'0' + 1 + chance.below(9) as u8) % 10;
    }
    String::from_utf8(digits).expect("digits")
}

fn damaged(chance: &mut Chance, own: &Invented, truth: Option<usize>, schools: usize) -> Row {
    let mut row = Row { person: own.clone(), has_birth: true, has_sex: true, typed: None, truth, damage: "没有号码" };
    // Rows with a right number are found by it and need no score.
    match chance.below(10) {
        0..4 => {
            row.typed = Some(mistype_number(chance, &own.number));
            row.damage = "号码错一位或两位颠倒";
        }
        4 => {
            (row.has_birth, row.has_sex) = (false, false);
            row.damage = "只有姓名、年级、班级";
        }
        _ => {}
    }
    if chance.once_in(8) {
        let (name, damage) = mistype(chance, &own.name);
        (row.person.name, row.damage) = (name, damage);
    }
    if row.has_birth && chance.once_in(25) {
        let birth = own.birth;
        use chrono::Datelike;
        let swapped = NaiveDate::from_ymd_opt(birth.year(), birth.day(), birth.month()).filter(|other| *other != birth);
        let digit = NaiveDate::from_ymd_opt(birth.year(), birth.month(), birth.day() % 28 / 10 * 10 + 1 + chance.below(8) as u32);
        row.person.birth = swapped.or(digit).unwrap_or(birth);
        row.damage = "出生日期写错";
    }
    if chance.once_in(200) {
        row.person.male = !own.male;
        row.damage = "性别写错";
    }
    if chance.once_in(30) {
        row.person.class = format!("{}班", 1 + chance.below(5));
    }
    if chance.once_in(100) {
        row.person.grade = if own.grade < 9 { own.grade + 1 } else { own.grade - 1 };
        row.damage = "年级写错";
    }
    if row.has_birth && chance.once_in(150) {
        row.person.school = chance.below(schools) as u32;
        row.damage = "在别校的花名册";
    }
    row
}

fn person<'a>(own: &'a Invented, has_birth: bool, has_sex: bool, number: Option<(&str, Issued)>) -> Person<'a> {
    let number = number.and_then(|(text, issued)| Some(Number { packed: as_written(text)?, issued }));
    Person {
        name: &own.name,
        letters: folded(&own.name).collect(),
        birth: has_birth.then(|| own.birth.to_epoch_days()),
        male: has_sex.then_some(own.male),
        numbers: [number, None],
        document: None,
        school: if own.school == u32::MAX { NOWHERE } else { own.school },
        grade: Some(own.grade),
        class: &own.class,
    }
}

/// What matching made of the rows of one kind of damage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Rows whose registration is there.
    pub rows: u64,
    /// Rows that were surely given to the right registration.
    pub right: u64,
    /// Rows that were surely given to a wrong one.
    pub wrong: u64,
    /// Rows whose registration is among the candidates for people.
    pub review: u64,
}

impl Figures {
    /// How many of the sure matches are right.
    pub fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    /// How many of the rows were found, for sure or by people.
    pub fn recall(&self) -> f64 {
        (self.right + self.review) as f64 / self.rows.max(1) as f64
    }
}

/// Matches so many invented rows, none of which has a right number. By damage, and `合计` for all; `外来` are rows of people who have no
/// registration.
pub fn measure(students: usize, seed: u64) -> BTreeMap<&'static str, Figures> {
    let mut chance = Chance(seed);
    let schools = (students / 1_000).max(1);
    let mut registry: Vec<Invented> = Vec::with_capacity(students);
    while registry.len() < students {
        let own = invent(&mut chance, schools);
        registry.push(own.clone());
        // Twins have a birthday, a school, often a class and most of a name in common.
        if chance.once_in(80) {
            let given: Vec<char> = GIVEN.chars().collect();
            let mut name: Vec<char> = own.name.chars().collect();
            let last = name.len() - 1;
            name[last] = chance.letter(&given);
            let male = if chance.once_in(3) { !own.male } else { own.male };
            let number = number(&mut chance, own.birth, male);
            registry.push(Invented { name: name.into_iter().collect(), male, number, ..own });
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut listed = vec![false; registry.len()];
    for (place, own) in registry.iter().enumerate() {
        // One in twelve is left off all rolls, whether they are registered by right or not.
        if chance.once_in(12) {
            continue;
        }
        listed[place] = true;
        rows.push(damaged(&mut chance, own, Some(place), schools));
    }
    // People without a registration, some of them the twins of registered ones who are on no roll themselves.
    for _ in 0..students / 60 {
        let mut own = invent(&mut chance, schools);
        if chance.once_in(20) {
            let twin = &registry[chance.below(registry.len())];
            let given: Vec<char> = GIVEN.chars().collect();
            let mut name: Vec<char> = twin.name.chars().collect();
            let last = name.len() - 1;
            name[last] = chance.letter(&given);
            if name.iter().collect::<String>() != twin.name {
                own = Invented { name: name.into_iter().collect(), number: own.number, ..twin.clone() };
            }
        }
        let row = damaged(&mut chance, &own, None, schools);
        rows.push(Row { damage: "外来", ..row });
    }
    let mut of_school = vec![0; schools];
    registry.iter().for_each(|own| of_school[own.school as usize] += 1);
    let scale = Scale { students: registry.len(), of_school };
    let people: Vec<Person<'_>> = rows
        .iter()
        .map(|row| person(&row.person, row.has_birth, row.has_sex, row.typed.as_deref().map(|typed| (typed, Issued::Mistyped))))
        .collect();
    let registered = |student: u32| {
        let own = &registry[student as usize];
        person(own, true, true, Some((&own.number, Issued::Resident)))
    };
    let pairs = pairs::find(&people, &scale, registered, |_| true);
    let mut figures: BTreeMap<&'static str, Figures> = BTreeMap::new();
    for (place, row) in (0_u32..).zip(&rows) {
        let sure = pairs.sure.get(&place).map(|pair| pair.student as usize);
        let candidates = pairs.review.get(&place).map(Vec::as_slice).unwrap_or_default();
        let is_shown = row.truth.is_some_and(|truth| candidates.iter().any(|pair| pair.student as usize == truth));
        for kind in [row.damage, "合计"] {
            let own = figures.entry(kind).or_default();
            own.rows += u64::from(row.truth.is_some());
            own.right += u64::from(sure.is_some() && sure == row.truth);
            own.wrong += u64::from(sure.is_some() && sure != row.truth);
            own.review += u64::from(is_shown);
        }
    }
    figures
}
