//! The catalogue of findings: code, severity, clause, what is wrong and what to do. Codes are stable for ever.

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 必须整改: before the district can sign off.
    Error,
    /// 需要说明: to be mended or explained.
    Query,
    /// 供参考: for knowing.
    Info,
}

impl Severity {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Query => "query",
            Severity::Info => "info",
        }
    }

    /// The Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Severity::Error => "必须整改",
            Severity::Query => "需要说明",
            Severity::Info => "供参考",
        }
    }
}

/// An entry of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The clause; empty for what concerns a file only.
    pub clause: &'static str,
    /// What is wrong, in Chinese.
    pub wrong: &'static str,
    /// What to do, in Chinese.
    pub mend: &'static str,
}

const fn error(code: &'static str, clause: &'static str, wrong: &'static str, mend: &'static str) -> Entry {
    Entry { code, severity: Severity::Error, clause, wrong, mend }
}

const fn query(code: &'static str, clause: &'static str, wrong: &'static str, mend: &'static str) -> Entry {
    Entry { code, severity: Severity::Query, clause, wrong, mend }
}

const fn info(code: &'static str, clause: &'static str, wrong: &'static str, mend: &'static str) -> Entry {
    Entry { code, severity: Severity::Info, clause, wrong, mend }
}

/// The findings that the pipelines raise so far.
pub static CATALOGUE: &[Entry] = &[
    error("I0101", "", "文件打不开", "用 Excel 打开后另存为 .xlsx，或重新导出后再交"),
    query("I0102", "", "工作表有数据，但没有认得的表头", "按模板补齐表头；不是上报数据的工作表可删去"),
    error("I0103", "", "表缺少必需的列", "补上所缺的列后重交"),
    info("I0104", "", "不认得的列，未采用", "无需处理；如是上报内容，请改用规定的列名"),
    error("I0105", "", "两列是同一项内容", "只保留正确的一列"),
    query("I0106", "", "同一份文件交了两次，后一份未采用", "删去重复的文件"),
    error("I0201", "", "必填项为空", "补填"),
    error("I0202", "", "内容不能按规定的类型读出", "按示例的写法更正"),
    error("I0203", "", "内容不在代码表内", "改为代码表里的词"),
    error("I0204", "", "长号码被表格软件变成了数值，末位已不可靠", "把该列设为文本后重新填写原号码"),
    error("I0205", "", "全国学籍号格式不对", "核对后更正"),
    error("I0206", "", "居民身份证号的校验位、日期或地区不对", "核对证件后更正"),
    query("I0207", "", "性别或出生日期与居民身份证号不符", "核对证件后更正其中之一"),
    info("I0208", "", "已按原意修复的写法", "无需处理；建议在原表改正"),
    query("I0209", "", "上海市学籍号不合编码规则", "核对后更正"),
    query("I0210", "", "学校代码与文件所写的学校不同", "核对学生所在学校后更正；确是外校学生的，请由外校报送"),
    error("I0301", "", "整行重复，后一行未采用", "删去重复的行"),
    error("I0302", "", "同一事项有两行，内容互相矛盾", "核对后只保留正确的一行"),
    query("I0303", "", "缺少可能改变结论的数据", "补交所缺的数据"),
    error("R0101", "A9.1", "同一全国学籍号有两条在籍记录（重复学籍）", "两校核对，只保留一条"),
    error("R0301", "A24", "考试成绩对不上任何在籍学生", "核对考生的学籍号或证件号码"),
    query("R0302", "A24", "考试成绩是用较弱的线索对上的，或姓名与学籍不同", "核对是否同一学生，补上全国学籍号"),
    error("R0303", "A24", "考试成绩可能属于两名学生，未采用", "补上全国学籍号"),
    query("R0304", "A24", "毕业年级学生没有任何考试成绩", "向考试部门核对并补交"),
    error("R0305", "A3.2", "学生不在任何学籍名册中", "核对学籍号；漏报的补入名册"),
    query("R0501", "A45.3", "学籍名册的状态与最近的学籍异动不符", "核对后更正其中之一"),
    error("R0601", "A11.1", "同一天有两条互相矛盾的考勤", "核对后只保留正确的一条；目前以较轻的为准"),
    query("R0602", "A11.1", "考勤的学生不在学籍名册中，或考勤日不是上课日", "核对学籍号和日期；漏报的补入名册"),
    error("F0801", "A8.3", "在校上课而开学一个月后仍没有注册", "督促补办注册，或更正注册记录"),
    error("F0802", "A8.3", "注册晚于截止日", "说明逾期的原因"),
    error("F0803", "A8.4", "新生没有在开学后一个月内建立学籍", "补建学籍，说明原因"),
    query("F1101", "A11.2", "旷课而没有告知家长的记录", "告知家长并补记日期"),
    query("F1102", "A11.2", "经常迟到、早退", "了解情况，帮助改正"),
    error("F1103", "A11.1", "学校的考勤落后", "补报考勤；没有缺勤的也要报截止日期"),
    error("F3001", "A30", "一学期缺课满三个月而没有休学", "办理休学，或督促返校"),
    error("F3002", "A30.3", "毕业年级因其他原因休学", "核对原因；不符合的更正"),
    query("F3003", "A30", "休学不足三个月", "说明原因"),
    error("F3101", "A31.1", "休学没有区批准，或缺少原因所要求的证明", "补齐手续；未批准的不生效"),
    error("F3201", "A32.1", "休学累计超过规定年数", "督促复学，或按规定处理"),
    error("F3202", "A32.2", "休学期满后没有复学也没有延期", "督促复学，或补办延期"),
    query("F3203", "A32.2", "休学即将期满", "联系家长，复学或办理延期"),
    error("F3301", "A33.1", "因病休学后复学而没有证明", "补三级医疗机构证明"),
    error("F3401", "A34", "现在就应督促：没有督促，或督促不够", "立即督促返校并留下记录；督促之前不得中断或退学"),
    error("F3402", "A34.4", "学籍中断之前没有督促，或没有报区", "补报区；没有督促过的恢复学籍并督促"),
    query("F3403", "A34", "没有记录的上课日如果是缺课，就会达到期限", "补报这些天的考勤"),
    info("F3404", "A34", "曾达到期限，现已返校", "无需处理"),
    query("F2001", "A20.2", "初中学生学年总评不合格而没有补考记录", "组织补考并补交结果"),
    error("F2101", "A21.1", "跳级申请缺少学校同意、公示无异议或报区备案", "补齐手续；未办的按原年级升级"),
    error("F2102", "A21.2", "毕业年级申请跳级，或跳级跨学段", "撤回申请"),
    query("F2103", "A21.2", "跳级申请不在学年结束前的办理窗口内", "说明原因"),
    query("F2104", "A21.2", "已跳级而没有所跳年级学科的学业水平考试成绩", "安排补考并补交成绩"),
    query("F2201", "A22.1", "重读申请不在学年结束前的办理窗口内", "说明原因"),
    error("F2202", "A22.1", "重读申请缺少学校同意或报区", "补齐手续；未办的照常升级"),
    error("F2203", "A22.1", "义务教育阶段重读超过规定次数", "撤回申请"),
    error("F2204", "A22.1", "毕业年级申请重读", "撤回申请"),
    error("F2205", "A22.1", "义务教育阶段学生有留级记录", "更正记录"),
    error("F2206", "A22.3", "留级超过规定次数，或高三留级", "核对记录；确实如此的说明处理"),
    query("F2207", "A22.3", "留级告知晚于学年结束后的规定工作日", "说明原因"),
    error("F2301", "A23", "免修或免考没有手续齐备的申请支持", "补齐学校同意、报区备案和证明"),
    query("F2302", "A23.1", "因成绩优秀免修而没有该科目的考试成绩", "安排考试并补交成绩"),
    error("F2401", "A24.3.3", "社会实践豁免缺少申请、学校同意或备案", "补齐手续"),
    error("F2402", "A24.7", "学校补考之前没有应先参加的市级考试", "核对考试记录；该次学校补考未采用"),
    error("F2403", "A24.7", "同一科目学校补考多于一次", "核对考试记录；后一次未采用"),
    query("F2404", "A24.4", "符合学生运动员毕业条件而没有申请", "提醒学生申请，或说明"),
    error("F2405", "A24.6", "综合评价与在校期间的记录不符", "核对后更正评价"),
    query("F2601", "A26.1", "已满九个学年、满十八周岁，仍在义务教育阶段且没有申请", "核对入学年月，办理肄业申请或说明"),
    error("F4101", "A41.1", "义务教育阶段有留校察看或开除学籍处分", "更正处分"),
];

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.code == code)
}
