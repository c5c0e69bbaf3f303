//! Names as frequent as they are: common family names first, given names by sex and fashion, names of minorities with their dot,
//! characters that old programs can't write.
//!
//! Nobody's name may look like that of another student of the same sex and birthday by accident, as such a pair is reported. So the
//! sequence number, which is given once a birthday, says by which sounds the given name is written, and chance only chooses among the
//! characters of a sound.

use std::sync::LazyLock;

use super::chance::Chance;
use super::dates::Day;

/// Family names, the frequent ones first.
const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪\
廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康施洪季倪柏水窦章云葛奚郎鲁昌苗凤花";
/// Family names of two characters, rare.
const DOUBLE: [&str; 6] = ["欧阳", "上官", "诸葛", "司马", "夏侯", "尉迟"];
/// A list of words.
type Words = LazyLock<Vec<&'static str>>;

/// The characters of boys' given names, those of one sound together: no two sounds share a reading or look alike.
static BOYS: Words = Words::new(|| {
    "安 傲 斌滨 炳秉 博渤 潮 辰晨宸 诚城程 崇翀 川 纯 聪 道 德 迪笛頔 东栋冬 铎 恩 凡帆 飞 峰锋 福 刚钢 耕 功 光 国 海 翰瀚 航 \
昊灏 恒 鸿宏 华 桓 吉骥继𠮷 佳嘉 建健 江 杰 锦晋 京 久 钧军 凯恺 康 科珂 宽 坤堃 朗 磊雷 励 亮 霖林琳 凌 龙隆 伦 茂 勉 淼 \
民旻 铭鸣茗 默 牧沐 楠 诺 沛 鹏 启琦祺 谦 庆卿 秋 群 全泉 然 仁 荣 儒 瑞睿锐 润 森 山 绍 升昇 世时 书 帅 舜顺 硕 松 泰 涛 腾 \
天添 庭 彤 旺 伟玮维 文 武 曦希 贤 祥翔 晓 新欣 星 雄 修 旭 轩烜 学 勋 亚 岩 阳扬 尧耀 烨 毅逸翊 寅 勇永 友佑 宇煜昱 远渊 \
岳悦 云 泽 昭 哲喆 正 志智 忠 卓 子梓 宗"
        .split(' ')
        .collect()
});
/// The same of girls'.
static GIRLS: Words = Words::new(|| {
    "安 蓓贝 碧 采彩 婵 晨辰 澄 楚初 慈 翠 黛 丹 娥 凡 芳 菲霏 芬 凤 芙 涵 荷禾 鸿 华 慧惠 霁 佳嘉 简 娇 婕㛃 瑾 静婧 菊 娟 君 珂 \
兰岚 蕾 丽俐 莲 琳 灵玲 璐 曼 梅美 梦 蜜 妙 敏旻 茗 茉 沐 楠 妮 念 凝 诺 佩 品 萍 琪绮祺 芊 巧 琴 清晴卿 琼 秋 泉 然 蓉 柔 茹 \
瑞 珊姗 诗 书 双 素 甜 婷 彤 婉 薇 雯 曦希 霞 娴 晓 欣馨 杏 秀 萱 雪 雅 妍岩䶮 瑶 晔 怡依祎 茵 颖莹 咏 优 雨钰玉 媛 悦 芸 珍 \
芷 竹 卓 紫梓 若"
        .split(' ')
        .collect()
});
/// Of these, the ones beyond the old national standard.
const RARE: [char; 11] = ['頔', '㛃', '䶮', '𠮷', '堃', '喆', '昇', '祎', '翀', '烜', '旻'];
/// Names of a minority: a son's, a daughter's, and the father's that follows the dot.
static SONS: Words = Words::new(|| {
    "买买提 艾力 艾合买提 吐尔逊 玉素甫 阿力木 库尔班 托合提 阿布都热合曼 艾孜买提 亚森 伊力哈木 帕尔哈提 木合塔尔 地里夏提 \
努尔麦麦提 依明 卡德尔 热合曼 塔依尔 沙吾提 哈力克 穆太力甫 祖农 吾斯曼"
        .split(' ')
        .collect()
});
static DAUGHTERS: Words = Words::new(|| {
    "阿依古丽 古丽娜尔 努尔比亚 迪丽拜尔 热依汗古丽 帕丽达 再娜甫 米热古丽 阿孜古丽 古丽扎尔 茹仙古丽 海丽切木 阿米娜 祖丽菲亚 \
玛依拉 凯丽比努尔 麦尔哈巴 塔吉古丽 苏比努尔 夏依达 古扎丽努尔 萨拉麦提 艾丽菲热 巴哈尔古丽 沙比热"
        .split(' ')
        .collect()
});
/// Names as passports write them: the family's, a son's, a daughter's.
static FAMILIES_ABROAD: Words = Words::new(|| {
    "KIM LEE PARK CHOI SATO SUZUKI TANAKA WATANABE NGUYEN TRAN SMITH BROWN JOHNSON WILSON MILLER MARTIN DUBOIS BERNARD MUELLER \
SCHMIDT WEBER ROSSI TAN LIM TAYLOR"
        .split(' ')
        .collect()
});
static SONS_ABROAD: Words = Words::new(|| {
    "MINJUN JIHOON SEOJUN HARUTO SOTA YUMA MINH QUANG LUCAS NOAH OLIVER JAMES HENRY LOUIS HUGO JULES LEON FELIX PAUL MATTEO \
LORENZO ETHAN DANIEL RYAN ADAM"
        .split(' ')
        .collect()
});
static DAUGHTERS_ABROAD: Words = Words::new(|| {
    "SEOYEON JIWOO HAEUN HARUKA YUI AOI LINH THAO EMMA OLIVIA SOFIA MIA CHLOE GRACE ALICE LOUISE MANON HANNAH LENA CLARA GIULIA \
AURORA RACHEL SARAH NORA"
        .split(' ')
        .collect()
});

