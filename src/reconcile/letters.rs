//! Which characters do people mistake for one another? Those that sound alike, as surnames too, and those that look alike.

use std::collections::HashMap;
use std::sync::OnceLock;

use pinyin::ToPinyinMulti;

/// Surnames that are read otherwise than the character elsewhere.
const SURNAMES: &[(char, &str)] = &[
    ('曾', "zeng"),
    ('单', "shan"),
    ('解', "xie"),
    ('仇', "qiu"),
    ('朴', "piao"),
    ('查', "zha"),
    ('区', "ou"),
    ('盖', "ge"),
    ('乐', "yue"),
    ('任', "ren"),
    ('华', "hua"),
    ('翟', "zhai"),
    ('缪', "miao"),
    ('种', "chong"),
    ('员', "yun"),
    ('尹', "yin"),
    ('召', "shao"),
    ('折', "she"),
    ('秘', "bi"),
    ('洗', "xian"),
    ('冼', "xian"),
    ('黑', "he"),
    ('繁', "po"),
    ('隗', "wei"),
    ('郗', "xi"),
    ('覃', "qin"),
    ('石', "shi"),
    ('燕', "yan"),
    ('曲', "qu"),
    ('宁', "ning"),
    ('祭', "zhai"),
    ('会', "gui"),
    ('适', "kuo"),
    ('不', "fou"),
    ('哈', "ha"),
    ('葛', "ge"),
    ('柏', "bai"),
    ('车', "che"),
    ('幸', "xing"),
    ('令', "ling"),
];

/// Surnames of two characters that are read otherwise.
const DOUBLE_SURNAMES: &[([char; 2], [&str; 2])] = &[
    (['尉', '迟'], ["yu", "chi"]),
    (['长', '孙'], ["zhang", "sun"]),
    (['万', '俟'], ["mo", "qi"]),
    (['澹', '台'], ["tan", "tai"]),
    (['宰', '父'], ["zai", "fu"]),
    (['单', '于'], ["chan", "yu"]),
];

/// Characters that look alike, group by group: what is read off a form or a stamp is taken for another one of its group.
const LOOK_ALIKE: &[&str] = &[
    "己已巳",
    "吉𠮷",
    "未末",
    "士土",
    "日曰",
    "人入",
    "戊戌戍",
    "冶治",
    "陈阵",
    "晴睛",
    "宇字",
    "浩洁",
    "佳住往隹",
    "侯候",
    "刘划",
    "佘余",
    "于干千",
    "丘兵",
    "汪江注",
    "沈沉",
    "洪供",
    "昊吴",
    "展晨辰",
    "泽译",
    "媛缓援暖",
    "钧钓钩",
    "玥钥",
    "玉王主壬",
    "季李秀",
    "木本术",
    "林材",
    "杜社",
    "郑邓",
    "邱邸",
    "陆陈",
    "徐除",
    "谢射",
    "何向",
    "同周",
    "高亮",
    "文又",
    "方万",
    "石右古",
    "史吏",
    "田由甲申",
    "白自",
    "目且",
    "月用",
    "贾买",
    "卖买",
    "鸟乌",
    "马鸟",
    "天夫",
    "夫失",
    "牛午",
    "毛手",
    "平乎",
    "毕华",
    "嘉喜",
    "航舫",
    "轶铁",
    "好妤",
    "尼泥",
    "娜那",
    "瑞端",
    "析折",
    "祈析",
    "袆祎",
    "菲韭",
    "苹草",
    "若苦",
    "茗名",
    "钱线",
    "银很",
    "锦绵棉",
    "钦软",
    "欧殴",
    "段叚",
    "戴载栽裁",
    "越赵",
    "韶邵",
    "力刀刁",
    "卢庐户",
    "艾文",
    "孔礼",
    "尧晓",
    "冰水",
    "冯马",
    "凤风",
    "兰三",
    "丹舟",
    "今令",
    "会合",
    "全金",
    "兴共",
    "关美",
    "冉再",
    "凌陵",
    "凯剀",
    "勤勒",
    "卓早",
    "博傅",
    "卞卡",
    "卫丑",
    "厉历",
    "吕昌",
    "哲誓",
    "唐庸",
    "喻瑜",
    "因困",
    "国围",
    "坤神",
    "垚堯",
    "培陪",
    "壮状",
    "奕弈",
    "姚姓",
    "娅亚",
    "婉碗",
    "子孑",
    "宁宇",
    "宏宠",
    "宣宜",
    "宜宣",
    "寒塞",
    "尚向",
    "岳兵",
    "崔催",
    "川州",
    "巧功",
    "帅师",
    "广厂",
    "庆厌",
    "康庸",
    "廷延",
    "弘弛",
    "彤形",
    "彦产",
    "怡治",
    "思恩",
    "恩思",
    "恒桓",
    "悦说",
    "惠患",
    "成咸",
    "扬杨",
    "拓柘",
    "振震",
    "敏每",
    "斌赋",
    "旭九",
    "旻昊",
    "昌吕",
    "明朋",
    "易昜",
    "昕听",
    "春舂",
    "景影",
    "智知",
    "朗郎",
    "朝乾",
    "朱未",
    "杭抗",
    "柏拍",
    "栋拣",
    "桂佳",
    "梁粱",
    "梅海",
    "梓样",
    "楠南",
    "樊攀",
    "欣欢",
    "毅豪",
    "永水",
    "沁心",
    "沐休",
    "泓弘",
    "波彼",
    "泰秦",
    "津律",
    "浦埔",
    "涛寿",
    "淇琪",
    "清请情",
    "渊洲",
    "源愿",
    "潇萧",
    "澄橙",
    "灵炅",
    "炎淡",
    "烨华",
    "焕换",
    "煜昱",
    "熙照",
    "爱受",
    "珂坷",
    "珊册",
    "珍珎",
    "琅狼",
    "琛深",
    "琳淋",
    "瑾谨",
    "璇旋",
    "璐露",
    "畅杨",
    "疆僵",
    "盛感",
    "睿容",
    "磊垒",
    "祁祈",
    "禹离",
    "程呈",
    "穆移",
    "章童",
    "竹行",
    "笑芙",
    "筱攸",
    "米来",
    "糜縻",
    "素索",
    "纪记",
    "绮倚",
    "罗岁",
    "羽习",
    "翁翕",
    "耀跃",
    "聂耳",
    "胜性",
    "胡湖",
    "臻秦",
    "舒予",
    "良食",
    "艺乙",
    "芊芋",
    "芮苪",
    "芳芬",
    "苏办",
    "范苑",
    "茂戊",
    "茹如",
    "荀苟",
    "荣菜",
    "莉荊",
    "莫英",
    "菁青",
    "萍平",
    "葵癸",
    "董重",
    "蒋将",
    "蓝篮",
    "薛薜",
    "虹红",
    "融隔",
    "袁哀",
    "裴斐",
    "覃谭",
    "言信",
    "诗待",
    "语悟",
    "诺若",
    "谨瑾",
    "豫像",
    "贝见",
    "贺贸",
    "费赀",
    "赖懒",
    "路珞",
    "轩杆",
    "辉挥",
    "达迭",
    "迪油",
    "逸免",
    "遥摇",
    "邦郡",
    "郁都",
    "郭敦",
    "金全",
    "鑫森",
    "钊利",
    "铭洺",
    "锐税",
    "锋峰",
    "镇慎",
    "长张",
    "闫闰",
    "闻间",
    "阮院",
    "阳阴",
    "陶淘",
    "隆降",
    "雁鹰",
    "雅稚",
    "雨两",
    "雪雷",
    "雯零",
    "霖霏",
    "靖请",
    "静净",
    "韦书",
    "韩朝",
    "颖颍",
    "飞气",
    "骁晓",
    "骏俊",
    "魏巍",
    "鲁曾",
    "鹏鸣",
    "麒麟",
    "黎藜",
    "默墨",
    "齐斋",
    "龙尤",
];

