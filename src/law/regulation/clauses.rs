//! Every article, paragraph and item of the regulation: where it is computed and how faithfully, or why a person has to judge.

use serde::{Deserialize, Serialize};

/// The table as it is written, for a TOML parser to read as [`Clauses`].
pub const CLAUSES: &str = include_str!("clauses.toml");

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// The clauses, in the order of the regulation.
    #[serde(rename = "clause")]
    pub clauses: Vec<Clause>,
}

/// An article of one paragraph, a paragraph, or an item.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its id, such as `A13.1.2`.
    pub id: String,
    /// What it asks, in our own words, in Chinese.
    pub asks: String,
    /// The rules that compute it, by their clauses.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The codes of the findings that are raised for it.
    #[serde(default)]
    pub findings: Vec<String>,
    /// How faithfully it is computed.
    pub how: How,
    /// What data can't show, or who judges it, in Chinese.
    #[serde(default)]
    pub why: String,
}

impl Clause {
    /// The number of its article.
    pub fn article(&self) -> Option<u8> {
        self.id.strip_prefix('A')?.split('.').next()?.parse().ok()
    }
}

/// How faithfully a clause is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// With the data that it needs, what comes out is what the clause says.
    Exact,
    /// What the clause allows may be reported.
    Over,
    /// What the clause forbids may be missed.
    Under,
    /// No data can show it: a person has to judge.
    Person,
}

impl How {
    /// All of them.
    pub const ALL: &'static [How] = &[How::Exact, How::Over, How::Under, How::Person];

    /// The Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            How::Exact => "精确",
            How::Over => "可能多报",
            How::Under => "可能少报",
            How::Person => "由人判断",
        }
    }

    /// What the word means, in Chinese.
    pub fn means(self) -> &'static str {
        match self {
            How::Exact => "所要的数据报齐，得出的就是条文所说的",
            How::Over => "数据报齐，仍可能把条文允许的列为问题",
            How::Under => "数据报齐，条文不允许的仍可能看不出来",
            How::Person => "数据不能说明，要由人判断",
        }
    }
}

/// A chapter of the regulation.
#[derive(Debug)]
pub struct Chapter {
    /// Its number and title, in Chinese.
    pub title: &'static str,
    /// Its first and last article.
    pub articles: (u8, u8),
}

/// The chapters of the regulation.
pub static CHAPTERS: &[Chapter] = &[
    Chapter { title: "第一章 总则", articles: (1, 3) },
    Chapter { title: "第二章 学制、入学注册与考勤", articles: (4, 12) },
    Chapter { title: "第三章 转学", articles: (13, 19) },
    Chapter { title: "第四章 升级、跳级、重读与免修", articles: (20, 23) },
    Chapter { title: "第五章 毕业、结业与肄业", articles: (24, 29) },
    Chapter { title: "第六章 休学、复学、中断、续接、退学与恢复", articles: (30, 38) },
    Chapter { title: "第七章 学生评价、奖惩与档案管理", articles: (39, 44) },
    Chapter { title: "第八章 管理职责与信息安全", articles: (45, 47) },
    Chapter { title: "第九章 附则", articles: (48, 50) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_names_its_article() {
        let article = |id: &str| {
            let text = format!("id = \"{id}\"\nasks = \"\"\nhow = \"exact\"");
            toml::from_str::<Clause>(&text).expect("a clause").article()
        };
        assert_eq!(article("A24.3.2"), Some(24));
        assert_eq!(article("A5"), Some(5));
        assert_eq!(article("24"), None);
        // Whoever reads the page has to tell them apart.
        for own in How::ALL {
            let alike = How::ALL.iter().filter(|other| other.title() == own.title() || other.means() == own.means());
            assert_eq!(alike.count(), 1, "{own:?}");
        }
    }
}