/// Spreads neighbouring numbers over the names, and the names over the days: prime, and so without a factor in common with their number.
const STRIDE: u64 = 7_919;
/// One in so many of a birthday's students may have a name of a minority, another one a foreign one, and of one in five names the given
/// part is a single character.
const SPECIAL: u64 = 20;
const SINGLE: u64 = 5;
/// Students of one sex whose sequence numbers differ on one day.
const OF_A_DAY: u64 = 500;

/// Whose name it is: what nobody else shares.
#[derive(Clone, Copy, Debug)]
pub struct Bearer {
    /// Male or female.
    pub male: bool,
    /// The birthday.
    pub birth: Day,
    /// The sequence number of that day, below 1,000.
    pub sequence: u64,
    /// Which of those who share a birthday and a sequence number.
    pub band: u64,
}

impl Bearer {
    fn number(self) -> u64 {
        self.sequence / 2
    }

    /// Whether the name may be a foreign one: what is foreign is so by chance, but only among these.
    pub fn may_be_foreign(self) -> bool {
        self.number() % SPECIAL == 2
    }

    fn may_be_minority(self) -> bool {
        self.number() % SPECIAL == 1
    }

    /// One of so many names, another one for each number of a birthday.
    fn place(self, number: u64, names: usize) -> usize {
        let day = u64::from(self.birth.unsigned_abs());
        ((number + day * 31) * STRIDE % names as u64) as usize
    }

    /// Two parts of a name, another pair for each number of a birthday.
    fn pair(self, number: u64, firsts: usize, seconds: usize) -> (usize, usize) {
        let place = self.place(number, firsts * seconds);
        (place / seconds, place % seconds)
    }

    /// The number among those who may have a special name.
    fn special(self) -> u64 {
        self.band * (OF_A_DAY / SPECIAL) + self.number() / SPECIAL
    }

    fn sounds(self) -> &'static Words {
        if self.male { &BOYS } else { &GIRLS }
    }
}