/// How a character is read as a surname, or as a part of one, where it stands as one.
pub fn as_surname(letters: &[char], place: usize) -> Option<&'static str> {
    if place < 2
        && letters.len() > 2
        && let Some((_, read)) = DOUBLE_SURNAMES.iter().find(|(own, _)| letters.starts_with(own))
    {
        return read.get(place).copied();
    }
    let letter = letters.first().filter(|_| place == 0)?;
    SURNAMES.iter().find(|(own, _)| own == letter).map(|(_, sound)| *sound)
}

/// All sounds of a character, without tones.
pub fn plain_sounds(letter: char) -> impl Iterator<Item = &'static str> {
    letter.to_pinyin_multi().into_iter().flatten().map(|sound| sound.plain())
}

/// The sounds of a character at a place of a name, without tones: as a surname at the beginning, else all that it has.
pub fn sounds(letters: &[char], place: usize, mut take: impl FnMut(&'static str)) {
    let Some(&letter) = letters.get(place) else { return };
    match as_surname(letters, place) {
        Some(sound) => take(sound),
        None => plain_sounds(letter).for_each(take),
    }
}

/// Whether two characters at one place of two names can be read the same.
pub fn sound_alike(one: &[char], other: &[char], place: usize) -> bool {
    let mut is_alike = false;
    sounds(one, place, |sound| sounds(other, place, |own| is_alike |= own == sound));
    is_alike
}

/// Whether two characters look alike.
pub fn look_alike(one: char, other: char) -> bool {
    static GROUPS: OnceLock<HashMap<char, Vec<usize>>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| {
        let mut groups: HashMap<char, Vec<usize>> = HashMap::new();
        for (place, group) in LOOK_ALIKE.iter().enumerate() {
            group.chars().for_each(|letter| groups.entry(letter).or_default().push(place));
        }
        groups
    });
    match (groups.get(&one), groups.get(&other)) {
        (Some(own), Some(others)) => own.iter().any(|group| others.contains(group)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str, place: usize) -> bool {
        let letters = |name: &str| name.chars().collect::<Vec<char>>();
        sound_alike(&letters(one), &letters(other), place)
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        assert!(alike("仇小明", "邱小明", 0));
        assert!(!alike("仇小明", "愁小明", 0));
        assert!(alike("单怡", "善怡", 0));
        assert!(!alike("单怡", "丹怡", 0));
        assert!(alike("王单", "王丹", 1));
        assert!(alike("尉迟安", "玉迟安", 0));
        assert!(!alike("尉迟安", "卫迟安", 0));
    }

    #[test]
    fn given_names_sound_alike_whatever_the_tone() {
        assert!(alike("李佳怡", "李嘉怡", 1));
        assert!(alike("李伟", "李玮", 1));
        assert!(!alike("李伟", "李强", 1));
        assert!(alike("张行", "张航", 1), "one of its readings is enough");
    }

    #[test]
    fn a_group_of_look_alikes_has_no_character_twice() {
        for group in LOOK_ALIKE {
            let mut letters: Vec<char> = group.chars().collect();
            let all = letters.len();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), all, "{group}");
        }
        assert!(look_alike('已', '己') && look_alike('己', '巳') && !look_alike('伟', '强'));
    }
}
