//! Names as frequent as they are: common family names first, given names by sex and fashion, names of minorities with their dot,
//! characters that old programs can't write.

use super::chance::Chance;

/// Family names, the frequent ones first.
const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪\
廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康施洪季倪柏水窦章云葛奚郎鲁昌苗凤花";
/// Family names of two characters, rare.
const DOUBLE: [&str; 6] = ["欧阳", "上官", "诸葛", "司马", "夏侯", "尉迟"];
const BOYS: &str = "宇浩轩子博文杰俊辰睿泽铭昊天翊瑞凯锦程煜城鸿哲毅航晨旭昱晟朗智恩承元启东林森川波源峰强磊军勇超明志国建伟";
const GIRLS: &str = "欣怡诗涵雨佳思嘉梓萱若曦语桐婉清可馨诺依沐瑶念乐雪晴昕月灵巧静妍彤悦琳琪雅芳敏娜婷莉颖蕾慧洁丽秀梅兰";
const EITHER: &str = "安一宁星辰知行远书景阳奕然之可乐心逸凡晓亦希未初南乔予以舒言予";
/// Names of minorities: given name, dot, father's or second name.
const MINORITY: [&str; 12] = [
    "阿依古丽·买买提",
    "古丽娜尔·吐尔逊",
    "扎西·多吉",
    "买买提·艾力",
    "阿布都热合曼·玉素甫",
    "努尔比亚·阿力木",
    "迪丽拜尔·艾合买提",
    "卓玛·央金",
    "巴特尔·苏和",
    "热依汗古丽·库尔班",
    "索朗·旺堆",
    "艾孜买提·托合提",
];
/// Characters beyond the old national standard, as children's names have them.
const RARE: [char; 12] = ['頔', '㛃', '䶮', '𠮷', '堃', '喆', '淼', '昇', '祎', '翀', '烜', '旻'];
/// Names as passports write them.
const FOREIGN: [&str; 10] = [
    "KIM MINJUN",
    "SATO HARUKA",
    "EMMA MUELLER",
    "LUCAS MARTIN",
    "OLIVIA SMITH",
    "NGUYEN MINH ANH",
    "SOFIA ROSSI",
    "LEE SEOYEON",
    "NOAH BROWN",
    "TANAKA YUI",
];

fn letter(chance: &mut Chance, letters: &str, count: u64) -> char {
    letters.chars().nth(chance.below(count) as usize).unwrap_or('一')
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

/// Writes a name.
pub fn write(chance: &mut Chance, male: bool, foreign: bool, name: &mut String) {
    name.clear();
    if foreign {
        name.push_str(chance.word(&FOREIGN));
        return;
    }
    if chance.in_a_million(3_000) {
        name.push_str(chance.word(&MINORITY));
        return;
    }
    family(chance, name);
    let own = if male { BOYS } else { GIRLS };
    let letters = if chance.in_a_million(780_000) { 2 } else { 1 };
    let (of_own, of_either) = (own.chars().count() as u64, EITHER.chars().count() as u64);
    for _ in 0..letters {
        let given = if chance.in_a_million(700_000) { letter(chance, own, of_own) } else { letter(chance, EITHER, of_either) };
        name.push(given);
    }
    if chance.in_a_million(2_000) {
        name.pop();
        name.push(chance.pick(&RARE).copied().unwrap_or('喆'));
    }
}

/// A name that differs in its last character, as another office types it: the same sound, another character, or a slip.
pub fn mistyped(name: &str) -> String {
    let mut other: String = name.chars().take(name.chars().count().saturating_sub(1)).collect();
    other.push(if name.ends_with('伟') { '玮' } else { '伟' });
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_family_names_are_frequent() {
        let mut name = String::new();
        let mut first = 0;
        for number in 0..20_000 {
            write(&mut Chance::new(1, &[number]), number % 2 == 0, false, &mut name);
            assert!(name.chars().count() >= 2, "{name}");
            first += u32::from(name.starts_with(['王', '李', '张']));
        }
        // In the country a fifth.
        assert!((800..3_000).contains(&first), "{first}");
    }

    #[test]
    fn a_mistyped_name_is_another_of_the_same_length() {
        for name in ["王伟", "阿依古丽·买买提", "李子涵"] {
            let other = mistyped(name);
            assert_ne!(other, name);
            assert_eq!(other.chars().count(), name.chars().count());
        }
    }
}