/// The family name, by a frequency that falls with its place.
fn family(chance: &mut Chance, name: &mut String) {
    if chance.in_a_million(1_500) {
        name.push_str(chance.word(&DOUBLE));
        return;
    }
    let count = FAMILY.chars().count() as u64;
    // The lesser of two places: the first family names are twice as frequent as they would be at random, and the last are rare.
    let place = chance.below(count).min(chance.below(count)).min(chance.below(count));
    name.push(FAMILY.chars().nth(place as usize).unwrap_or('王'));
}

/// A character of a sound; seldom one that old programs can't write.
fn character(chance: &mut Chance, sound: &str) -> char {
    let is_rare = chance.in_a_million(20_000) && sound.contains(RARE);
    let known: Vec<char> = sound.chars().filter(|letter| RARE.contains(letter) == is_rare).collect();
    chance.pick(&known).copied().unwrap_or('一')
}

/// Writes a name.
pub fn write(chance: &mut Chance, bearer: Bearer, foreign: bool, name: &mut String) {
    name.clear();
    let mut join = |one: &str, between: char, other: &str| {
        name.push_str(one);
        name.push(between);
        name.push_str(other);
    };
    if foreign {
        let given = if bearer.male { &SONS_ABROAD } else { &DAUGHTERS_ABROAD };
        let (first, second) = bearer.pair(bearer.special(), FAMILIES_ABROAD.len(), given.len());
        join(FAMILIES_ABROAD[first], ' ', given[second]);
        return;
    }
    if bearer.may_be_minority() && chance.in_a_million(60_000) {
        let given = if bearer.male { &SONS } else { &DAUGHTERS };
        let (first, second) = bearer.pair(bearer.special(), given.len(), SONS.len());
        join(given[first], '·', SONS[second]);
        return;
    }
    family(chance, name);
    let (sounds, number) = (bearer.sounds(), bearer.number());
    // The sounds suffice for the short names of one band alone.
    if bearer.band == 0 && number.is_multiple_of(SINGLE) {
        name.push(character(chance, sounds[bearer.place(number / SINGLE, sounds.len())]));
        return;
    }
    let (first, second) = bearer.pair(bearer.band * OF_A_DAY + number, sounds.len(), sounds.len());
    name.push(character(chance, sounds[first]));
    name.push(character(chance, sounds[second]));
}

/// A name that differs in its last character, as another office types it: the same sound, another character, or a slip.
pub fn mistyped(name: &str) -> String {
    let mut other: String = name.chars().take(name.chars().count().saturating_sub(1)).collect();
    other.push(if name.ends_with('伟') { '玮' } else { '伟' });
    other
}

/// A name that sounds the same and is written otherwise; the same where none is known.
pub fn homophone(name: &str, male: bool) -> String {
    let sounds = if male { &BOYS } else { &GIRLS };
    let mut letters: Vec<char> = name.chars().collect();
    // Never the family name: it stands first.
    for letter in letters.iter_mut().skip(1).rev() {
        let sound = sounds.iter().find(|sound| sound.contains(*letter));
        let other = sound.and_then(|sound| sound.chars().find(|other| other != letter && !RARE.contains(other)));
        if let Some(other) = other {
            *letter = other;
            break;
        }
    }
    letters.into_iter().collect()
}

/// Whether two names can be taken for each other by ear: of one length, and with a reading in common for each pair of characters.
#[cfg(test)]
pub fn sounds_like(one: &str, other: &str) -> bool {
    use pinyin::ToPinyinMulti;

    let readings = |letter: char| -> Vec<&str> {
        // The one character of the lists that the dictionary of readings lacks.
        let known = if letter == '𠮷' { '吉' } else { letter };
        known.to_pinyin_multi().into_iter().flatten().map(|reading| reading.plain()).collect()
    };
    let is_near = |(one, other): (char, char)| one == other || readings(one).iter().any(|reading| readings(other).contains(reading));
    one.chars().count() == other.chars().count() && one.chars().zip(other.chars()).all(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_family_names_are_frequent() {
        let mut name = String::new();
        let (mut first, mut short, mut foreign_dots, mut rare) = (0, 0, 0, 0);
        for number in 0..20_000_u64 {
            let bearer = Bearer { male: number % 2 == 0, birth: (number / 1_000) as Day, sequence: number % 1_000, band: 0 };
            write(&mut Chance::new(1, &[number]), bearer, false, &mut name);
            assert!(name.chars().count() >= 2, "{name}");
            first += u32::from(name.starts_with(['王', '李', '张']));
            short += u32::from(name.chars().count() == 2);
            foreign_dots += u32::from(name.contains('·'));
            rare += u32::from(name.contains(RARE));
        }
        // In the country a fifth.
        assert!((800..3_000).contains(&first), "{first}");
        assert!((3_500..4_500).contains(&short), "{short}");
        assert!((20..120).contains(&foreign_dots), "{foreign_dots}");
        assert!((20..80).contains(&rare), "{rare}");
    }

    #[test]
    fn sounds_stay_apart() {
        for sounds in [&BOYS, &GIRLS] {
            let letters: Vec<(usize, String)> =
                sounds.iter().enumerate().flat_map(|(place, sound)| sound.chars().map(move |letter| (place, letter.to_string()))).collect();
            for (place, one) in &letters {
                for (other_place, other) in &letters {
                    assert_eq!(place == other_place, sounds_like(one, other), "{one} {other}");
                }
            }
        }
    }

    #[test]
    fn nobody_of_a_birthday_is_named_like_another() {
        // As many bands as a city of 20 million students needs.
        for (male, kind) in [(true, 0), (false, 0), (true, 1), (false, 1), (true, 2), (false, 2)] {
            let mut names: Vec<String> = Vec::new();
            for number in 0..10_000_u64 {
                let bearer = Bearer { male, birth: 15_000, sequence: number % 500 * 2 + u64::from(male), band: number / 500 };
                let mut name = String::new();
                let mut chance = Chance::new(3, &[number]);
                match kind {
                    0 if bearer.may_be_minority() => continue,
                    0 => {}
                    1 if bearer.may_be_minority() => {
                        // Until chance will have it.
                        while !name.contains('·') {
                            write(&mut chance, bearer, false, &mut name);
                        }
                        names.push(name);
                        continue;
                    }
                    2 if bearer.may_be_foreign() => {
                        write(&mut chance, bearer, true, &mut name);
                        names.push(name);
                        continue;
                    }
                    _ => continue,
                }
                write(&mut chance, bearer, false, &mut name);
                names.push(name);
            }
            let place = |sounds: &[&str], letter: char| sounds.iter().position(|sound| sound.contains(letter));
            let sounds = if male { &BOYS } else { &GIRLS };
            // Given names as the sounds they are written by; special names as they are.
            let key = |name: &String| {
                let given: Vec<char> =
                    name.chars().skip(if DOUBLE.iter().any(|family| name.starts_with(family)) { 2 } else { 1 }).collect();
                if kind == 0 {
                    format!("{:?}", given.iter().map(|letter| place(sounds, *letter)).collect::<Vec<_>>())
                } else {
                    name.clone()
                }
            };
            let mut keys: Vec<String> = names.iter().map(key).collect();
            let count = keys.len();
            assert!(count >= 500, "{count}");
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), count);
        }
        for names in [&SONS, &DAUGHTERS] {
            let alike = |one: usize| (0..one).find(|other| sounds_like(names[one], names[*other]));
            assert!((0..names.len()).all(|one| alike(one).is_none()));
        }
    }

    #[test]
    fn a_mistyped_name_is_another_of_the_same_length() {
        for name in ["王伟", "阿依古丽·买买提", "李子涵"] {
            let other = mistyped(name);
            assert_ne!(other, name);
            assert_eq!(other.chars().count(), name.chars().count());
        }
    }

    #[test]
    fn a_homophone_sounds_the_same() {
        for (name, male) in [("王志", true), ("陈雨娟", false), ("阿依古丽·买买提", false)] {
            let other = homophone(name, male);
            assert!(other != name && sounds_like(&other, name), "{other}");
            assert_eq!(other.chars().next(), name.chars().next());
        }
        assert_eq!(homophone("王森", true), "王森");
    }
}
